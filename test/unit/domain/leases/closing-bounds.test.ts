import { describe, expect, it } from 'vitest';
import { leaseReceiptId } from '../../../../src/domain/model/receipt-id.js';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';

const MINUTE_MS = 60_000;
const MANY = 350;

/** Many leases that end at one moment, of 10 tokens each. */
function crowd(policy = {}): { readonly budget: TestBudget; readonly leases: readonly LeaseRef[] } {
  const budget = new TestBudget({ ...ROOMY, leaseTtlMs: MINUTE_MS, maxConcurrent: 400, ...policy });
  const asked = Array.from({ length: MANY }, (_, at) => budget.grant(`ai-${at}`, 10, { requestId: 'r' }));
  budget.now = Math.max(...asked.map(({ view }) => view.grantedAt));
  return { budget, leases: asked };
}

/** As stored: how many leases are not closed yet. */
function unclosed(budget: TestBudget): number {
  return budget.storedState().sections.leases.size;
}

/** In the month, whether closed yet or not. */
function counted(budget: TestBudget): number {
  const { spent, reserved } = budget.window('MONTH');
  return spent + reserved;
}

describe('many leases that end at one moment', () => {
  it('are closed a hundred in a commit, and none of them is live from then on', () => {
    const { budget } = crowd();
    budget.pass(MINUTE_MS).do({ kind: 'sweep' });
    const left = [unclosed(budget)];
    for (; unclosed(budget) > 0; left.push(unclosed(budget))) {
      const { liveLeases, windows } = budget.snapshot();
      expect(liveLeases).toEqual([]);
      expect(windows[2]?.spent ?? 0).toBe(10 * (MANY - unclosed(budget)));
      for (const { spent, reserved } of windows) expect(spent + reserved).toBe(10 * MANY);
      if (unclosed(budget) > 0)
        expect(budget.state.wakeAt, 'the rest right after').toBeLessThanOrEqual(budget.now);
    }
    expect(left).toEqual([250, 150, 50, 0]);
    expect(budget.state.slots.reserved(() => true)).toBe(0);
  });

  it('free what they held at once under REFUND', () => {
    const { budget } = crowd({ onExpiry: 'REFUND', monthlyLimit: 10 * MANY });
    budget.pass(MINUTE_MS).do({ kind: 'sweep' });
    expect(unclosed(budget)).toBe(250);
    expect(budget.grant('new', 10 * MANY).view.reservedTokens).toBe(10 * MANY);
  });

  it('give their slots to others at once', () => {
    const { budget } = crowd({ maxConcurrent: MANY, maxConcurrentPerAi: 1 });
    expect(budget.deny('new', 10).blockers).toMatchObject([{ rule: 'CONCURRENCY' }]);
    budget.pass(MINUTE_MS);
    const requests = Array.from({ length: MANY }, (_, at) => budget.grant(`ai-${at}`, 10).view.aiId);
    expect(new Set(requests).size).toBe(MANY);
  });

  it.each([
    ['a report', 'EXPIRED', (budget: TestBudget, lease: LeaseRef) => budget.record(lease, 10)],
    ['a release', 'EXPIRED', (budget: TestBudget, lease: LeaseRef) => budget.release(lease, 10)],
    [
      'a revocation',
      'EXPIRED',
      (budget: TestBudget, lease: LeaseRef) => budget.do({ kind: 'revoke', lease, reason: '' }),
    ],
    ['a look', 'EXPIRED', (budget: TestBudget, lease: LeaseRef) => budget.lease(lease)],
    ['a renewal', 'EXPIRED', (budget: TestBudget, lease: LeaseRef) => budget.do({ kind: 'renew', lease })],
    ['its request', 'EXPIRED', (budget: TestBudget) => budget.acquire(`ai-${MANY - 1}`, { requestId: 'r' })],
  ])('are found over by %s, before it is their turn', (_, status, ask) => {
    const { budget, leases } = crowd();
    const last = leases[MANY - 1] as LeaseRef;
    budget.pass(MINUTE_MS).do({ kind: 'sweep' });
    expect(unclosed(budget)).toBe(250);
    ask(budget, last);
    const receipt = budget.storedState().sections.outbox.get(leaseReceiptId(1, last.fence));
    expect(receipt?.body).toMatchObject({ kind: 'lease', status });
    expect(counted(budget)).toBe(10 * MANY);
    expect(budget.record(last, 10)).toMatchObject({ late: true });
  });

  it('are the same to a replica that loads the state meanwhile', () => {
    const { budget } = crowd();
    budget.pass(MINUTE_MS).do({ kind: 'sweep' });
    budget.reload();
    expect(budget.snapshot().liveLeases).toEqual([]);
    expect(counted(budget)).toBe(10 * MANY);
  });

  it('live on when the clock that ended them is set back', () => {
    const { budget } = crowd();
    budget.pass(MINUTE_MS).do({ kind: 'sweep' });
    budget.pass(-MINUTE_MS / 2).do({ kind: 'reset-clock' });
    expect(budget.snapshot().liveLeases).toHaveLength(250);
    expect(budget.state.slots.waiting).toBe(0);
    expect(budget.window('MONTH')).toMatchObject({ spent: 1_000, reserved: 2_500 });
  });

  it('are judged by the policy under which they ended', () => {
    const { budget } = crowd();
    budget.pass(MINUTE_MS).do({ kind: 'put-policy', fields: { ...ROOMY, onExpiry: 'REFUND' } });
    expect(budget.window('MONTH')).toMatchObject({ spent: 10 * MANY, reserved: 0 });
  });
});

describe('a deletion of many live leases', () => {
  it('is answered at once, and closes them a hundred in a commit', () => {
    const { budget } = crowd();
    expect(budget.do({ kind: 'delete-budget', force: true }).kind).toBe('deleted');
    expect(budget.storedState().head.deleted).toBe(true);
    expect(unclosed(budget)).toBe(250);
    expect(budget.acquire('a')).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
    if (budget.state.slots.waiting > 0) budget.reload();
    for (let sweeps = 0; sweeps < 3; sweeps += 1) {
      expect(budget.state.wakeAt).toBeLessThanOrEqual(budget.now);
      budget.do({ kind: 'sweep' });
    }
    const { leases, settings, outbox, days, dayTotals } = budget.storedState().sections;
    expect([leases.size, settings.size, dayTotals.size]).toEqual([0, 0, 0]);
    expect([...outbox.values()].every(({ body }) => body.kind === 'lease' && body.status === 'REVOKED')).toBe(
      true,
    );
    expect([...days.values()].map(({ total, presumed }) => [total, presumed])).toEqual([
      [10 * MANY, 10 * MANY],
    ]);
  });

  it('is over before the budget begins anew, each lease as its own policy says', () => {
    const { budget } = crowd();
    budget.do({ kind: 'delete-budget', force: true });
    budget.reload();
    expect(budget.do({ kind: 'put-policy', fields: { ...ROOMY, onExpiry: 'REFUND' } })).toMatchObject({
      kind: 'budget',
    });
    expect(unclosed(budget)).toBe(0);
    expect([...budget.documents.values()].map(({ total }) => total)).toEqual([10 * MANY]);
    expect(budget.snapshot()).toMatchObject({ epoch: 2, liveLeases: [] });
    expect(budget.window('MONTH')).toMatchObject({ spent: 0, reserved: 0 });
  });
});
