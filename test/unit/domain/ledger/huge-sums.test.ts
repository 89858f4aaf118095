import { describe, expect, it } from 'vitest';
import { MAX_RESERVED } from '../../../../src/domain/model/limits.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const HUGE = 1e12;
const OVERFLOW = (field: string) => ({ kind: 'refused', refusal: { reason: 'AMOUNT_OVERFLOW', field } });

const observed = (policy = {}) =>
  new TestBudget({ ...ROOMY, monthlyLimit: HUGE, mode: 'OBSERVE', leaseTtlMs: 86_400_000, ...policy });

/** Reserves until no more is taken; says the last answer. */
function reserveAll(budget: TestBudget) {
  for (let at = 0; at < 10_000; at += 1) {
    const outcome = budget.acquire('greedy', { estimatedTokens: HUGE });
    if (outcome.kind !== 'granted') return outcome;
  }
  throw new Error('there is no end to it');
}

function adjust(budget: TestBudget, tokens: number, day?: string) {
  const adjustmentId = `x${budget.state.revision}`;
  return budget.do({
    ...{ kind: 'adjust', adjustmentId, tokens, reason: '', fingerprint: '' },
    ...(day === undefined ? {} : { day }),
  });
}

/** Every number that a state holds, but how bad an alert is, which is no amount. */
function numbersOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value instanceof Map) return [...value.values()].flatMap(numbersOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => (name === 'level' ? [] : numbersOf(one)));
}

function expectSafe(budget: TestBudget): void {
  const unsafe = numbersOf(budget.storedState()).filter((number) => !Number.isSafeInteger(number));
  // Windows of the ledger's head may be fractions of nothing: every number that is kept is whole.
  expect(unsafe).toEqual([]);
}

describe('a sum that would leave safe integers', () => {
  it('is refused to whoever reserves, not to others who report', () => {
    const budget = observed();
    expect(reserveAll(budget)).toEqual(OVERFLOW('estimated_tokens'));
    const report = { kind: 'record-unleased', aiId: 'modest', usage: usage('u', 10) } as const;
    expect(budget.do(report)).toMatchObject({ chargedTokens: 10 });
    expectSafe(budget);
  });

  it.each(['CHARGE', 'REFUND'] as const)('nor when all of it has expired, under %s', (onExpiry) => {
    const budget = observed({ onExpiry, maxReportTokens: HUGE });
    reserveAll(budget);
    budget.pass(3_600_000 * 24 - 1).reload();
    const lease = budget.grant('modest', 5);
    budget.pass(2);
    for (let sweep = 0; sweep < 60; sweep += 1) budget.do({ kind: 'sweep' });
    expect(budget.record(lease, 10)).toMatchObject({ chargedTokens: 10 });
    for (let at = 0; at < 1_000; at += 1) {
      const report = { kind: 'record-unleased', aiId: 'b', usage: usage(`u${at}`, HUGE) } as const;
      expect(budget.do(report)).toMatchObject({ chargedTokens: HUGE });
    }
    expectSafe(budget);
  });

  it('is refused to a raise, and the lease stays what it was', () => {
    const budget = observed();
    const lease = budget.grant('modest', 5);
    reserveAll(budget);
    const renewed = budget.do({ kind: 'renew', lease, reserveTokens: HUGE });
    expect(renewed).toEqual(OVERFLOW('reserve_tokens'));
    expect(budget.lease(lease)).toMatchObject({ status: 'LIVE', reservedTokens: 5 });
    expect(budget.do({ kind: 'renew', lease })).toMatchObject({ kind: 'renewed' });
  });

  it('is refused to a grant that follows what is spent already', () => {
    const budget = observed();
    adjust(budget, MAX_RESERVED - 10);
    expect(budget.acquire('a', { estimatedTokens: 11 })).toEqual(OVERFLOW('estimated_tokens'));
    expect(budget.acquire('a', { estimatedTokens: 10 })).toMatchObject({ kind: 'granted' });
  });

  it('is a denial where a rule holds: the caps are far below', () => {
    const budget = observed({ mode: 'ENFORCE' });
    adjust(budget, MAX_RESERVED);
    expect(budget.acquire('a', { estimatedTokens: 11 })).toMatchObject({ kind: 'denied' });
  });

  it.each([
    ['of a past month', '2026-10-05', '2026-10-20'],
    ['of this month', '2026-11-05', '2026-11-08'],
    ['of days that no document knows', '2025-02-01', '2025-02-28'],
  ])('is refused to an adjustment %s, though its day alone has room', (_, one, other) => {
    const budget = observed();
    expect(adjust(budget, Number.MAX_SAFE_INTEGER - 100, one)).toMatchObject({ kind: 'adjusted' });
    budget.pass(60_000).writeOut();
    expect(adjust(budget, 101, other)).toEqual(OVERFLOW('tokens'));
    expect(adjust(budget, 100, other)).toMatchObject({ kind: 'adjusted' });
    expectSafe(budget);
  });

  it('leaves its room to what was reserved in the month of a clock that ran ahead', () => {
    const budget = observed({ maxReportTokens: HUGE });
    adjust(budget, Number.MAX_SAFE_INTEGER - 100);
    budget.writeOut().at('2026-12-01T08:00:00Z');
    const leases = [budget.grant('a', HUGE), budget.grant('b', HUGE)] as const;
    budget.writeOut().at('2026-11-10T12:00:00Z').do({ kind: 'reset-clock' });
    expect(budget.record(leases[0], 100)).toMatchObject({ chargedTokens: 100 });
    const report = (tokens: number) =>
      budget.do({ kind: 'record-unleased', aiId: 'modest', usage: usage(`u${tokens}`, tokens) });
    expect(report(101)).toEqual(OVERFLOW('usage.tokens'));
    expect(report(100)).toMatchObject({ chargedTokens: 100 });
    // December keeps the room of what is reserved there.
    expect(adjust(budget, HUGE)).toEqual(OVERFLOW('tokens'));
    expectSafe(budget);
    budget.writeOut().at('2026-12-02T08:00:00Z').do({ kind: 'sweep' });
    expect(budget.state.tables.monthSpent).toBe(2 * HUGE);
    expectSafe(budget);
  });

  it('of late tokens alone is refused, too: they are not taken back with what is corrected', () => {
    const budget = observed({ onExpiry: 'REFUND', maxReportTokens: HUGE });
    const lease = budget.grant('a', 5, { leaseTtlMs: 1_000 });
    budget.pass(2_000);
    const totals = () => budget.state.todayTotals;
    for (let at = 0; at < 9_010; at += 1) {
      const outcome = budget.record(lease, HUGE);
      if (outcome.kind !== 'recorded') break;
      adjust(budget, -HUGE);
    }
    expect(Number.isSafeInteger(totals()?.late)).toBe(true);
    expectSafe(budget);
  });
});
