import { describe, expect, it } from 'vitest';
import { TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An unused hour is not said. */
function past(budget: TestBudget): Record<string, unknown> {
  budget.snapshot();
  return Object.fromEntries(
    [...budget.state.tables.pastDays.entries()].sort().map(([day, { hours, ...rest }]) => [
      day.slice(5),
      {
        ...rest,
        ...(hours && {
          hours: Object.fromEntries([...hours.entries()].filter(([, tokens]) => tokens > 0)),
        }),
      },
    ]),
  );
}

let made = 0;

function spend(budget: TestBudget, tokens: number): void {
  made += 1;
  budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage(`spent-${made}`, tokens) });
}

function adjust(budget: TestBudget, tokens: number, day?: string): void {
  made += 1;
  const about = {
    adjustmentId: `adjusted-${made}`,
    reason: '',
    fingerprint: '',
    ...(day !== undefined && { day }),
  };
  expect(budget.do({ kind: 'adjust', tokens, ...about }).kind).toBe('adjusted');
}

/** So much on each day, the last of them today; each day is written out as it would be. */
function days(...totals: readonly number[]): TestBudget {
  const budget = new TestBudget({ pacing: 'EVEN', timeZone: 'Europe/Berlin' }, '2026-11-02T09:10:00Z');
  for (const [at, tokens] of totals.entries()) {
    if (at > 0) budget.pass(DAY_MS).writeOut();
    if (tokens > 0) spend(budget, tokens);
  }
  return budget;
}

describe('the past days', () => {
  it('are those that closed, by what the clock showed', () => {
    const budget = days(100, 200, 300);
    expect(past(budget)).toEqual({
      '11-02': { total: 100, refused: false, hours: { 10: 100 } },
      '11-03': { total: 200, refused: false, hours: { 10: 200 } },
    });
  });

  it('change with what is reported of them, and what is freed', () => {
    const budget = new TestBudget({ pacing: 'EVEN', lateReportGraceMs: DAY_MS }, '2026-11-02T23:59:00Z');
    const leases = ['a', 'b'].map((ai) => budget.grant(ai, 300));
    budget.pass(HOUR_MS);
    expect(past(budget)).toMatchObject({ '11-02': { total: 600 } });
    if (leases[0] !== undefined) budget.release(leases[0], 100);
    expect(past(budget)).toEqual({ '11-02': { total: 400, refused: false, hours: { 23: 400 } } });
    expect(past(budget.reload())).toEqual({ '11-02': { total: 400, refused: false, hours: { 23: 400 } } });
  });

  it.each<[string, (budget: TestBudget) => void, Record<string, unknown>]>([
    [
      'an adjustment enters no hour',
      (budget) => adjust(budget, 99, '2026-11-02'),
      { total: 199, hours: { 10: 100 } },
    ],
    [
      'nor does one that takes away',
      (budget) => adjust(budget, -33, '2026-11-02'),
      { total: 67, hours: { 10: 100 } },
    ],
    [
      'a day that is more than half adjusted has no hours',
      (budget) => adjust(budget, 101, '2026-11-02'),
      { total: 201 },
    ],
    ['even downwards', (budget) => adjust(budget, -34, '2026-11-02'), { total: 66 }],
  ])('%s', (_, correct, expected) => {
    const budget = days(100, 200, 300);
    correct(budget);
    expect(past(budget)['11-02']).toEqual({ refused: false, ...expected });
    // Its document says the same.
    budget.writeOut().pass(DAY_MS);
    expect(past(forgetting(budget))['11-02']).toEqual({ refused: false, ...expected });
  });

  it('are the last 28, and tell that a budget was in use before them', () => {
    const budget = days(100);
    budget.pass(28 * DAY_MS);
    expect(past(budget)).toMatchObject({ '11-02': { total: 100 } });
    budget.pass(DAY_MS);
    expect(past(budget)).toEqual({ '11-03': { total: 0, refused: false } });
    expect(budget.state.pace.experience.days.every((day) => day?.total === 0)).toBe(true);
  });

  it('before the first usage say nothing, between others that they were unused', () => {
    const budget = days(100, 0, 300, 1);
    past(budget);
    expect(budget.state.pace.experience.days.slice(0, 4).map((day) => day?.total)).toEqual([
      300,
      0,
      100,
      undefined,
    ]);
  });

  it.each([1, 40])('are learned from documents where the state has none, %i days later', (later) => {
    const budget = days(100, 0, 300, 7).writeOut();
    const expected = past(budget.fork().pass(later * DAY_MS));
    expect(past(forgetting(budget).pass(later * DAY_MS))).toEqual(expected);
  });

  it('are others after a clock that ran ahead was reset', () => {
    const budget = days(100, 200, 300, 400).writeOut();
    budget.now = Date.parse('2026-11-04T12:00:00Z');
    budget.do({ kind: 'reset-clock' });
    expect(past(budget)).toEqual({
      '11-02': { total: 100, refused: false, hours: { 10: 100 } },
      '11-03': { total: 200, refused: false, hours: { 10: 200 } },
    });
  });

  it('are none of a budget that begins again', () => {
    const budget = days(100, 200).writeOut();
    budget.do({ kind: 'delete-budget', force: true });
    budget.writeOut().do({ kind: 'put-policy', fields: {} });
    expect(past(budget.pass(DAY_MS))).toEqual({});
  });
});

