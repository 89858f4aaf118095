import { describe, expect, it } from 'vitest';
import { MAX_AIS } from '../../../../src/domain/model/limits.js';
import type { BudgetRequest, LeaseRef } from '../../../../src/domain/model/requests.js';
import type { UsageReport } from '../../../../src/domain/model/types.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const BEFORE = '2026-11-10T23:59:00Z';
const AFTER = '2026-11-11T00:00:30Z';
const [GRANTED, REPORTED] = ['2026-11-10', '2026-11-11'];
const OVER = '2026-11-11T00:05:00Z';
const LONG_OVER = '2026-11-11T06:00:00Z';

/** Calls by day: in all, failed, by AI and by model. */
function calls(budget: TestBudget): Record<string, string> {
  const days = [...budget.documents.values(), ...budget.snapshot().openDays];
  const counted = days.filter(({ calls: count }) => count !== undefined);
  return Object.fromEntries(
    counted.map(({ day, calls: count, failedCalls, aiCalls, modelCalls }) => [
      day,
      [`${count}/${failedCalls}`, ...[...(aiCalls ?? []), ...(modelCalls ?? [])].map(shown)].join(' '),
    ]),
  );
}

function shown([name, count]: [string, { calls: number; failedCalls: number }]): string {
  return `${name}:${count.calls}/${count.failedCalls}`;
}

/** Every day has left the state. */
function writtenOut(budget: TestBudget): TestBudget {
  budget.at('2026-11-12T12:00:00Z').do({ kind: 'sweep' });
  budget.writeOut();
  expect(budget.state.tables.days.size).toBe(0);
  return budget;
}

const onLease = (report: Partial<UsageReport>, tokens: number, lease: LeaseRef): BudgetRequest => ({
  kind: 'record',
  lease,
  usage: { ...usage('u', tokens), ...report },
});

