import { credentials, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeName } from '../../src/api/failures/status.js';
import type { RpcObserver } from '../../src/api/observers.js';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import { BudgetAdminServiceService } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceClient, BudgetServiceService } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { LEASE_ID } from '../support/samples.js';
import { SessionClient } from '../support/session-client.js';
import { ask, askBytes, type Harness, startHarness } from './support/harness.js';

const ended: [path: string, code: string][] = [];
const underWay = new Map<string, number>();
let told: () => void = () => {};

let refusals = 0;

const observer: RpcObserver = {
  refused: () => {
    refusals += 1;
  },
  method: (path) => ({
    begin() {
      underWay.set(path, (underWay.get(path) ?? 0) + 1);
      return 0;
    },
    end(_begunAt, code) {
      underWay.set(path, (underWay.get(path) ?? 0) - 1);
      ended.push([path, codeName(code)]);
      told();
    },
  }),
};

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ observer });
});
afterAll(() => harness.stop());

const AVAILABILITY = BudgetServiceService.getAvailability;
const WATCH = BudgetAdminServiceService.watchBudget.path;

it('tells of every call how it ended, of one that does not decode, too', async () => {
  await ask(harness, AVAILABILITY, { budgetId: 'anthropic', aiId: 'a', estimatedTokens: undefined });
  await ask(harness, AVAILABILITY, { budgetId: '', aiId: 'a', estimatedTokens: undefined });
  await askBytes(harness, AVAILABILITY.path, Buffer.from([0xff]));
  expect(ended.splice(0)).toEqual([
    [AVAILABILITY.path, 'OK'],
    [AVAILABILITY.path, 'INVALID_ARGUMENT'],
    [AVAILABILITY.path, 'INVALID_ARGUMENT'],
  ]);
  expect(underWay.get(AVAILABILITY.path)).toBe(0);
});

it('tells of a stream that its client left', async () => {
  const watching = new Promise<void>((resolve) => {
    harness.servicePort.onWatch = resolve;
  });
  const stream = harness.admin.watchBudget({ budgetId: 'anthropic' });
  stream.on('error', ({ code }: { code: number }) => expect(code).toBe(status.CANCELLED));
  await watching;
  expect(underWay.get(WATCH)).toBe(1);
  const end = new Promise<void>((resolve) => {
    told = resolve;
  });
  stream.cancel();
  await end;
  expect(ended.splice(0)).toEqual([[WATCH, 'CANCELLED']]);
  expect(underWay.get(WATCH)).toBe(0);
});

const ACQUIRE = BudgetServiceService.acquireSlot.path;
const SESSION = BudgetServiceService.session.path;

describe('a session', () => {
  async function opened(): Promise<SessionClient> {
    const session = new SessionClient(harness.budgets);
    await session.open();
    expect(underWay.get(SESSION)).toBe(1);
    return session;
  }

  it('has its calls told as those on their own, and its stream', async () => {
    const session = await opened();
    harness.servicePort.answer = () => Promise.reject(new ArbiterError('STORE_UNAVAILABLE', 'no store'));
    const value = { leaseId: LEASE_ID, usage: undefined };
    await session.send({ $case: 'release', value });
    await session.send({ $case: 'renew', value: { leaseId: '' } });
    await session.send({ $case: 'acquire', value: { aiId: 'somebody-else' } });
    session.stream.end();
    await session.ended;
    expect(ended.splice(0)).toEqual([
      [BudgetServiceService.release.path, 'UNAVAILABLE'],
      [BudgetServiceService.renewSlot.path, 'INVALID_ARGUMENT'],
      [ACQUIRE, 'INVALID_ARGUMENT'],
      [SESSION, 'OK'],
    ]);
    expect(underWay.get(SESSION)).toBe(0);
    expect(underWay.get(ACQUIRE)).toBe(0);
  });

  it('is told as cancelled when its connection is cut, not as one that had no more to say', async () => {
    harness.servicePort.answer = undefined;
    const proxy = await FaultyProxy.start('127.0.0.1', harness.port);
    const client = new BudgetServiceClient(`127.0.0.1:${proxy.port}`, credentials.createInsecure());
    const session = new SessionClient(client);
    try {
      await session.open();
      await proxy.stop();
      await expect.poll(() => ended).toEqual([[SESSION, 'CANCELLED']]);
    } finally {
      ended.splice(0);
      client.close();
    }
  });

  it('has a call told that was granted', async () => {
    harness.servicePort.answer = undefined;
    const session = await opened();
    await session.acquire({});
    expect(ended.splice(0)).toEqual([[ACQUIRE, 'OK']]);
    const held = new Promise<void>((resolve) => {
      harness.servicePort.answer = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    void session.send({ $case: 'acquire', value: {} });
    await held;
    session.stream.cancel();
    await expect.poll(() => ended).toEqual([[SESSION, 'CANCELLED']]);
    ended.splice(0);
  });
});

it('tells of a call that was refused at the gate', async () => {
  const full = await startHarness({ observer, gate: { limits: { calls: 1 } } });
  let release: () => void = () => {};
  const arrived = new Promise<void>((resolve) => {
    full.servicePort.answer = () =>
      new Promise((_, reject) => {
        release = () => reject(new Error('of no interest'));
        resolve();
      });
  });
  const request = { budgetId: 'anthropic', aiId: 'a', estimatedTokens: undefined };
  const busy = ask(full, AVAILABILITY, request);
  await arrived;
  expect((await ask(full, AVAILABILITY, request)).error?.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(refusals).toBe(1);
  release();
  await busy;
  full.stop();
  expect(ended.splice(0)).toEqual([[AVAILABILITY.path, 'INTERNAL']]);
});
