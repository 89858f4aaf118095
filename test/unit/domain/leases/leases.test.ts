import { describe, expect, it } from 'vitest';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { sameDigest } from '../../../support/same-digest.js';

const names = (count: number) => Array.from({ length: count }, (_, at) => `r${at}`);
const budgetWith = (policy = {}) => new TestBudget({ ...ROOMY, ...policy });

describe('a repeated request', () => {
  it('gets the live lease, and reserves nothing new', () => {
    const budget = budgetWith({ cooldownMs: 60_000 });
    const first = budget.grant('a', 100, { requestId: 'same' });
    const again = budget.reload().acquire('a', { requestId: 'same', estimatedTokens: 100 });
    expect(again).toMatchObject({ kind: 'granted', replayed: true, lease: { leaseId: first.leaseId } });
    expect(budget.window('DAY').reserved).toBe(100);
  });

  it('after the lease has closed is LEASE_CLOSED, also when only its receipt is left', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 100, { requestId: 'same' }));
    budget.writeOut().reload();
    expect(budget.acquire('a', { requestId: 'same' })).toMatchObject({
      refusal: { reason: 'LEASE_CLOSED', lease: { status: 'RELEASED' } },
    });
  });

  it('with other content is ID_REUSED; another AI may use the id', () => {
    const budget = budgetWith();
    budget.grant('a', 100, { requestId: 'same' });
    expect(budget.acquire('a', { requestId: 'same', fingerprint: 'other' })).toMatchObject({
      refusal: { reason: 'ID_REUSED', field: 'request_id', id: 'same' },
    });
    budget.grant('b', 100, { requestId: 'same' });
  });

  it('is known among the last 16 of an AI, and as long as its lease is live', () => {
    const budget = budgetWith();
    const old = budget.grant('a', 1, { requestId: 'live' });
    budget.release(budget.grant('a', 1, { requestId: 'closed' }));
    for (let at = 0; at < 16; at += 1) budget.release(budget.grant('a', 1, { requestId: `r${at}` }));
    expect(budget.acquire('a', { requestId: 'live' })).toMatchObject({
      lease: { leaseId: old.leaseId },
      replayed: true,
    });
    expect(budget.acquire('a', { requestId: 'r2' })).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
    expect(budget.acquire('a', { requestId: 'closed' })).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('is free again after 7 days, and then the newest', () => {
    const budget = budgetWith();
    const ask = (requestId: string) => budget.release(budget.grant('a', 1, { requestId }));
    for (const requestId of ['again', ...names(14)]) ask(requestId);
    budget.writeOut().pass(7 * 86_400_000);
    ask('again');
    ask('last');
    for (const loaded of [budget, budget.reload()]) {
      expect(loaded.acquire('a', { requestId: 'again' })).toMatchObject({
        refusal: { reason: 'LEASE_CLOSED' },
      });
    }
  });

  it('stays known for an hour at least, whatever other AIs ask; an AI that is idle for a day is forgotten', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 1, { requestId: 'same' }));
    budget.pass(86_400_000);
    budget.release(budget.grant('b', 1));
    expect(budget.acquire('a', { requestId: 'same' })).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
    budget.pass(1);
    budget.release(budget.grant('b', 1));
    expect([...budget.snapshot().lastGrants.keys()]).toEqual(['b']);
    expect(budget.acquire('a', { requestId: 'same' })).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('is told from one that has the same digest, live or closed', () => {
    const [one, other] = sameDigest();
    const budget = budgetWith();
    const first = budget.grant('a', 1, { requestId: one });
    const second = budget.grant('a', 1, { requestId: other });
    const known = (requestId: string) => budget.do({ kind: 'get-lease', key: { aiId: 'a', requestId } });
    const expectBoth = () => {
      expect(known(one)).toMatchObject({ lease: { leaseId: first.leaseId } });
      expect(known(other)).toMatchObject({ lease: { leaseId: second.leaseId } });
    };
    expectBoth();
    budget.release(second);
    expectBoth();
    budget.release(first);
    expectBoth();
    budget.writeOut().reload();
    expectBoth();
    expect(budget.acquire('a', { requestId: one })).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
  });

  it('finds a lease that has ended, though it lived while 16 newer ones were granted, or a newest one was undone', () => {
    const budget = budgetWith();
    const [old, ...others] = names(17).map((requestId) => budget.grant('a', 1, { requestId }));
    const [first] = others;
    if (old === undefined || first === undefined) throw new Error();
    budget.do({ kind: 'undo-grant', lease: budget.grant('a', 1, { requestId: 'lost' }) });
    budget.release(old);
    budget.release(first);
    for (const loaded of [budget, budget.writeOut().reload()]) {
      for (const requestId of ['r0', 'r1'])
        expect(loaded.acquire('a', { requestId })).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
    }
    expect(budget.acquire('a', { requestId: 'lost' })).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('is known for 7 days from the grant, however late its lease ended', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 1, { requestId: 'weekly' });
    budget.pass(30 * 60_000);
    budget.release(lease);
    budget.writeOut().pass(7 * 86_400_000 - 31 * 60_000);
    expect(budget.acquire('a', { requestId: 'weekly' })).toMatchObject({
      refusal: { reason: 'LEASE_CLOSED' },
    });
    budget.pass(60_000);
    expect(budget.acquire('a', { requestId: 'weekly' })).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('gets no second slot when the receipt of its lease is lost', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 1, { requestId: 'same' }));
    budget.writeOut().receipts.clear();
    expect(budget.acquire('a', { requestId: 'same' })).toMatchObject({
      refusal: { reason: 'LEASE_NOT_FOUND' },
    });
  });

  it('finds its lease by GetLease', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100, { requestId: 'mine' });
    const key = { aiId: 'a', requestId: 'mine' };
    expect(budget.do({ kind: 'get-lease', key })).toMatchObject({
      lease: { leaseId: lease.leaseId, status: 'LIVE' },
    });
    budget.release(lease);
    budget.writeOut().reload();
    expect(budget.do({ kind: 'get-lease', key })).toMatchObject({ lease: { status: 'RELEASED' } });
  });
});

