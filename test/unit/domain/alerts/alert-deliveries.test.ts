import { describe, expect, it } from 'vitest';
import { alertConditions } from '../../../../src/domain/alerts/alert-conditions.js';
import { HOLD_MS, TRY_FOR_MS } from '../../../../src/domain/alerts/alert-deliveries.js';
import { alertInput } from '../../../../src/domain/alerts/alert-input.js';
import { alertKey } from '../../../../src/domain/alerts/alerts.js';
import { toldOf } from '../../../../src/domain/alerts/notices.js';
import type { DeliveryResult } from '../../../../src/domain/model/requests.js';
import type { StoredAlert, StoredDelivery } from '../../../../src/domain/model/state.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const POLICY = { ...ROOMY, monthlyLimit: 1_000, warningPercent: 50 };
const COPY = 'test';
const AWAY_MS = 6 * 3_600_000;

function warned(sinks: readonly string[] = ['ops']): TestBudget {
  // A day after it began: then its forecast counts.
  const budget = new TestBudget(POLICY, '2026-11-09T09:10:00Z').at('2026-11-10T09:10:00Z');
  budget.sinks = sinks;
  budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u1', 600) });
  return budget;
}

function markOf(budget: TestBudget, rule = 'WARNING'): StoredAlert {
  const mark = [...budget.loaded().tables.alerts.values()].find((alert) => alert.rule === rule);
  if (mark === undefined) throw new Error(`no mark of ${rule}`);
  return mark;
}

const deliveriesOf = (budget: TestBudget, rule?: string): readonly StoredDelivery[] =>
  markOf(budget, rule).deliveries ?? [];

function settle(budget: TestBudget, change: Partial<DeliveryResult> = {}, copyId = COPY): void {
  const mark = markOf(budget);
  const { number, raisedAt } = toldOf(mark);
  const result: DeliveryResult = {
    ...{ key: alertKey(mark), number, raisedAt, epoch: 1, sink: 'ops', notice: 'RAISED' },
    ...change,
  };
  budget.do({ kind: 'record-deliveries', copyId, results: [result] });
}

function claim(
  budget: TestBudget,
  copyId: string,
  more: { sinks?: readonly string[]; alone?: boolean } = {},
) {
  const { sinks = ['ops'], alone = false } = more;
  budget.do({ kind: 'claim-deliveries', copyId, sinks, alone });
}

/** Its condition is away for so long that its notice ends. */
function recover(budget: TestBudget): void {
  budget.do({ kind: 'put-policy', fields: { ...POLICY, monthlyLimit: 100_000 } });
  budget.pass(AWAY_MS).do({ kind: 'sweep' });
}

function relapse(budget: TestBudget): void {
  budget.do({ kind: 'put-policy', fields: POLICY });
}

