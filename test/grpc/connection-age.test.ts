import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { SessionClient } from '../support/session-client.js';
import { failed, type Harness, startHarness } from './support/harness.js';
import { endOf, framed, RawClient } from './support/raw-client.js';

const AGE_S = 100;
const GRACE_S = 5;
const SESSION = BudgetServiceClient.service.session.path;
const ACQUIRE = BudgetServiceClient.service.acquireSlot.path;

let harness: Harness;
let scheduler: ManualScheduler;
const clients: RawClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  harness.stop();
});

async function start(limits = { ageSeconds: AGE_S, ageGraceSeconds: GRACE_S }): Promise<void> {
  scheduler = new ManualScheduler([]);
  harness = await startHarness({ gate: { limits, scheduler } });
}

async function connect(): Promise<RawClient> {
  const client = await RawClient.connect(harness.port);
  clients.push(client);
  // Until the server knows of it.
  await pinged(client);
  return client;
}

function pinged({ session }: RawClient): Promise<void> {
  return new Promise((resolve) => void session.ping(() => resolve()));
}

/** When each of some connections was asked to leave. */
async function leaves(count: number): Promise<number[]> {
  const all = await Promise.all(Array.from({ length: count }, connect));
  const at: number[] = [];
  for (const { session } of all) session.on('goaway', () => void at.push(scheduler.now / 1_000));
  for (let second = 0; second < 1.2 * AGE_S && at.length < count; second += 1) {
    await scheduler.advance(1_000);
    await Promise.all(all.filter(({ session }) => !session.closed).map(pinged));
  }
  return at;
}

describe('a connection that has reached its age', () => {
  it('is asked to leave, each at another moment, a tenth more or less', async () => {
    await start();
    const at = await leaves(30);
    expect(at).toHaveLength(30);
    expect(Math.min(...at)).toBeGreaterThanOrEqual(0.9 * AGE_S);
    expect(Math.max(...at)).toBeLessThanOrEqual(1.1 * AGE_S + 1);
    expect(new Set(at).size).toBeGreaterThan(5);
  });

  it('is closed once what was under way is answered', async () => {
    await start({ ageSeconds: AGE_S, ageGraceSeconds: AGE_S });
    let answer = (): void => {};
    harness.servicePort.answer = () =>
      new Promise((resolve) => {
        answer = () => resolve({ kind: 'refused', refusal: { reason: 'BUDGET_NOT_FOUND', budgetId: 'x' } });
      });
    const client = await connect();
    const stream = client.open(ACQUIRE);
    stream.end(framed(Buffer.from('0a09616e7468726f7069631208677561726469616e', 'hex')));
    await expect.poll(() => harness.servicePort.asked.length).toBe(1);
    const asked = once(client.session, 'goaway');
    await scheduler.advance(1.1 * AGE_S * 1_000 + 2_000);
    expect((await asked)[0]).toBe(0);
    const end = endOf(stream);
    const closed = once(client.session, 'close');
    answer();
    expect(await end).toMatchObject({ grpcStatus: status.NOT_FOUND });
    await closed;
  });

  it('breaks after the grace', async () => {
    await start();
    harness.servicePort.answer = () => new Promise(() => {});
    const client = await connect();
    client.open(ACQUIRE).end(framed(Buffer.from('0a09616e7468726f7069631208677561726469616e', 'hex')));
    await expect.poll(() => harness.servicePort.asked.length).toBe(1);
    const closed = once(client.session, 'close');
    await scheduler.advance((1.1 * AGE_S + GRACE_S + 3) * 1_000);
    await closed;
  });

  it('has its sessions ended when all that was asked is answered, which are opened again on another', async () => {
    await start();
    const session = new SessionClient(harness.budgets);
    await session.open();
    const waiting = new Promise<void>((resolve) => {
      harness.servicePort.answer = (_request, caller) =>
        new Promise((_resolve, reject) => {
          resolve();
          caller.onGone(() => reject(new Error('gone')));
        });
    });
    const wait = session.send({ $case: 'acquire', value: { wait: { seconds: 900, nanos: 0 } } });
    await waiting;
    await scheduler.advance(1.1 * AGE_S * 1_000 + 1_000);
    // Who waits asks again with the same id.
    expect(await wait).toMatchObject({ $case: 'failed', value: { code: status.CANCELLED } });
    expect(failed((await session.ended) as never)).toMatchObject({
      ...{ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' },
      message: expect.stringContaining('GRPC_MAX_CONNECTION_AGE'),
    });
    const [left] = harness.servicePort.sessions;
    expect([left?.leftWith, left?.closedWith]).toEqual([['anthropic'], undefined]);
    harness.servicePort.answer = undefined;
    const again = new SessionClient(harness.budgets);
    await again.open();
    expect(await again.send({ $case: 'acquire', value: {} })).toMatchObject({ $case: 'acquired' });
    again.stream.end();
  });

  it('has a stream ended that has not yet begun its session', async () => {
    await start();
    const client = await connect();
    const end = endOf(client.open(SESSION));
    await pinged(client);
    const asked = once(client.session, 'goaway');
    await scheduler.advance(1.1 * AGE_S * 1_000 + 1_000);
    await asked;
    expect((await end).grpcStatus).toBe(status.UNAVAILABLE);
  });

  it('goes on for as long as its client likes where none is set', async () => {
    await start({ ageSeconds: 0, ageGraceSeconds: GRACE_S });
    const client = await connect();
    await scheduler.advance(1_000 * AGE_S * 3);
    await pinged(client);
    expect(client.session.closed).toBe(false);
  });
});
