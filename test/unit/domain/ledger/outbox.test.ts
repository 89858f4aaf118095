import { describe, expect, it } from 'vitest';
import { MAX_OUTBOX, MAX_STATE_BYTES } from '../../../../src/domain/model/limits.js';
import { usageDayOf } from '../../../../src/domain/reads.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const budgetWith = (policy = {}) => new TestBudget({ ...ROOMY, ...policy });

/** What is waiting in the state, by id and revision, as a writer would confirm it. */
function waiting({ state }: TestBudget) {
  const receipts = new Map([...state.tables.outbox.values()].map(({ id, revision }) => [id, revision]));
  const days = new Map([...state.tables.days.keys()].map((day) => [day, state.revision]));
  return { kind: 'drop-written', receipts, days } as const;
}

describe('what is written leaves the state', () => {
  it('but not a receipt that changed since it was read: a late report came between', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    budget.release(lease, 60);
    const written = waiting(budget);
    budget.record(lease, 30);
    budget.do(written);
    expect(budget.reload().lease(lease)).toMatchObject({ usedTokens: 90 });
    expect([...budget.state.tables.outbox.keys()]).toContain('1:l:0000000000000001');
  });

  it('and the commit that drops receipts is remembered, for lookups that were sent before', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 100), 60);
    budget.do({ ...waiting(budget), receipts: new Map() });
    expect(budget.state.receiptsDroppedAt).toBe(0);
    budget.do(waiting(budget));
    expect(budget.state.tables.outbox.size).toBe(0);
    expect(budget.reload().state.receiptsDroppedAt).toBe(budget.state.revision);
  });

  it('a day only when it is over, as it was written, and nothing can be booked in it any more', () => {
    const budget = budgetWith().at('2026-11-10T23:59:00Z');
    const lease = budget.grant('a', 100, { leaseTtlMs: 600_000 });
    const open = () => [...budget.state.tables.days.keys()];
    budget.do(waiting(budget));
    expect(open()).toEqual(['2026-11-10']);
    budget.at('2026-11-11T00:01:00Z').do(waiting(budget));
    expect(open(), 'a live lease was granted in it').toEqual(['2026-11-10']);
    const early = waiting(budget);
    budget.release(lease, 50);
    budget.do(early);
    expect(open(), 'it changed since').toEqual(['2026-11-10']);
    budget.do(waiting(budget));
    expect(open()).toEqual([]);
    expect(budget.window('MONTH').spent).toBe(50);
  });

  it('a day is written whole: its hours, AIs and models', () => {
    const budget = budgetWith();
    budget.record(budget.grant('a', 100), 100, 'u1', 'gpt-4.1');
    budget.do({ kind: 'record-unleased', aiId: '__proto__', usage: usage('u2', 5, '') });
    const totals = budget.state.tables.days.get('2026-11-10');
    if (totals === undefined) throw new Error('no day');
    expect(usageDayOf(budget.state, '2026-11-10', totals)).toMatchObject({
      ...{ budgetId: 'anthropic', epoch: 1, day: '2026-11-10', revision: budget.state.revision, total: 105 },
      hours: [{ start: Date.parse('2026-11-10T09:00:00Z'), tokens: 105 }],
      ais: new Map([
        ['a', 100],
        ['__proto__', 5],
      ]),
      models: new Map([
        ['gpt-4.1', 100],
        ['(unspecified)', 5],
      ]),
    });
  });
});

describe('a state at its bounds', () => {
  it('refuses reports and adjustments while too many receipts wait, and releases slots all the same', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    const body = { kind: 'adjustment', fingerprint: '', day: '2026-11-10', dayTotal: 0 } as const;
    for (let at = 0; at < MAX_OUTBOX; at += 1) {
      const receipt = { id: `1:a:${at}`, epoch: 1, at: budget.now, revision: 1, body };
      budget.state.tables.outbox.set(receipt.id, receipt);
    }
    const full = { refusal: { reason: 'OUTBOX_FULL' } };
    expect(budget.record(lease, 10)).toMatchObject(full);
    expect(budget.release(lease, 10)).toMatchObject(full);
    expect(
      budget.do({ kind: 'adjust', adjustmentId: 'x', tokens: 1, reason: '', fingerprint: '' }),
    ).toMatchObject(full);
    expect(budget.release(lease)).toMatchObject({ freedTokens: 100 });
  });

  it('grants nothing new above its size; a repeat, reports and releases still work', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { requestId: 'same' });
    for (let at = 0; budget.state.tables.bytes <= MAX_STATE_BYTES; at += 1) {
      budget.state.tables.ais.set(`${at}`.padStart(128, '-'), { lastGrantAt: budget.now, grants: [] });
    }
    expect(budget.acquire('b')).toMatchObject({ refusal: { reason: 'STATE_FULL' } });
    expect(budget.acquire('a', { requestId: 'same' })).toMatchObject({ kind: 'granted', replayed: true });
    expect(budget.record(lease, 10)).toMatchObject({ chargedTokens: 10 });
    expect(budget.release(lease)).toMatchObject({ freedTokens: 90 });
  });
});