describe('a renewal', () => {
  it('extends to no further than the longest life, and never shortens', () => {
    const budget = budgetWith({ leaseTtlMs: 60_000, maxLeaseDurationMs: 150_000 });
    const lease = budget.grant('a', 100);
    const granted = budget.now;
    const renew = (leaseTtlMs?: number) =>
      budget.do<'renewed'>({ kind: 'renew', lease, ...(leaseTtlMs === undefined ? {} : { leaseTtlMs }) })
        .lease.expiresAt;
    budget.pass(50_000);
    expect(renew()).toBe(granted + 110_000);
    expect(renew(1_000)).toBe(granted + 110_000);
    budget.pass(50_000);
    expect(renew(600_000)).toBe(granted + 150_000);
    budget.pass(49_999);
    expect(renew()).toBe(granted + 150_000);
    budget.pass(1);
    expect(budget.do({ kind: 'renew', lease })).toMatchObject({ refusal: { reason: 'LEASE_CLOSED' } });
  });

  it('goes on through pause, cooldown and emergency', () => {
    const budget = budgetWith({
      cooldownMs: 60_000,
      monthlyLimit: 1_000,
      emergencyPercent: 50,
      maxReportTokens: 1_000,
    });
    const lease = budget.grant('a', 500);
    budget.record(lease, 500);
    budget.do({ kind: 'pause', reason: '' });
    expect(budget.do({ kind: 'renew', lease })).toMatchObject({ kind: 'renewed' });
  });

  it.each([
    ['PAUSED', {}, (budget: TestBudget) => budget.do({ kind: 'pause', reason: '' })],
    ['REQUEST_TOO_LARGE', { maxRequestTokens: 300 }, () => {}],
    ['HOURLY_CAP', { maxHourlyPercent: 0.03 }, () => {}],
    ['DAILY_CAP', { maxDailyPercent: 0.03 }, () => {}],
    ['AI_DAILY_CAP', { maxDailyPercentPerAi: 0.03 }, () => {}],
    ['HOURLY_CAP', {}, (budget: TestBudget) => budget.at('2026-11-10T10:00:30Z')],
  ] as const)('that %s does not admit to raise extends all the same', (rule, policy, prepare) => {
    const budget = budgetWith(policy).at('2026-11-10T09:59:00Z');
    const lease = budget.grant('a', 100);
    prepare(budget);
    const outcome = budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens: 301 });
    expect(outcome).toMatchObject({ raiseDenied: { blockers: [{ rule }] }, lease: { reservedTokens: 100 } });
    expect(outcome.lease.expiresAt).toBe(budget.now + 120_000);
  });

  it.each([
    ['HOURLY_CAP', { maxHourlyPercent: 0.03 }],
    ['DAILY_CAP', { maxDailyPercent: 0.03 }],
    ['AI_DAILY_CAP', { maxDailyPercentPerAi: 0.03 }],
    ['MONTHLY_CAP', { monthlyLimit: 300 }],
  ] as const)(
    'that raises above what %s ever admits is refused for good, though the rest alone would fit',
    (rule, policy) => {
      const budget = budgetWith(policy);
      const lease = budget.grant('a', 200);
      const raiseTo = (reserveTokens: number) =>
        budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens }).raiseDenied;
      const denied = raiseTo(301);
      const blocker = denied?.blockers.find((one) => one.rule === rule);
      expect(blocker).toMatchObject({ limit: 300, reserved: 200, requested: 101, permanent: true });
      expect(denied).toMatchObject({ permanent: true });
      expect(denied?.availableAt).toBeUndefined();
      expect(raiseTo(300)).toBeUndefined();
    },
  );

  it('raises the reservation by what it newly holds', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 100);
    const raise = (reserveTokens: number) =>
      budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens }).lease;
    budget.record(lease, 150);
    expect(raise(120)).toMatchObject({ reservedTokens: 100 });
    expect(raise(200)).toMatchObject({ reservedTokens: 200, usedTokens: 150 });
    expect(budget.window('HOUR')).toMatchObject({ spent: 150, reserved: 50 });
    expect(budget.record(lease, 60)).toMatchObject({ overrunTokens: 10 });
  });
});

