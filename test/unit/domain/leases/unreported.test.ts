import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import type { Unreported } from '../../../../src/domain/model/types.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const MINUTE = 60_000;
const GRACE = 30 * MINUTE;
const REUSED = { kind: 'refused', refusal: { reason: 'ID_REUSED', field: 'lease_id' } };

function giveBack(budget: TestBudget, lease: LeaseRef, unreported?: Unreported, tokens?: number) {
  const report = tokens === undefined ? {} : { usage: usage(`with-${tokens}`, tokens) };
  return budget.do({ kind: 'release', lease, ...report, ...(unreported && { unreported }) });
}

const spent = (budget: TestBudget) => {
  const { spent, reserved } = budget.window('DAY');
  return [spent, reserved];
};

describe('a release that says PRESUME', () => {
  describe.each(['CHARGE', 'REFUND'] as const)('whatever on_expiry says: %s', (onExpiry) => {
    const begin = () => {
      const budget = new TestBudget({ ...ROOMY, onExpiry, lateReportGraceMs: GRACE });
      return { budget, lease: budget.grant('a', 1_000) };
    };

    it('leaves what was not reported presumed, and frees the slot', () => {
      const { budget, lease } = begin();
      expect(giveBack(budget, lease, 'PRESUME', 300)).toMatchObject({ usedTokens: 300, freedTokens: 0 });
      expect(spent(budget)).toEqual([1_000, 0]);
      expect(budget.lease(lease)).toMatchObject({ status: 'RELEASED', usedTokens: 300, presumedTokens: 700 });
      expect(budget.state.slots.live).toBe(0);
      expect(budget.state.tables.alerts.size).toBe(0);
    });

    it('is corrected by a late report, and settled by a later release within the grace', () => {
      const { budget, lease } = begin();
      giveBack(budget, lease, 'PRESUME');
      expect(budget.record(lease, 400)).toMatchObject({ chargedTokens: 400, late: true });
      expect(spent(budget)).toEqual([1_000, 0]);
      budget
        .pass(GRACE - 1)
        .writeOut()
        .reload();
      expect(giveBack(budget, lease)).toMatchObject({ usedTokens: 400, freedTokens: 600, replayed: false });
      expect(spent(budget)).toEqual([400, 0]);
    });

    it('stays presumed when nobody settles it', () => {
      const { budget, lease } = begin();
      giveBack(budget, lease, 'PRESUME');
      budget.pass(GRACE).writeOut().reload();
      expect(giveBack(budget, lease)).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
      expect(spent(budget)).toEqual([1_000, 0]);
    });

    it('is replayed, before and after it was settled', () => {
      const { budget, lease } = begin();
      const first = giveBack(budget, lease, 'PRESUME', 300);
      for (const settle of [false, true]) {
        if (settle) expect(giveBack(budget, lease)).toMatchObject({ freedTokens: 700 });
        budget.writeOut().reload();
        expect(giveBack(budget, lease, 'PRESUME', 300)).toEqual({
          ...first,
          booked: undefined,
          replayed: true,
        });
        expect(giveBack(budget, lease, 'PRESUME', 301)).toMatchObject(REUSED);
      }
      expect(giveBack(budget, lease)).toMatchObject({ freedTokens: 700, replayed: true });
      expect(spent(budget)).toEqual([300, 0]);
    });
  });

  it('of an expired lease changes nothing, and leaves it to a later release', () => {
    const budget = new TestBudget({ ...ROOMY, lateReportGraceMs: GRACE, leaseTtlMs: MINUTE });
    const lease = budget.grant('a', 1_000);
    budget.pass(2 * MINUTE);
    expect(giveBack(budget, lease, 'PRESUME', 100)).toMatchObject({ usedTokens: 100, freedTokens: 0 });
    expect(spent(budget)).toEqual([1_000, 0]);
    expect(giveBack(budget, lease)).toMatchObject({ usedTokens: 100, freedTokens: 900 });
  });

  it('is other content than a release without it', () => {
    const budget = new TestBudget(ROOMY);
    const lease = budget.grant('a', 1_000);
    giveBack(budget, lease);
    expect(giveBack(budget, lease, 'PRESUME')).toMatchObject(REUSED);
    expect(giveBack(budget, lease)).toMatchObject({ replayed: true });
  });
});

