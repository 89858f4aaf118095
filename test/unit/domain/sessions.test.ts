import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../../src/domain/requests.js';
import type { SessionRef, StoredLease } from '../../../src/domain/state.js';
import { ROOMY, TestBudget } from '../../support/budget.js';

const S = 1_000;
const FIRST: SessionRef = { id: 'session', owner: 'robot', stream: 'stream-1' };
const SECOND: SessionRef = { ...FIRST, stream: 'stream-2' };
const POLICY = { ...ROOMY, leaseTtlMs: 120 * S, sessionGraceMs: 10 * S, maxLeaseDurationMs: 600 * S };

const budgetWith = (policy = {}) => new TestBudget({ ...POLICY, ...policy });
const breakStreams = (budget: TestBudget, ...streams: string[]) =>
  budget.do({ kind: 'break-sessions', streams: new Set(streams) });
const takeUp = (budget: TestBudget, session: SessionRef, aiId = 'a') =>
  budget.do<'carried-leases'>({ kind: 'take-up-session', aiId, session }).leases;
const keep = (budget: TestBudget, ...leases: [LeaseRef, string][]) =>
  budget.do<'carried-leases'>({
    kind: 'keep-leases',
    streams: new Map(leases.map(([{ fence }, stream]) => [fence, stream])),
  }).leases;
const leftMs = (budget: TestBudget, lease: LeaseRef) => budget.lease(lease).expiresAt - budget.now;

describe('a stream that ends', () => {
  it.each([
    ['the grace begins', 0, 10 * S],
    ['less is left than the grace, and stays', 115 * S, 5 * S],
  ])('%s', (_, passedMs, left) => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    breakStreams(budget.pass(passedMs), 'stream-1');
    expect(leftMs(budget, lease)).toBe(left);
    budget.reload().pass(left);
    expect(budget.lease(lease)).toMatchObject({ status: 'EXPIRED', presumedTokens: 100 });
  });

  it('frees its slot for a waiter at the end of the grace', () => {
    const budget = budgetWith({ maxConcurrent: 1 });
    budget.grant('a', 100, { session: FIRST });
    breakStreams(budget, 'stream-1');
    expect(budget.deny('b')).toMatchObject({ retryAfterMs: 10 * S });
    budget.pass(10 * S).grant('b', 100);
  });

  it('without a grace ends its leases at once', () => {
    const budget = budgetWith({ sessionGraceMs: 0 });
    const lease = budget.grant('a', 100, { session: FIRST });
    breakStreams(budget, 'stream-1');
    expect(budget.lease(lease).status).toBe('EXPIRED');
  });

  it('touches no lease of another stream, and none without a session', () => {
    const budget = budgetWith();
    const other = budget.grant('a', 100, { session: { ...FIRST, id: 'other', stream: 'other' } });
    const plain = budget.grant('a', 100);
    breakStreams(budget, 'stream-1');
    for (const lease of [other, plain]) expect(leftMs(budget, lease)).toBe(120 * S);
  });

  it('is a heartbeat away from life: a renewal by a call of its own counts as ever', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    breakStreams(budget, 'stream-1');
    budget.do({ kind: 'renew', lease });
    expect(leftMs(budget, lease)).toBe(120 * S);
  });
});