describe('deliveries of alerts', () => {
  it('are promised by the commit that raises the alert, held by the replica that made it', () => {
    const budget = warned(['ops', 'chat']);
    const { now } = budget;
    const pending = {
      ...{ notice: 'RAISED', status: 'PENDING', failures: 0 },
      ...{ since: now, nextAt: now, copyId: COPY, heldUntil: now + HOLD_MS },
    };
    expect(deliveriesOf(budget)).toEqual([
      { sink: 'ops', ...pending },
      { sink: 'chat', ...pending },
    ]);
  });

  it('are none where nobody is to be told, and none for the end of what nobody was told of', () => {
    const budget = warned([]);
    expect(markOf(budget).deliveries).toBeUndefined();
    budget.sinks = ['ops'];
    recover(budget);
    expect(markOf(budget)).toMatchObject({ endedAt: expect.any(Number) });
    expect(markOf(budget).deliveries).toBeUndefined();
  });

  it('of an event are one: it has no end', () => {
    const budget = new TestBudget(ROOMY);
    budget.sinks = ['ops'];
    const lease = budget.grant('a', 100);
    budget.record(lease, 150);
    const mark = markOf(budget, 'OVERRUN');
    const result = {
      key: alertKey(mark),
      ...{ number: 1, raisedAt: mark.raisedAt },
      epoch: 1,
      sink: 'ops',
      notice: 'RAISED',
    } as const;
    budget.do({ kind: 'record-deliveries', copyId: COPY, results: [result] });
    expect(deliveriesOf(budget, 'OVERRUN')).toEqual([
      { sink: 'ops', notice: 'RAISED', status: 'DELIVERED', failures: 0 },
    ]);
  });

  it('of an end follow that of the start, whichever comes first', () => {
    const told = warned();
    settle(told);
    recover(told);
    expect(deliveriesOf(told)).toMatchObject([{ notice: 'ENDED', status: 'PENDING' }]);

    const endedFirst = warned();
    recover(endedFirst);
    expect(deliveriesOf(endedFirst)).toMatchObject([{ notice: 'RAISED', status: 'PENDING' }]);
    endedFirst.pass(5_000);
    settle(endedFirst);
    expect(deliveriesOf(endedFirst)).toMatchObject([{ notice: 'ENDED', since: endedFirst.now }]);
    settle(endedFirst, { notice: 'ENDED' });
    expect(deliveriesOf(endedFirst)).toMatchObject([{ notice: 'ENDED', status: 'DELIVERED' }]);
  });

  it('begin anew with every notice, each told by its own number', () => {
    const budget = warned();
    settle(budget);
    recover(budget);
    settle(budget, { notice: 'ENDED' });
    relapse(budget);
    expect(markOf(budget).notice).toMatchObject({ number: 2 });
    expect(deliveriesOf(budget)).toMatchObject([{ notice: 'RAISED', status: 'PENDING', since: budget.now }]);
    settle(budget, { number: 1 });
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'PENDING' }]);
    settle(budget);
    recover(budget);
    expect(deliveriesOf(budget)).toMatchObject([{ notice: 'ENDED', status: 'PENDING' }]);
  });

  it('of an end that is not yet delivered give way to the next notice', () => {
    const budget = warned();
    settle(budget);
    recover(budget);
    relapse(budget);
    expect(deliveriesOf(budget)).toMatchObject([{ notice: 'RAISED', status: 'PENDING', heard: true }]);
  });

  it('of the end come to a sink that heard an earlier notice, though not the last one', () => {
    const budget = warned();
    settle(budget);
    recover(budget);
    relapse(budget);
    budget.pass(TRY_FOR_MS);
    settle(budget, { retryInMs: 1 });
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'GAVE_UP', heard: true }]);
    recover(budget);
    expect(deliveriesOf(budget)).toMatchObject([{ notice: 'ENDED', status: 'PENDING' }]);
  });

  it('of a notice that was heard as the next one came count as heard', () => {
    const budget = warned();
    const { raisedAt } = toldOf(markOf(budget));
    recover(budget);
    relapse(budget);
    settle(budget, { number: 1, raisedAt });
    expect(deliveriesOf(budget)).toMatchObject([{ notice: 'RAISED', status: 'PENDING', heard: true }]);
  });

  it('are as they were while the condition is away for less', () => {
    const budget = warned();
    settle(budget);
    const before = deliveriesOf(budget);
    budget.do({ kind: 'put-policy', fields: { ...POLICY, monthlyLimit: 100_000 } });
    expect(markOf(budget)).toMatchObject({ endedAt: budget.now });
    budget.pass(AWAY_MS - 1).do({ kind: 'sweep' });
    relapse(budget);
    expect(markOf(budget).endedAt).toBeUndefined();
    expect(deliveriesOf(budget)).toEqual(before);
  });

  it('that fail wait, and are held meanwhile', () => {
    const budget = warned().pass(100);
    settle(budget, { retryInMs: 4_000 });
    const nextAt = budget.now + 4_000;
    expect(deliveriesOf(budget)).toMatchObject([{ failures: 1, nextAt, heldUntil: nextAt + HOLD_MS }]);
  });

  it('are given up when a try fails after an hour, and then their end is not told either', () => {
    const budget = warned().pass(TRY_FOR_MS - 1);
    settle(budget, { retryInMs: 1 });
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'PENDING' }]);
    budget.pass(1);
    settle(budget, { retryInMs: 1 });
    expect(deliveriesOf(budget)).toEqual([{ sink: 'ops', notice: 'RAISED', status: 'GAVE_UP', failures: 2 }]);
    recover(budget);
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'GAVE_UP' }]);
  });

  it.each<[string, Partial<DeliveryResult>, string]>([
    ['of another budget of the same name', { epoch: 2 }, COPY],
    ['of another raising', { raisedAt: 1 }, COPY],
    ['of another sink', { sink: 'chat' }, COPY],
    ['of the end', { notice: 'ENDED' }, COPY],
    ['of a replica that no longer holds it, and failed', { retryInMs: 1 }, 'other'],
  ])('are not touched by a result %s', (_, change, copyId) => {
    const budget = warned();
    const before = deliveriesOf(budget);
    settle(budget, change, copyId);
    expect(deliveriesOf(budget)).toEqual(before);
  });

  it('were delivered, whoever says so', () => {
    const budget = warned();
    settle(budget, {}, 'other');
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'DELIVERED' }]);
  });

  it('are taken over when nobody holds them, or nobody else can be there', () => {
    const budget = warned().pass(HOLD_MS - 1);
    claim(budget, 'other');
    expect(deliveriesOf(budget)).toMatchObject([{ copyId: COPY }]);
    const alone = budget.fork();
    claim(alone, 'other', { alone: true });
    expect(deliveriesOf(alone)).toMatchObject([{ copyId: 'other', heldUntil: budget.now + HOLD_MS }]);
    budget.pass(1);
    claim(budget, 'other');
    expect(deliveriesOf(budget)).toMatchObject([{ copyId: 'other', heldUntil: budget.now + HOLD_MS }]);
  });

  it('are held anew by their own replica, late but not before', () => {
    const budget = warned().pass(HOLD_MS / 2);
    const { now } = budget;
    claim(budget, COPY);
    expect(deliveriesOf(budget)).toMatchObject([{ heldUntil: now + HOLD_MS / 2 }]);
    budget.pass(1);
    claim(budget, COPY);
    expect(deliveriesOf(budget)).toMatchObject([
      { heldUntil: budget.now + HOLD_MS, nextAt: now - HOLD_MS / 2 },
    ]);
  });

  it('are let go by a replica that stops', () => {
    const budget = warned();
    budget.do({ kind: 'record-deliveries', copyId: 'other', results: [], release: true });
    expect(deliveriesOf(budget)).toMatchObject([{ heldUntil: budget.now + HOLD_MS }]);
    budget.do({ kind: 'record-deliveries', copyId: COPY, results: [], release: true });
    const heldUntil = budget.now + 1_000;
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'PENDING', heldUntil }]);
    expect(budget.state.wakeAt).toBeLessThanOrEqual(heldUntil);
  });

  it('of a sink that the replica does not know are left, and given up after the hour', () => {
    const budget = warned().pass(HOLD_MS);
    claim(budget, 'other', { sinks: ['chat'] });
    expect(deliveriesOf(budget)).toMatchObject([{ copyId: COPY, status: 'PENDING' }]);
    budget.pass(TRY_FOR_MS);
    claim(budget, 'other', { sinks: ['chat'] });
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'GAVE_UP' }]);
  });

  it('wake somebody when their hold ends, and again while they are free', () => {
    const budget = warned();
    expect(budget.state.wakeAt).toBeLessThanOrEqual(budget.now + HOLD_MS);
    budget.writeOut().pass(HOLD_MS);
    budget.do({ kind: 'sweep' });
    const wakeAt = budget.state.wakeAt ?? 0;
    expect(wakeAt).toBeGreaterThan(budget.now);
    expect(wakeAt).toBeLessThanOrEqual(budget.now + 60_000);
  });

  it('are promised of what happened in the commit that resets the clock', () => {
    const budget = new TestBudget(POLICY);
    budget.sinks = ['ops'];
    const lease = budget.grant('a', 10);
    budget.at('2026-11-10T08:50:00Z');
    budget.together({ kind: 'record', lease, usage: usage('u1', 20) }, { kind: 'reset-clock' });
    expect(deliveriesOf(budget, 'OVERRUN')).toMatchObject([{ notice: 'RAISED', status: 'PENDING' }]);
  });

  it('do not have a commit that only plans when to look again show alerts of an earlier time', () => {
    const shown = (budget: TestBudget) =>
      [...budget.loaded().tables.alerts.values()].filter(({ endedAt }) => endedAt === undefined);
    let ends = 0;
    for (let monthlyLimit = 9_000; monthlyLimit <= 10_000; monthlyLimit += 50) {
      const budget = new TestBudget({ ...POLICY, monthlyLimit }, '2026-11-09T09:10:00Z');
      budget.sinks = ['ops'];
      budget.at('2026-11-10T09:01:00Z');
      budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u1', 600) });
      const before = shown(budget).length;
      budget.writeOut().at('2026-11-10T09:58:00Z').do({ kind: 'sweep' });
      const now = budget.loaded();
      expect(now.clock).toBe(before === 0 ? budget.now - 57 * 60_000 : budget.now);
      const holding = alertConditions(alertInput(now)).filter(({ holds }) => holds);
      expect(shown(budget).map(({ rule }) => rule)).toEqual(holding.map(({ rule }) => rule));
      if (shown(budget).length < before) ends += 1;
    }
    expect(ends).toBeGreaterThan(0);
  });

  describe('of a budget that is deleted', () => {
    const deleted = (budget: TestBudget) => budget.do({ kind: 'delete-budget', force: true });
    const ended = ({ events }: TestBudget) =>
      events.flatMap((event) =>
        event.kind === 'alert' && event.alert.endedAt !== undefined ? [event.alert.rule] : [],
      );
    /** As the dispatcher would, with the key under which the mark stands. */
    const heard = (budget: TestBudget, rule: string, notice: 'RAISED' | 'ENDED') => {
      for (const [key, mark] of budget.loaded().tables.alerts.entries()) {
        if (mark.rule !== rule) continue;
        const { number, raisedAt } = toldOf(mark);
        const epoch = mark.epoch ?? 2;
        const result: DeliveryResult = { key, number, raisedAt, epoch, sink: 'ops', notice };
        budget.do({ kind: 'record-deliveries', copyId: COPY, results: [result] });
      }
    };

    it('are told to have ended, by the commit that deletes it', () => {
      const budget = warned();
      settle(budget);
      deleted(budget);
      expect(ended(budget).sort()).toEqual(['EXHAUSTION_FORECAST', 'WARNING']);
      expect(markOf(budget)).toMatchObject({ endedAt: budget.now, epoch: 1 });
      expect(deliveriesOf(budget)).toMatchObject([{ sink: 'ops', notice: 'ENDED', status: 'PENDING' }]);
      expect(deliveriesOf(budget, 'EXHAUSTION_FORECAST')).toMatchObject([
        { notice: 'RAISED', status: 'PENDING' },
      ]);
      expect(budget.loaded().wakeAt).toBeDefined();
    });

    it('are forgotten when everybody has heard of both', () => {
      const budget = warned();
      settle(budget);
      deleted(budget);
      heard(budget, 'WARNING', 'ENDED');
      heard(budget, 'EXHAUSTION_FORECAST', 'RAISED');
      expect(deliveriesOf(budget, 'EXHAUSTION_FORECAST')).toMatchObject([
        { notice: 'ENDED', status: 'PENDING' },
      ]);
      heard(budget, 'EXHAUSTION_FORECAST', 'ENDED');
      budget.writeOut().do({ kind: 'sweep' });
      expect(budget.loaded().tables.alerts.size).toBe(0);
      expect(budget.loaded().wakeAt).toBeUndefined();
    });

    it('do not stand for those of the budget that is created after it', () => {
      const budget = warned();
      settle(budget);
      deleted(budget);
      budget.writeOut().do({ kind: 'put-policy', fields: POLICY });
      budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u2', 700) });
      const warnings = [...budget.loaded().tables.alerts.values()].filter(({ rule }) => rule === 'WARNING');
      expect(warnings.map(({ epoch, endedAt }) => [epoch, endedAt === undefined])).toEqual([
        [1, false],
        [undefined, true],
      ]);
      expect(budget.snapshot().alerts.filter(({ rule }) => rule === 'WARNING')).toHaveLength(1);
      heard(budget, 'WARNING', 'ENDED');
      expect([...budget.loaded().tables.alerts.values()].filter(({ epoch }) => epoch === 1)).toHaveLength(1);
    });

    it('that happened before anybody was to be told stay untold', () => {
      const budget = new TestBudget(POLICY);
      budget.record(budget.grant('a', 10), 20);
      budget.sinks = ['ops'];
      budget.pass(1_000);
      deleted(budget);
      expect(budget.loaded().tables.alerts.size).toBe(0);
    });
  });

  it('are tried once more after any downtime, and given up then, never forgotten', () => {
    const budget = warned();
    budget.at('2027-03-15T12:00:00Z').reload().do({ kind: 'sweep' });
    expect(markOf(budget).endedAt).toBe(budget.now);
    budget.pass(AWAY_MS).do({ kind: 'sweep' });
    expect(toldOf(markOf(budget)).endedAt).toBe(budget.now);
    budget
      .pass(73 * 3_600_000)
      .reload()
      .do({ kind: 'sweep' });
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'PENDING' }]);
    claim(budget, COPY, { alone: true });
    settle(budget, { retryInMs: 1_000 });
    expect(deliveriesOf(budget)).toMatchObject([{ status: 'GAVE_UP', failures: 1 }]);
    budget.do({ kind: 'sweep' });
    expect(budget.loaded().tables.alerts.has(`WARNING ${Date.parse('2026-11-01T00:00:00Z')}`)).toBe(false);
  });

  it('tell of the end after any downtime', () => {
    const budget = warned();
    budget.at('2027-03-15T12:00:00Z').reload().do({ kind: 'sweep' });
    budget.pass(AWAY_MS).do({ kind: 'sweep' });
    budget.pass(73 * 3_600_000).do({ kind: 'sweep' });
    settle(budget);
    expect(deliveriesOf(budget)).toMatchObject([{ notice: 'ENDED', status: 'PENDING' }]);
    settle(budget, { notice: 'ENDED' });
    budget.do({ kind: 'sweep' });
    expect(budget.loaded().tables.alerts.has(`WARNING ${Date.parse('2026-11-01T00:00:00Z')}`)).toBe(false);
  });
});
