import { describe, expect, it } from 'vitest';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import type { SessionRef } from '../../../../src/domain/model/session-ref.js';
import type { StoredLease } from '../../../../src/domain/model/state.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const S = 1_000;
const FIRST: SessionRef = { id: 'session', owner: 'robot', stream: 'stream-1' };
const SECOND: SessionRef = { ...FIRST, stream: 'stream-2' };
const POLICY = { ...ROOMY, leaseTtlMs: 120 * S, sessionGraceMs: 10 * S, maxLeaseDurationMs: 600 * S };

const budgetWith = (policy = {}) => new TestBudget({ ...POLICY, ...policy });
const breakStreams = (budget: TestBudget, ...streams: string[]) =>
  budget.do({ kind: 'break-sessions', streams: new Set(streams) });
const takeUpAs = (budget: TestBudget, session: SessionRef, ...aiIds: string[]) =>
  budget.do<'carried-leases'>({
    kind: 'take-up-session',
    aiIds: aiIds.length === 0 ? undefined : new Set(aiIds),
    session,
  }).leases;
const takeUp = (budget: TestBudget, session: SessionRef, aiId = 'a') => takeUpAs(budget, session, aiId);
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

  it.each<[string, string[], string[]]>([
    ['finds those of all its AIs', [], ['a', 'b']],
    ['finds those of the AIs that it may act as', ['b', 'c'], ['b']],
  ])("for a gateway %s, and nobody else's", (_, aiIds, found) => {
    const budget = budgetWith();
    const own = ['a', 'b'].map((aiId) => budget.grant(aiId, 100, { session: FIRST }));
    budget.grant('c', 100, { session: { ...FIRST, owner: 'other' } });
    budget.grant('d', 100);
    breakStreams(budget, 'stream-1');
    expect(takeUpAs(budget.reload(), SECOND, ...aiIds).map(({ aiId }) => aiId)).toEqual(found);
    expect(own.map((lease) => leftMs(budget, lease))).toEqual(
      ['a', 'b'].map((aiId) => (found.includes(aiId) ? 120 : 10) * S),
    );
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
    const request = { kind: 'take-up-session', aiIds: new Set(['a']), session: FIRST } as const;
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

/** Which stream a lease belongs to, whatever happens to take-ups. */
describe('a lease whose session was taken up', () => {
  const third: SessionRef = { ...FIRST, stream: 'stream-3' };
  const giveBack = (budget: TestBudget, ...streams: string[]) =>
    budget.do({ kind: 'break-sessions', streams: new Set(), unopened: new Set(streams) });
  const taken = (sessions: SessionRef[]) => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    for (const session of sessions) takeUp(budget, session);
    return { budget: budget.reload(), lease };
  };
  const refusal = { kind: 'refused', refusal: { reason: 'SESSION_TAKEN_UP' } };
  const report = usage('u', 30);

  it.each([
    ['the stream before', FIRST, [SECOND]],
    ['one before that', FIRST, [SECOND, third]],
    ['the later one of two', SECOND, [SECOND, third]],
  ])('is no longer for %s to renew, to release or to be granted again', (_, session, streams) => {
    const { budget, lease } = taken(streams);
    const before = budget.lease(lease);
    expect(budget.do({ kind: 'renew', lease, session })).toEqual(refusal);
    expect(budget.do({ kind: 'release', lease, session, usage: report })).toEqual(refusal);
    expect(budget.acquire('a', { session })).toEqual(refusal);
    expect(budget.lease(lease)).toEqual(before);
    // What was really spent is never refused; nor is a call of its own, which shows who calls.
    budget.do({ kind: 'record', lease, usage: report });
    budget.do({ kind: 'renew', lease });
    expect(budget.do({ kind: 'release', lease })).toMatchObject({ usedTokens: 30 });
  });

  it('is its own for the stream that carries it, and of no concern to other sessions', () => {
    const { budget, lease } = taken([SECOND, third]);
    budget.do({ kind: 'renew', lease, session: third });
    budget.grant('a', 1, { session: third });
    budget.grant('a', 1, { session: { ...FIRST, id: 'other', stream: 'other' } });
    budget.do({ kind: 'release', lease, session: third });
  });

  it('goes back to the stream that it was taken from if the take-up fails, as if nothing had been', () => {
    const { budget, lease } = taken([SECOND]);
    giveBack(budget, 'stream-2');
    expect(keep(budget.reload(), [lease, 'stream-1'])).toHaveLength(1);
    budget.do({ kind: 'renew', lease, session: FIRST });
    breakStreams(budget, 'stream-2');
    expect(leftMs(budget, lease)).toBe(120 * S);
    breakStreams(budget, 'stream-1');
    expect(leftMs(budget, lease)).toBe(10 * S);
  });

  it.each([
    ['the latest first', [['stream-3'], ['stream-2']]],
    ['the earlier first', [['stream-2'], ['stream-3']]],
    ['at once', [['stream-2', 'stream-3']]],
  ])('goes back over two take-ups that fail, %s', (_, failures) => {
    const { budget, lease } = taken([SECOND, third]);
    for (const streams of failures) giveBack(budget, ...streams);
    expect(keep(budget, [lease, 'stream-1'])).toHaveLength(1);
  });

  it.each(['before', 'after'])('goes back to the grace where that stream ended %s', (when) => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { session: FIRST });
    if (when === 'before') breakStreams(budget, 'stream-1');
    takeUp(budget, SECOND);
    if (when === 'after') breakStreams(budget, 'stream-1');
    giveBack(budget.reload(), 'stream-2');
    expect(leftMs(budget, lease)).toBe(10 * S);
  });

  it('is not taken back as a grant that nobody received', () => {
    const { budget, lease } = taken([SECOND]);
    budget.do({ kind: 'undo-grant', lease, stream: 'stream-1' });
    expect(budget.lease(lease).status).toBe('LIVE');
    budget.do({ kind: 'undo-grant', lease, stream: 'stream-2' });
    expect(budget.do({ kind: 'get-lease', key: { lease } })).toMatchObject({ kind: 'refused' });
  });
});