/** As a version stored it that kept no past days. */
function forgetting(budget: TestBudget): TestBudget {
  const { head, sections } = budget.storedState();
  sections.pastDays.clear();
  Reflect.deleteProperty(head, 'learnedFor');
  return budget.reload();
}

describe('a day on which a paced cap refused', () => {
  const refusing = () => {
    const budget = new TestBudget(
      { pacing: 'EVEN', cooldownMs: 0, maxConcurrent: 9 },
      '2026-11-02T09:10:00Z',
    );
    budget.release(budget.grant('a', 300), 300);
    return budget;
  };

  it.each<[string, (budget: TestBudget) => unknown, boolean]>([
    ['is marked by the next commit', (budget) => budget.deny('b', 300), true],
    ['by caps that pacing did not lower it is not', (budget) => unpaced(budget).deny('b', 600), false],
    ['nor in mode OBSERVE', (budget) => observe(budget), false],
    [
      'nor by a look',
      (budget) => budget.do({ kind: 'get-availability', aiId: 'b', estimatedTokens: 600 }),
      false,
    ],
  ])('%s', (_, ask, marked) => {
    const budget = refusing();
    ask(budget);
    expect(budget.state.tables.days.get('2026-11-02')?.refused).toBe(false);
    spend(budget, 1);
    expect(budget.state.tables.days.get('2026-11-02')?.refused).toBe(marked);
  });

  it('is the one of the denial, also when the next commit falls on a later day', () => {
    const budget = refusing();
    budget.deny('b', 300);
    budget.pass(DAY_MS);
    spend(budget, 1);
    expect(past(budget)).toMatchObject({ '11-02': { refused: true } });
    expect(budget.state.tables.days.get('2026-11-03')?.refused).toBe(false);
    budget.writeOut().writeOut();
    expect(budget.documents.get('1 2026-11-02')?.refused).toBe(true);
    expect(past(forgetting(budget))).toMatchObject({ '11-02': { refused: true } });
  });

  it('is marked where a raise was refused', () => {
    const budget = refusing();
    const lease = budget.grant('b', 5);
    budget.do({ kind: 'renew', lease, reserveTokens: 600 });
    expect(budget.state.tables.days.get('2026-11-02')?.refused).toBe(true);
  });
});

function observe(budget: TestBudget): void {
  budget.do({ kind: 'put-policy', fields: { ...budget.state.policyFields, mode: 'OBSERVE' } });
  budget.grant('b', 300);
}

function unpaced(budget: TestBudget): TestBudget {
  budget.do({ kind: 'put-policy', fields: { ...budget.state.policyFields, pacing: 'NONE' } });
  return budget;
}