/** A lease of 100 tokens that was granted on one day, and a report on the next. */
const REPORTS: readonly (readonly [
  what: string,
  tokens: number,
  report: Partial<UsageReport>,
  at: string,
  counted: Readonly<Record<string, string>>,
])[] = [
  ['within its reservation', 60, {}, AFTER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['of all of it', 100, {}, AFTER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['with an overrun: once, where it began', 150, {}, AFTER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['without tokens', 0, {}, AFTER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['that failed', 0, { failed: true }, AFTER, { [GRANTED]: '1/1 a:1/1 m:1/1' }],
  ['of several calls', 60, { calls: 12 }, AFTER, { [GRANTED]: '12/0 a:12/0 m:12/0' }],
  ['of several that failed', 60, { calls: 3, failed: true }, AFTER, { [GRANTED]: '3/3 a:3/3 m:3/3' }],
  ['of no call', 60, { calls: 0 }, AFTER, {}],
  ['of nothing', 0, { calls: 0, failed: true }, AFTER, {}],
  ['of no model', 1, { model: '' }, AFTER, { [GRANTED]: '1/0 a:1/0 (unspecified):1/0' }],
  ['late, out of what was presumed', 60, {}, OVER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['late, and more than that: once', 150, {}, OVER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['late, after the grace', 60, {}, LONG_OVER, { [GRANTED]: '1/0 a:1/0 m:1/0' }],
  ['late, without tokens', 0, { failed: true }, OVER, { [REPORTED]: '1/1 a:1/1 m:1/1' }],
];

describe('calls of a report', () => {
  it.each(REPORTS)('%s', (_, tokens, report, at, counted) => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    const lease = budget.grant('a', 100);
    budget.at(at).do(onLease(report, tokens, lease));
    expect(calls(budget)).toEqual(counted);
    // Whoever loads the state, or the documents, counts the same.
    expect(calls(budget.reload())).toEqual(counted);
    expect(calls(writtenOut(budget))).toEqual(counted);
  });

  it.each(REPORTS)('are not counted again by a repeat: %s', (_, tokens, report, at, counted) => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    const lease = budget.grant('a', 100);
    budget.at(at).do(onLease(report, tokens, lease));
    expect(budget.do(onLease(report, tokens, lease))).toMatchObject({ replayed: true });
    budget.writeOut().reload();
    expect(budget.do(onLease(report, tokens, lease))).toMatchObject({ replayed: true });
    expect(calls(budget)).toEqual(counted);
  });

  it('above a reservation that is used up count where its tokens do', () => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    const lease = budget.grant('a', 100);
    budget.record(lease, 100);
    budget.at(AFTER).record(lease, 50);
    expect(calls(budget)).toEqual({ [GRANTED]: '1/0 a:1/0 m:1/0', [REPORTED]: '1/0 a:1/0 m:1/0' });
  });

  it('without a lease open their day, and take no tokens', () => {
    const budget = new TestBudget(ROOMY).at(AFTER);
    budget.do({ kind: 'record-unleased', aiId: 'b', usage: usage('u', 0, 'n', { failed: true }) });
    expect(calls(budget)).toEqual({ [REPORTED]: '1/1 b:1/1 n:1/1' });
    expect(budget.window('MONTH').spent).toBe(0);
    expect(budget.snapshot().openDays[0]?.hours).toEqual([]);
    expect(budget.snapshot().dayTotals.size).toBe(0);
  });

  it('are under the names of their tokens', () => {
    const budget = new TestBudget({ ...ROOMY, monthlyLimit: 1e9 });
    const reports = Array.from({ length: MAX_AIS }, (_, at) => ({
      ...{ kind: 'record-unleased' as const, aiId: `ai-${at}`, usage: usage(`u${at}`, 1) },
    }));
    budget.together(...reports);
    budget.do({ kind: 'record-unleased', aiId: 'late', usage: usage('l1', 0) });
    budget.do({ kind: 'record-unleased', aiId: 'later', usage: usage('l2', 5, 'm', { failed: true }) });
    const [day] = budget.snapshot().openDays;
    expect(day?.aiCalls?.get('(other)')).toEqual({ calls: 2, failedCalls: 1 });
    expect([day?.aiCalls?.size, day?.ais.size]).toEqual([MAX_AIS + 1, MAX_AIS + 1]);
  });
});

describe('calls are none of', () => {
  const without: readonly (readonly [string, (budget: TestBudget, lease: LeaseRef) => void])[] = [
    ['a release', (budget, lease) => budget.release(lease)],
    ['an expiry', (budget) => budget.at(OVER).do({ kind: 'sweep' })],
    ['a revocation', (budget, lease) => budget.do({ kind: 'revoke', lease, reason: '' })],
    [
      'a release that leaves what it reserved presumed',
      (budget, lease) => budget.do({ kind: 'release', lease, unreported: 'PRESUME' }),
    ],
    [
      'an adjustment',
      (budget) =>
        budget.do({
          ...{ kind: 'adjust', adjustmentId: 'x', tokens: 5, reason: 'x', fingerprint: '' },
        }),
    ],
  ];
  it.each(without)('%s', (_, act) => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    act(budget, budget.grant('a', 100));
    expect(calls(budget)).toEqual({});
  });

  it('the tokens that an adjustment takes away', () => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    budget.record(budget.grant('a', 100), 60);
    budget.do({ kind: 'adjust', adjustmentId: 'x', tokens: -60, reason: 'x', fingerprint: '' });
    expect(budget.window('DAY').spent).toBe(0);
    expect(calls(budget)).toEqual({ [GRANTED]: '1/0 a:1/0 m:1/0' });
  });
});

describe('calls of a release', () => {
  it('are those of its report, once', () => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    const lease = budget.grant('a', 100);
    const report = { kind: 'release', lease, usage: usage('u', 10, 'm', { calls: 4 }) } as const;
    budget.do(report);
    expect(budget.do(report)).toMatchObject({ replayed: true });
    expect(calls(budget)).toEqual({ [GRANTED]: '4/0 a:4/0 m:4/0' });
  });

  it('are not counted where the report was booked before', () => {
    const budget = new TestBudget(ROOMY).at(BEFORE);
    const lease = budget.grant('a', 100);
    budget.record(lease, 10, 'u');
    budget.do({ kind: 'release', lease, usage: usage('u', 10) });
    expect(calls(budget)).toEqual({ [GRANTED]: '1/0 a:1/0 m:1/0' });
  });
});

it('calls come back into the state with their day, and go on', () => {
  const budget = new TestBudget(ROOMY).at(BEFORE);
  const lease = budget.grant('a', 100);
  budget.record(lease, 10, 'u1', 'n');
  writtenOut(budget).reload();
  budget.record(lease, 20);
  expect(budget.state.tables.days.has(GRANTED)).toBe(true);
  expect(calls(budget)).toEqual({ [GRANTED]: '2/0 a:2/0 n:1/0 m:1/0' });
});

it('a commit with a call carries no name more than one with its tokens', () => {
  const budget = new TestBudget(ROOMY).at(BEFORE);
  const lease = budget.grant('a', 100);
  budget.record(lease, 10);
  const carried: string[] = [];
  budget.onCommit = ({ puts }) => carried.push(...puts.map(({ section }) => section));
  budget.record(lease, 10);
  const tokens = [
    'dayAis',
    'dayModels',
    'dayPairs',
    'dayTotals',
    'days',
    'leases',
    'monthAis',
    'monthModels',
  ];
  expect(carried.sort()).toEqual([...tokens, 'outbox', 'writers']);
});
