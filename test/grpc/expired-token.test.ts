import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcquireSlotRequest } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { ServerReflectionClient } from '../../src/gen/grpc/reflection/v1/reflection.js';
import { accessFor, ai, viewer } from '../support/access.js';
import { signed, signingKey } from '../support/fake-issuer.js';
import { ManualClock } from '../support/manual-clock.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { SessionClient } from '../support/session-client.js';
import { type Harness, startHarness } from './support/harness.js';

const ISSUER = 'https://issuer.example.org';
const SECONDS = 600;

/** What passes on one scheduler, with the clock that goes along, is all the time that there is. */
class Time extends ManualClock {
  wall(): number {
    return this.read().now;
  }
}

let folder: string;
let scheduler: ManualScheduler;
let time: Time;
let token: string;
let harness: Harness;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'expired-token-'));
  time = new Time();
  scheduler = new ManualScheduler([time]);
  const key = await signingKey('key');
  const jwksFile = join(folder, 'keys.json');
  writeFileSync(jwksFile, JSON.stringify({ keys: [key.publicJwk] }));
  const roles = [ai('*', 'guardian'), viewer('*')];
  const principals = [{ name: 'guardian', value: 'alice', roles }];
  const settings = { issuer: ISSUER, jwksFile, audience: 'budget', claim: 'sub', principals };
  const { access } = accessFor({ more: { jwt: [settings] }, time, scheduler });
  const exp = time.wall() / 1_000 + SECONDS;
  token = await signed(key, { iss: ISSUER, aud: 'budget', sub: 'alice', exp });
  harness = await startHarness({ access, scheduler });
});
afterEach(() => {
  harness.stop();
  rmSync(folder, { recursive: true });
});

describe('a token that runs out', () => {
  it('ends the session that it opened, whose leases are then in their grace', async () => {
    const session = new SessionClient(harness.budgets, { token });
    await session.open();
    await scheduler.advance(SECONDS * 1_000 - 1);
    expect(await session.send({ $case: 'acquire', value: {} })).toMatchObject({ $case: 'acquired' });
    await scheduler.advance(1);
    expect(await session.ended).toMatchObject({
      code: status.UNAUTHENTICATED,
      details: expect.stringContaining('has expired: open it again with a new one'),
    });
    expect(harness.servicePort.sessions[0]?.closedWith).toEqual(['anthropic']);
  });

  it('ends a watch', async () => {
    const watching = new Promise<void>((resolve) => {
      harness.servicePort.onWatch = resolve;
    });
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = harness.admin.watchBudget({ budgetId: 'anthropic' }, metadata);
    const ended = new Promise<ServiceError>((resolve) => void stream.on('error', resolve));
    await watching;
    await scheduler.advance(SECONDS * 1_000);
    expect((await ended).code).toBe(status.UNAUTHENTICATED);
  });

  it('ends questions of reflection', async () => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const stream = harness.budgets.makeBidiStreamRequest(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      ServerReflectionClient.service.serverReflectionInfo.requestSerialize,
      (bytes: Buffer) => bytes,
      metadata,
    );
    const ended = new Promise<ServiceError>((resolve) => void stream.on('error', resolve));
    stream.write({ host: '', messageRequest: { $case: 'listServices', value: '' } });
    await new Promise((resolve) => stream.once('data', resolve));
    await scheduler.advance(SECONDS * 1_000);
    expect((await ended).code).toBe(status.UNAUTHENTICATED);
  });

  it('ends the waiting of a call that it began', async () => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    const request = { ...{ budgetId: 'anthropic', aiId: 'guardian' }, wait: { seconds: 900, nanos: 0 } };
    const acquire = (message: AcquireSlotRequest) =>
      new Promise((resolve) => harness.budgets.acquireSlot(message, metadata, resolve));
    expect(await acquire(AcquireSlotRequest.fromPartial(request))).toBeNull();
    expect(harness.servicePort.last.waitMs).toBe(SECONDS * 1_000);
    expect(
      await acquire(AcquireSlotRequest.fromPartial({ ...request, wait: { seconds: 9, nanos: 0 } })),
    ).toBeNull();
    expect(harness.servicePort.last.waitMs).toBe(9_000);
  });

  it('leaves nothing behind when the stream ends before it', async () => {
    const session = new SessionClient(harness.budgets, { token });
    await session.open();
    session.stream.end();
    expect(await session.ended).toBeUndefined();
    await scheduler.advance(SECONDS * 1_000);
    expect(harness.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
