import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const DAY = '2026-11-10';

/** Leases that have ended, with all that they reserved presumed. */
function ended(budget: TestBudget, reserved: readonly (readonly [ai: string, tokens: number])[]): LeaseRef[] {
  const leases = reserved.map(([ai, tokens]) => budget.grant(ai, tokens, { leaseTtlMs: 60_000 }));
  budget.pass(60_000).do({ kind: 'sweep' });
  return leases;
}

let made = 0;
function adjust(budget: TestBudget, tokens: number, more: object = {}) {
  const adjustmentId = `x${++made}`;
  return budget.do({ kind: 'adjust', adjustmentId, tokens, reason: 'x', fingerprint: '', day: DAY, ...more });
}

const PLACES = [
  { where: 'in the state', go: (budget: TestBudget) => budget.reload() },
  {
    where: 'in its document',
    go: (budget: TestBudget) => {
      budget.at('2026-11-12T10:00:00Z').writeOut().writeOut().reload();
      expect(budget.state.tables.days.has(DAY)).toBe(false);
      return budget;
    },
  },
];

describe.each(PLACES)('with the day $where', ({ go }) => {
  const month = (budget: TestBudget) => budget.window('MONTH').spent;

  it('a late report counts in full after a correction of what was presumed', () => {
    const budget = new TestBudget(ROOMY);
    const [lease] = ended(budget, [['a', 500]]) as [LeaseRef];
    go(budget);
    adjust(budget, -500);
    go(budget);
    expect(budget.lease(lease).presumedTokens).toBe(0);
    expect(budget.record(lease, 500)).toMatchObject({ chargedTokens: 500, late: true });
    expect(month(budget)).toBe(500);
  });

  it('a correction is of one AI, and leaves what is presumed of another', () => {
    const budget = new TestBudget(ROOMY);
    const [a, b] = ended(budget, [
      ['a', 500],
      ['b', 500],
    ]) as [LeaseRef, LeaseRef];
    go(budget);
    adjust(budget, -500, { aiId: 'a' });
    go(budget);
    budget.record(a, 500);
    expect(month(budget)).toBe(1_000);
    expect(budget.lease(a).presumedTokens).toBe(0);
    expect(budget.lease(b).presumedTokens).toBe(500);
    budget.record(b, 500);
    expect(month(budget)).toBe(1_000);
    expect(budget.lease(b).presumedTokens).toBe(0);
  });

  it('a late report names the model of what was presumed', () => {
    const budget = new TestBudget(ROOMY);
    const [lease] = ended(budget, [['a', 500]]) as [LeaseRef];
    go(budget).record(lease, 200, 'u', 'gpt-4.1');
    budget.writeOut().writeOut();
    const document = budget.documents.get(`1 ${DAY}`);
    expect(Object.fromEntries(document?.models ?? [])).toEqual({ '(unknown)': 300, 'gpt-4.1': 200 });
    expect(document).toMatchObject({ total: 500, presumed: 300 });
    expect(budget.reload().lease(lease).presumedTokens).toBe(300);
  });

  it.each([
    ['of an AI: its leases, oldest first', { aiId: 'a' }, 350, [0, 50, 300]],
    ['of the model (unknown): all leases, oldest first', { model: '(unknown)' }, 350, [0, 50, 300]],
    ['of both', { aiId: 'b', model: '(unknown)' }, 100, [200, 200, 200]],
    ['of an AI, beyond what is presumed: then the rest of it', { aiId: 'b' }, 310, [200, 200, 0]],
    ['of neither: the rest first', {}, 40, [200, 200, 300]],
    ['of neither, beyond the rest', {}, 90, [160, 200, 300]],
    ['of another model: nothing presumed', { model: 'm' }, 50, [200, 200, 300]],
  ])('is corrected in its order: %s', (_, whose, tokens, left) => {
    const budget = new TestBudget(ROOMY);
    const leases = ended(budget, [
      ['a', 200],
      ['a', 200],
      ['b', 300],
    ]);
    budget.do({ kind: 'record-unleased', aiId: 'b', usage: usage('rest', 50) });
    go(budget);
    const before = month(budget);
    expect(adjust(budget, -tokens, whose)).toMatchObject({ kind: 'adjusted', dayTotal: before - tokens });
    go(budget);
    expect(leases.map((lease) => budget.lease(lease).presumedTokens)).toEqual(left);
    expect(month(budget)).toBe(before - tokens);
  });

  it('a correction under another model takes nothing that is presumed of the AI', () => {
    const budget = new TestBudget(ROOMY);
    ended(budget, [['a', 500]]);
    budget.do({ kind: 'record-unleased', aiId: 'b', usage: usage('u', 100, 'm') });
    go(budget);
    expect(adjust(budget, -1, { aiId: 'a', model: 'm' })).toMatchObject({
      refusal: { reason: 'BELOW_ZERO', available: 0 },
    });
  });
});

it('a Release of a corrected lease frees nothing of what its AI really used', () => {
  const budget = new TestBudget(ROOMY);
  const [corrected] = ended(budget, [['a', 500]]) as [LeaseRef];
  budget.record(budget.grant('a', 500), 500);
  adjust(budget, -500, { aiId: 'a' });
  expect(budget.reload().release(corrected)).toMatchObject({ freedTokens: 0 });
  expect(budget.window('DAY').spent).toBe(500);
});

it('a Release within the grace frees what is presumed in a day that a clock ahead had closed', () => {
  const budget = new TestBudget(ROOMY, '2026-11-10T23:50:00Z');
  const [lease] = ended(budget, [['a', 500]]) as [LeaseRef];
  const right = budget.at('2026-11-11T00:10:00Z').now;
  budget.at('2026-11-20T10:00:00Z').writeOut().writeOut();
  budget.now = right + 1_000;
  budget.do({ kind: 'reset-clock' });
  expect(budget.state.tables.days.has(DAY)).toBe(false);
  expect(budget.release(lease)).toMatchObject({ freedTokens: 500 });
  expect(budget.window('MONTH').spent).toBe(0);
});

describe('a Release', () => {
  const released = (budget: TestBudget, lease: LeaseRef, usageId?: string) => {
    const { usageId: _, ...unnamed } = usage('', 80);
    return budget.do({ kind: 'release', lease, usage: usageId === undefined ? unnamed : usage(usageId, 80) });
  };

  it.each([
    ['another id', 'one', 'other'],
    ['no id', 'one', undefined],
    ['an id where there was none', undefined, 'other'],
  ])('with %s is not the same', (_, first, second) => {
    const budget = new TestBudget(ROOMY);
    const lease = budget.grant('a', 100);
    expect(released(budget, lease, first)).toMatchObject({ usedTokens: 80, replayed: false });
    budget.writeOut().reload();
    expect(released(budget, lease, second)).toMatchObject({
      refusal: { reason: 'ID_REUSED', field: 'lease_id' },
    });
    expect(released(budget, lease, first)).toMatchObject({ usedTokens: 80, replayed: true });
    expect(budget.window('DAY').spent).toBe(80);
  });

  it('with usage that was booked before is the same with its id alone', () => {
    const budget = new TestBudget(ROOMY);
    const lease = budget.grant('a', 100);
    budget.record(lease, 80, 'one');
    expect(released(budget, lease, 'one')).toMatchObject({ usedTokens: 80, replayed: false });
    expect(released(budget, lease, 'one')).toMatchObject({ replayed: true });
    expect(released(budget, lease)).toMatchObject({ refusal: { reason: 'ID_REUSED' } });
  });
});