it('a grant that nobody received is undone, and the AI may ask at once', () => {
  const budget = budgetWith({ cooldownMs: 60_000 });
  const lease = budget.grant('a', 100);
  budget.do({ kind: 'undo-grant', lease });
  expect(budget.window('DAY').reserved).toBe(0);
  const next = budget.grant('a', 100);
  expect(next.fence).toBeGreaterThan(lease.fence);
});

it('an undone grant leaves a later one of its AI, and the cooldown after that', () => {
  const budget = budgetWith({ cooldownMs: 60_000, mode: 'OBSERVE' });
  const lost = budget.grant('a', 100);
  budget.pass(1_000).grant('a', 100);
  const from = budget.now;
  budget.do({ kind: 'undo-grant', lease: lost });
  const availability = budget.do<'availability'>({ kind: 'get-availability', aiId: 'a' });
  expect(availability.denial?.blockers).toMatchObject([{ rule: 'COOLDOWN', availableAt: from + 60_000 }]);
});

it('whoever was told of a grant is told that it was undone; a lease that spent something stays', () => {
  const budget = budgetWith();
  const lost = budget.grant('a', 100);
  budget.do({ kind: 'undo-grant', lease: lost });
  expect(budget.events).toMatchObject([
    { kind: 'released', lease: { leaseId: lost.leaseId, usedTokens: 0, presumedTokens: 0 } },
  ]);
  const used = budget.grant('a', 100);
  budget.record(used, 1);
  budget.do({ kind: 'undo-grant', lease: used });
  expect(budget.lease(used).status).toBe('LIVE');
});

it('a lease of another epoch, another nonce or a fence to come is not found', () => {
  const budget = budgetWith();
  const lease = budget.grant('a', 100);
  for (const wrong of [{ epoch: 2 }, { fence: lease.fence + 1 }, { leaseId: `${lease.leaseId}x` }]) {
    expect(budget.record({ ...lease, ...wrong }, 1)).toMatchObject({
      refusal: { reason: 'LEASE_NOT_FOUND' },
    });
  }
});