describe('a release that says UNUSED', () => {
  const COOLDOWN = 5 * MINUTE;
  const begin = () => new TestBudget({ ...ROOMY, cooldownMs: COOLDOWN });
  const waits = (budget: TestBudget, ai = 'a') => {
    const outcome = budget.fork().acquire(ai);
    if (outcome.kind === 'granted') return 0;
    if (outcome.kind !== 'denied') throw new Error(JSON.stringify(outcome));
    return (outcome.denial.availableAt ?? 0) - budget.now;
  };

  it('frees everything, and the cooldown runs from the grant before', () => {
    const budget = begin();
    const first = budget.grant('a', 10);
    budget.release(first, 10);
    budget.pass(COOLDOWN);
    const lease = budget.grant('a', 1_000, { requestId: 'second' });
    expect(giveBack(budget, lease, 'UNUSED')).toMatchObject({ usedTokens: 0, freedTokens: 1_000 });
    expect(spent(budget)).toEqual([10, 0]);
    expect(waits(budget)).toBe(0);
    expect(giveBack(budget, lease, 'UNUSED')).toMatchObject({ freedTokens: 1_000, replayed: true });
    // The request was answered, and stays so.
    const again = budget.acquire('a', { requestId: 'second', estimatedTokens: 1_000 });
    expect(again).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
  });

  it('counts the call that failed before it reached the model', () => {
    const budget = begin();
    const lease = budget.grant('a', 1_000);
    const failed = { ...usage('never-reached', 0), failed: true };
    const answer = budget.do({ kind: 'release', lease, usage: failed, unreported: 'UNUSED' });
    expect(answer).toMatchObject({ usedTokens: 0, freedTokens: 1_000 });
    expect(budget.state.todayTotals).toMatchObject({ total: 0, calls: 1, failedCalls: 1 });
    expect(waits(budget)).toBe(0);
  });

  it('of the first grant ever leaves no cooldown', () => {
    const budget = begin();
    giveBack(budget, budget.grant('a'), 'UNUSED');
    budget.writeOut().reload();
    expect(waits(budget)).toBe(0);
  });

  const second = (budget: TestBudget) => budget.grant('a', 10);
  it.each<[string, (budget: TestBudget, lease: LeaseRef) => void]>([
    ['was kept for 30 s', (budget) => budget.pass(30_000)],
    ['was renewed', (budget, lease) => budget.pass(1_000).do({ kind: 'renew', lease })],
  ])('keeps the cooldown of a lease that %s', (_, happens) => {
    const budget = begin();
    const lease = second(budget);
    const grantedAt = budget.now;
    happens(budget, lease);
    expect(giveBack(budget, lease, 'UNUSED')).toMatchObject({ kind: 'released' });
    expect(waits(budget)).toBe(grantedAt + COOLDOWN - budget.now);
  });

  it('gives the cooldown back once in a cooldown', () => {
    const budget = begin();
    giveBack(budget, second(budget), 'UNUSED');
    budget.pass(1_000);
    giveBack(budget, second(budget), 'UNUSED');
    expect(waits(budget)).toBe(COOLDOWN);
    budget.pass(COOLDOWN).writeOut().reload();
    giveBack(budget, second(budget), 'UNUSED');
    expect(waits(budget)).toBe(0);
  });

  it('keeps the cooldown within one of another that kept its own', () => {
    const budget = begin();
    const renewed = second(budget);
    budget.pass(1_000).do({ kind: 'renew', lease: renewed });
    giveBack(budget.pass(COOLDOWN - 2_000), renewed, 'UNUSED');
    giveBack(budget.pass(1_000), second(budget), 'UNUSED');
    expect(waits(budget)).toBe(COOLDOWN);
  });

  it('is taken at its word no longer when a late report says otherwise', () => {
    const budget = begin();
    const lease = second(budget);
    giveBack(budget, lease, 'UNUSED');
    budget.pass(10_000).writeOut().reload();
    expect(budget.record(lease, 7)).toMatchObject({ chargedTokens: 7, late: true });
    expect(waits(budget)).toBe(COOLDOWN - 10_000);
  });

  it('is refused once there is usage, live or closed; a failed call of no tokens is none', () => {
    const budget = begin();
    const lease = second(budget);
    budget.record(lease, 0);
    expect(giveBack(budget.fork(), lease, 'UNUSED')).toMatchObject({ kind: 'released' });
    budget.record(lease, 1);
    const refused = { refusal: { reason: 'USAGE_REPORTED', lease: { usedTokens: 1 } } };
    expect(giveBack(budget, lease, 'UNUSED')).toMatchObject(refused);
    budget.pass(3_600_000);
    expect(giveBack(budget, lease, 'UNUSED')).toMatchObject({ kind: 'refused' });
  });

  it('settles what an expiry presumed, without giving the cooldown back', () => {
    const budget = new TestBudget({
      ...ROOMY,
      cooldownMs: COOLDOWN,
      leaseTtlMs: MINUTE,
      lateReportGraceMs: GRACE,
    });
    const lease = budget.grant('a', 1_000);
    budget.pass(2 * MINUTE);
    expect(giveBack(budget, lease, 'UNUSED')).toMatchObject({ freedTokens: 1_000 });
    expect(waits(budget)).toBe(COOLDOWN - 2 * MINUTE);
  });
});