describe('taking a session up', () => {
  it('gives its leases to the new stream, with their whole time to live', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    breakStreams(budget.pass(60 * S), 'stream-1');
    budget.reload().pass(9 * S);
    expect(takeUp(budget, SECOND)).toMatchObject([
      { leaseId: lease.leaseId, status: 'LIVE', sessionId: 'session' },
    ]);
    expect(leftMs(budget, lease)).toBe(120 * S);
  });

  it('after the grace finds nothing', () => {
    const budget = budgetWith();
    budget.grant('a', 100, { session: FIRST });
    breakStreams(budget, 'stream-1');
    expect(takeUp(budget.pass(10 * S), SECOND)).toEqual([]);
  });

  it('is for the same principal and the same AI only', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    breakStreams(budget, 'stream-1');
    expect(takeUp(budget, { ...SECOND, owner: 'thief' })).toEqual([]);
    expect(takeUp(budget, { ...SECOND, owner: '' })).toEqual([]);
    expect(takeUp(budget, { ...SECOND, id: 'guessed' })).toEqual([]);
    expect(takeUp(budget, SECOND, 'b')).toEqual([]);
    expect(leftMs(budget, lease)).toBe(10 * S);
  });

  it('is not undone by the stream before, which breaks late', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    takeUp(budget, SECOND);
    breakStreams(budget, 'stream-1');
    expect(leftMs(budget, lease)).toBe(120 * S);
    expect(keep(budget, [lease, 'stream-1'])).toEqual([]);
  });

  it('commits nothing where there is nothing', () => {
    const budget = budgetWith();
    const { revision } = budget.state;
    takeUp(budget, FIRST);
    breakStreams(budget, 'stream-1');
    expect(budget.state.revision).toBe(revision);
  });

  it('of a budget that does not exist is refused', () => {
    const budget = budgetWith();
    budget.do({ kind: 'delete-budget', force: true });
    const request = { kind: 'take-up-session', aiId: 'a', session: FIRST } as const;
    expect(budget.do(request)).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
  });
});

describe('keeping leases', () => {
  it('extends them by their time to live, up to their longest life', () => {
    const budget = budgetWith();
    const [long, short] = [
      budget.grant('a', 100, { session: FIRST }),
      budget.grant('a', 100, { session: FIRST, leaseTtlMs: 30 * S }),
    ];
    budget.pass(20 * S);
    expect(keep(budget, [long, 'stream-1'], [short, 'stream-1'])).toHaveLength(2);
    expect([leftMs(budget, long), leftMs(budget, short)]).toEqual([120 * S, 30 * S]);
    for (let turn = 0; turn < 22; turn += 1) {
      budget.pass(25 * S);
      keep(budget, [short, 'stream-1']);
    }
    expect(leftMs(budget, short)).toBe(30 * S);
    budget.pass(10 * S);
    expect(keep(budget, [short, 'stream-1'])).toMatchObject([{ expiresAt: short.view.renewableUntil }]);
  });

  it('passes over what is no longer live', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    budget.release(lease);
    expect(keep(budget, [lease, 'stream-1'])).toEqual([]);
  });
});

describe('a repeated request in a session', () => {
  it('has the session keep the lease, whoever kept it before', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { requestId: 'same' });
    budget.pass(60 * S);
    const again = budget.acquire('a', { requestId: 'same', estimatedTokens: 100, session: FIRST });
    expect(again).toMatchObject({ replayed: true, lease: { leaseId: lease.leaseId, sessionId: 'session' } });
    expect(leftMs(budget, lease)).toBe(120 * S);
    breakStreams(budget, 'stream-1');
    expect(leftMs(budget, lease)).toBe(10 * S);
  });

  it('by a call of its own leaves the lease to its session', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { requestId: 'same', session: FIRST });
    budget.acquire('a', { requestId: 'same', estimatedTokens: 100 });
    expect(takeUp(budget, SECOND)).toMatchObject([{ leaseId: lease.leaseId }]);
  });
});

it('a state from before there were sessions is read, and its leases live on as they did', () => {
  const budget = budgetWith();
  const lease = budget.grant('a', 100, { requestId: 'same', session: FIRST });
  const stored = budget.storedState().sections.leases as Map<string, StoredLease>;
  const { session: _, ...old } = stored.get(String(lease.fence)) as StoredLease;
  stored.set(String(lease.fence), old);
  budget.reload();
  expect(budget.lease(lease).sessionId).toBeUndefined();
  breakStreams(budget, 'stream-1');
  expect(takeUp(budget, SECOND)).toEqual([]);
  expect(leftMs(budget, lease)).toBe(120 * S);
  budget.acquire('a', { requestId: 'same', estimatedTokens: 100, session: SECOND });
  expect(budget.reload().lease(lease).sessionId).toBe('session');
  expect(budget.release(lease, 40)).toMatchObject({ usedTokens: 40, freedTokens: 60 });
});
