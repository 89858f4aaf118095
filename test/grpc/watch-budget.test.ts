import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BudgetEvent, WatchUpdate } from '../../src/arbiter/service-port.js';
import { Rule } from '../../src/gen/budgetarbiter/v1/budget.js';
import type { WatchBudgetResponse } from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { ALERT, budget, LEASE_ID, lease, NOON, snapshot } from '../support/samples.js';
import { failed, type Harness, startHarness } from './support/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.stop());

function update(events: readonly BudgetEvent[], changes: Partial<WatchUpdate> = {}): WatchUpdate {
  const quiet = {
    at: NOON,
    mergedEvents: 0,
    denials: new Map(),
    waiters: 3,
    snapshot: snapshot(),
    stale: false,
  };
  return { ...quiet, events, ...changes };
}

async function watch(afterRevision?: number) {
  const watching = new Promise<void>((resolve) => {
    harness.servicePort.onWatch = resolve;
  });
  const stream = harness.admin.watchBudget({ budgetId: 'anthropic', afterRevision });
  stream.on('error', () => {});
  await watching;
  return stream;
}

describe('WatchBudget', () => {
  it('tells events, denials and figures', async () => {
    const stream = await watch();
    const message = new Promise<WatchBudgetResponse>((resolve) => stream.once('data', resolve));
    harness.servicePort.tell(
      update(
        [
          { kind: 'granted', at: NOON, lease: lease() },
          { kind: 'overrun', at: NOON, lease: lease(), tokens: 5 },
          { kind: 'alert', at: NOON, alert: { ...ALERT, rule: 'OF_A_NEWER_COPY' }, change: 'RAISED' },
          { kind: 'changed', at: NOON, budget: budget() },
        ],
        { denials: new Map([['COOLDOWN', 4]]), mergedEvents: 2, stale: true },
      ),
    );
    const answer = await message;
    expect(answer).toMatchObject({
      observedAt: new Date(NOON),
      mergedEvents: 2,
      denials: [{ rule: Rule.RULE_COOLDOWN, count: 4 }],
      liveSlots: 1,
      waiters: 3,
      windows: [{ capTokens: 700 }],
      stale: true,
    });
    expect(answer.events.map(({ event }) => event?.$case)).toEqual(['granted', 'alert', 'changed']);
    expect(answer.events[0]?.event?.value).toMatchObject({ leaseId: LEASE_ID });
    const gone = new Promise<void>((resolve) => stream.once('error', () => resolve()));
    stream.cancel();
    await gone;
  });

  it.each([undefined, 0, 41, Number.MAX_SAFE_INTEGER])('goes on after revision %s', async (after) => {
    const stream = await watch(after);
    expect(harness.servicePort.watchedAfter).toBe(after);
    const messages: WatchBudgetResponse[] = [];
    stream.on('data', (message: WatchBudgetResponse) => messages.push(message));
    harness.servicePort.tell(update([], { snapshot: snapshot({ revision: 42 }), missed: true }));
    await expect.poll(() => messages).toHaveLength(1);
    harness.servicePort.tell(update([], { snapshot: snapshot({ revision: 43 }) }));
    await expect.poll(() => messages).toHaveLength(2);
    harness.servicePort.tell(update([], { snapshot: undefined, stale: true }));
    await expect.poll(() => messages).toHaveLength(3);
    expect(messages).toMatchObject([
      { revision: 42, missed: true },
      { revision: 43, missed: false },
      { revision: 0, missed: false, stale: true },
    ]);
    stream.cancel();
  });

  it('takes no revision below 0', async () => {
    const stream = harness.admin.watchBudget({ budgetId: 'anthropic', afterRevision: -1 });
    const failure = new Promise((resolve) => stream.on('error', (error) => resolve(failed(error as never))));
    expect(await failure).toMatchObject({
      code: status.INVALID_ARGUMENT,
      violations: [{ field: 'after_revision', description: expect.stringMatching(/^must be 0 to /) }],
    });
  });

  it('leaves the service port when the watcher goes', async () => {
    const before = harness.servicePort.watchers.size;
    const stream = await watch();
    const [listener] = [...harness.servicePort.watchers].slice(-1);
    expect(harness.servicePort.watchers.size).toBeGreaterThanOrEqual(before);
    stream.cancel();
    await expect.poll(() => harness.servicePort.watchers.has(listener as never)).toBe(false);
  });

  it('merges for a watcher that does not read, and loses no count', async () => {
    const stream = await watch();
    stream.pause();
    const events: BudgetEvent[] = Array.from({ length: 400 }, () => ({
      kind: 'granted',
      at: NOON,
      lease: lease(),
    }));
    const rounds = 60;
    for (let round = 0; round < rounds; round++) {
      harness.servicePort.tell(update(events, { denials: new Map([['PAUSED', 1]]) }));
      await new Promise(setImmediate);
    }
    const totals = { messages: 0, told: 0, merged: 0, denials: 0 };
    const everything = new Promise<void>((resolve) => {
      stream.on('data', (message: WatchBudgetResponse) => {
        totals.messages += 1;
        totals.told += message.events.length;
        totals.merged += message.mergedEvents;
        totals.denials += message.denials[0]?.count ?? 0;
        expect(message.events.length).toBeLessThanOrEqual(1_000);
        if (totals.denials === rounds) resolve();
      });
    });
    stream.resume();
    await everything;
    expect(totals.told + totals.merged).toBe(rounds * 400);
    expect(totals.messages).toBeLessThan(rounds);
    stream.cancel();
  });

  it('ends with NOT_FOUND when its budget is deleted, after the last that happened to it', async () => {
    const stream = await watch();
    const messages: WatchBudgetResponse[] = [];
    stream.on('data', (message: WatchBudgetResponse) => messages.push(message));
    const ended = new Promise((resolve) => stream.on('error', (error) => resolve(failed(error as never))));
    const [listener] = [...harness.servicePort.watchers].slice(-1);
    const events: BudgetEvent[] = [{ kind: 'revoked', at: NOON, lease: lease({ status: 'REVOKED' }) }];
    harness.servicePort.tell(update(events, { snapshot: undefined, gone: true }));
    expect(await ended).toMatchObject({ code: status.NOT_FOUND, reason: 'BUDGET_NOT_FOUND' });
    expect(messages).toMatchObject([
      { events: [{ event: { $case: 'revoked' } }], stale: false, liveSlots: 0 },
    ]);
    expect(harness.servicePort.watchers.has(listener as never)).toBe(false);
  });

  it('says why it cannot begin', async () => {
    const failure = (budgetId: string) =>
      new Promise((resolve) => {
        harness.admin.watchBudget({ budgetId }).on('error', (error) => resolve(failed(error as never)));
      });
    expect(await failure('crowded')).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: 'QUEUE_FULL' });
    expect(await failure('')).toMatchObject({ code: status.INVALID_ARGUMENT, reason: 'INVALID_FIELD' });
  });
});
