import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../src/access/access.js';
import type { RoleGrant } from '../../src/access/access-settings.js';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import { AcquireSlotRequest } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { ServerReflectionClient } from '../../src/gen/grpc/reflection/v1/reflection.js';
import { accessFor, ai, settingsOf, viewer } from '../support/access.js';
import { SessionClient } from '../support/session-client.js';
import { failed, type Harness, startHarness } from './support/harness.js';

const TOKENS: Record<string, RoleGrant[]> = {
  robot: [ai('*', 'guardian', 'sandbox'), viewer('*')],
  other: [ai('*', 'guardian'), viewer('*')],
};

let access: Access;
let harness: Harness;
beforeEach(async () => {
  ({ access } = accessFor({ tokens: TOKENS }));
  harness = await startHarness({ access });
});
afterEach(() => harness.stop());

const withdraw = () => access.replace(settingsOf({ tokens: { other: TOKENS['other'] ?? [] } }));
const lower = (...roles: RoleGrant[]) => access.replace(settingsOf({ tokens: { ...TOKENS, robot: roles } }));

function metadataOf(token: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

async function opened(token: string, aiId = 'guardian'): Promise<SessionClient> {
  const session = new SessionClient(harness.budgets, { token });
  await session.open({ aiId });
  return session;
}

/** A watch, once it is open. */
async function watching(token: string): Promise<{ readonly ended: Promise<ServiceError> }> {
  const begun = new Promise<void>((resolve) => {
    harness.servicePort.onWatch = resolve;
  });
  const stream = harness.admin.watchBudget({ budgetId: 'anthropic' }, metadataOf(token));
  const ended = new Promise<ServiceError>((resolve) => void stream.on('error', resolve));
  await begun;
  return { ended };
}

const WITHDRAWN = {
  code: status.UNAUTHENTICATED,
  reason: 'UNAUTHENTICATED',
  message: expect.stringContaining('were withdrawn'),
};

describe('credentials that are withdrawn', () => {
  it('end the sessions that they opened, and no others', async () => {
    const [mine, others] = [await opened('robot'), await opened('other')];
    withdraw();
    expect(failed((await mine.ended) as ServiceError)).toMatchObject(WITHDRAWN);
    expect(harness.servicePort.sessions.map(({ closedWith }) => closedWith)).toEqual([
      ['anthropic'],
      undefined,
    ]);
    expect(await others.send({ $case: 'acquire', value: {} })).toMatchObject({ $case: 'acquired' });
  });

  it('end a watch, and no other', async () => {
    const mine = await watching('robot');
    await watching('other');
    withdraw();
    expect(failed(await mine.ended)).toMatchObject(WITHDRAWN);
    expect(harness.servicePort.watchers.size).toBe(1);
  });

  it('end questions of reflection', async () => {
    const stream = harness.budgets.makeBidiStreamRequest(
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      ServerReflectionClient.service.serverReflectionInfo.requestSerialize,
      (bytes: Buffer) => bytes,
      metadataOf('robot'),
    );
    const ended = new Promise<ServiceError>((resolve) => void stream.on('error', resolve));
    stream.write({ host: '', messageRequest: { $case: 'listServices', value: '' } });
    await new Promise((resolve) => stream.once('data', resolve));
    withdraw();
    expect(failed(await ended)).toMatchObject(WITHDRAWN);
  });

  it('end a call that waits, whose caller is gone for the arbiter', async () => {
    const seen = new Promise<boolean>((resolve) => {
      harness.servicePort.answer = (_request, caller) =>
        new Promise((_resolve, reject) =>
          caller.onGone(() => {
            resolve(caller.gone);
            reject(new ArbiterError('CANCELLED', 'the caller has gone'));
          }),
        );
    });
    const request = AcquireSlotRequest.fromPartial({
      ...{ budgetId: 'anthropic', aiId: 'guardian' },
      wait: { seconds: 900, nanos: 0 },
    });
    const ended = new Promise<ServiceError>((resolve) => {
      harness.budgets.acquireSlot(request, metadataOf('robot'), (error) => resolve(error as ServiceError));
    });
    await new Promise<void>((resolve) => {
      const look = () => (harness.servicePort.asked.length > 0 ? resolve() : setImmediate(look));
      look();
    });
    withdraw();
    expect(failed(await ended)).toMatchObject(WITHDRAWN);
    expect(await seen).toBe(true);
  });

  it('turn away the next call', async () => {
    withdraw();
    const error = await new Promise<ServiceError | null>((resolve) => {
      harness.admin.listBudgets({ pageSize: 0, pageToken: '' }, metadataOf('robot'), (each) => resolve(each));
    });
    expect(error?.code).toBe(status.UNAUTHENTICATED);
  });
});

describe('roles that are lowered', () => {
  it('count for the next call of an open session, which goes on', async () => {
    const session = await opened('robot');
    lower(ai('anthropic', 'guardian'));
    expect(await session.send({ $case: 'acquire', value: {} })).toMatchObject({ $case: 'acquired' });
    const elsewhere = await session.send({ $case: 'acquire', value: { budgetId: 'openai' } });
    expect(elsewhere).toMatchObject({ $case: 'failed', value: { code: status.PERMISSION_DENIED } });
  });

  it('end a session for an AI that it may not be any more', async () => {
    const session = await opened('robot');
    lower(ai('*', 'sandbox'));
    expect(await session.ended).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(harness.servicePort.sessions[0]?.closedWith).toEqual(['anthropic']);
  });

  it("end a gateway's session that had more AIs: what it may still do, it takes up again", async () => {
    const session = await opened('robot', '');
    lower(ai('*', 'guardian'));
    expect(await session.ended).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('open it again'),
    });
  });

  it('end nothing where they are raised', async () => {
    const session = await opened('robot', '');
    lower(ai('*', 'guardian', 'sandbox', 'lab'));
    expect(await session.send({ $case: 'acquire', value: { aiId: 'lab' } })).toMatchObject({
      $case: 'acquired',
    });
  });

  it('turn away a method that its principal could call before', async () => {
    const list = () =>
      new Promise<ServiceError | null>((resolve) => {
        harness.admin.listBudgets({ pageSize: 0, pageToken: '' }, metadataOf('robot'), (each) =>
          resolve(each),
        );
      });
    expect(await list()).toBeNull();
    lower(ai('*', 'guardian'));
    expect((await list())?.code).toBe(status.PERMISSION_DENIED);
  });
});
