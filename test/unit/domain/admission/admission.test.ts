import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';

const T = (moment: string) => Date.parse(moment);
const only = (policy: PolicyFields) => new TestBudget({ ...ROOMY, ...policy });

/** One rule at a time: what its blocker says. */
describe('each rule of admission', () => {
  it('PAUSED names the reason, and nobody knows until when', () => {
    const budget = only({});
    budget.do({ kind: 'pause', reason: 'incident' });
    const denial = budget.deny('a', 10);
    expect(denial.blockers).toMatchObject([{ rule: 'PAUSED', message: expect.stringContaining('incident') }]);
    expect(denial).toMatchObject({ permanent: false });
    expect(denial.availableAt).toBeUndefined();
    budget.do({ kind: 'resume' });
    budget.grant('a', 10);
  });

  it('EMERGENCY from its share of the enforced limit on, until the month ends', () => {
    const budget = only({ monthlyLimit: 10_000, emergencyPercent: 98, maxReportTokens: 10_000 });
    budget.record(budget.grant('a', 9_799), 9_799);
    budget.record(budget.grant('a', 1), 1);
    expect(budget.deny('b', 1).blockers).toMatchObject([
      { rule: 'EMERGENCY', limit: 9_800, spent: 9_800, availableAt: T('2026-12-01') },
    ]);
  });

  it('REQUEST_TOO_LARGE is permanent', () => {
    const denial = only({ maxRequestTokens: 1_000 }).deny('a', 1_001);
    expect(denial.blockers).toMatchObject([{ rule: 'REQUEST_TOO_LARGE', limit: 1_000, requested: 1_001 }]);
    expect(denial.permanent).toBe(true);
  });

  it('COOLDOWN counts from the last grant, in seconds', () => {
    const budget = only({ cooldownMs: 300_000 });
    budget.release(budget.grant('a', 10));
    const from = budget.now;
    budget.pass(60_500);
    expect(budget.deny('a', 10)).toMatchObject({
      blockers: [{ rule: 'COOLDOWN', limit: 300, spent: 60, availableAt: from + 300_000 }],
      retryAfterMs: 239_500,
    });
    budget.grant('b', 10);
    budget.now = from + 299_999;
    budget.deny('a', 10);
    budget.now = from + 300_000;
    budget.grant('a', 10);
  });

  it('CONCURRENCY until the earliest end of those who hold the slots', () => {
    const budget = only({ maxConcurrent: 2 });
    const first = budget.grant('a', 10, { leaseTtlMs: 60_000 });
    budget.grant('b', 10, { leaseTtlMs: 90_000 });
    expect(budget.deny('c', 10).blockers).toMatchObject([
      { rule: 'CONCURRENCY', limit: 2, spent: 2, requested: 1, availableAt: first.view.expiresAt },
    ]);
    budget.now = first.view.expiresAt - 1;
    budget.deny('c', 10);
    budget.now = first.view.expiresAt;
    budget.grant('c', 10);
  });

  it.each([
    // live, and then allowed: the end of which lease opens a slot
    [5, 2, 4],
    [5, 5, 1],
    [5, 1, 5],
    [3, 2, 2],
  ])('of %i live slots and %i allowed, until the end number %i', (live, allowed, nth) => {
    const both = (most: number) => ({ ...ROOMY, maxConcurrent: most, maxConcurrentPerAi: most });
    const budget = new TestBudget(both(live));
    // Not in the order of their ends.
    const ends = [50, 20, 40, 10, 30].slice(0, live).map((seconds) => {
      return budget.grant('a', 10, { leaseTtlMs: seconds * 1_000 }).view.expiresAt;
    });
    const end = ends.sort((a, b) => a - b)[nth - 1];
    budget.do({ kind: 'put-policy', fields: both(allowed) });
    const blockers = () => budget.deny('a', 10).blockers;
    expect(blockers()).toMatchObject([
      { rule: 'CONCURRENCY', limit: allowed, spent: live, availableAt: end },
      { rule: 'AI_CONCURRENCY', limit: allowed, spent: live, availableAt: end },
    ]);
    budget.now = (end ?? 0) - 1;
    expect(blockers()).toMatchObject([{ availableAt: end }, { availableAt: end }]);
    budget.now += 1;
    budget.grant('a', 10);
  });

  it('in mode OBSERVE more are live than allowed, too', () => {
    const budget = only({ mode: 'OBSERVE', maxConcurrent: 1 });
    const [, second] = [30_000, 60_000].map(
      (leaseTtlMs) => budget.grant('a', 10, { leaseTtlMs }).view.expiresAt,
    );
    const outcome = budget.acquire('b', { estimatedTokens: 10 });
    expect(outcome).toMatchObject({
      wouldDeny: { blockers: [{ rule: 'CONCURRENCY', availableAt: second }] },
    });
  });

  it('AI_CONCURRENCY until that AI has a slot less', () => {
    const budget = only({ maxConcurrentPerAi: 1 });
    budget.grant('b', 10, { leaseTtlMs: 5_000 });
    const own = budget.grant('a', 10);
    expect(budget.deny('a', 10).blockers).toMatchObject([
      { rule: 'AI_CONCURRENCY', limit: 1, spent: 1, availableAt: own.view.expiresAt },
    ]);
  });

  it.each([
    // rule, policy, spent, then asked for: the cap, and the next window
    ['HOURLY_CAP', { maxHourlyPercent: 1 }, 9_000, 1_001, 10_000, '2026-11-10T10:00Z'],
    ['DAILY_CAP', { maxDailyPercent: 1 }, 9_000, 1_001, 10_000, '2026-11-11T00:00Z'],
    ['MONTHLY_CAP', {}, 999_000, 1_001, 1_000_000, '2026-12-01T00:00Z'],
    ['AI_DAILY_CAP', { maxDailyPercentPerAi: 1 }, 9_000, 1_001, 10_000, '2026-11-11T00:00Z'],
  ] as const)('%s from its cap on, until the next window', (rule, policy, spent, requested, limit, next) => {
    const budget = only(policy);
    budget.release(budget.grant('a', spent), spent);
    const denial = budget.deny('a', requested);
    const blocker = denial.blockers.find((one) => one.rule === rule);
    expect(blocker).toMatchObject({ limit, spent, reserved: 0, requested, availableAt: T(next) });
    expect(denial).toMatchObject({ availableAt: T(next), permanent: false });
    budget.grant('a', requested - 1);
  });

  it.each([
    ['HOURLY_CAP', { maxHourlyPercent: 1 }],
    ['DAILY_CAP', { maxDailyPercent: 1 }],
    ['AI_DAILY_CAP', { maxDailyPercentByAi: [['a', 1]] as const }],
  ] as const)('%s is permanent for more than it ever admits', (rule, policy) => {
    const denial = only(policy).deny('a', 10_001);
    expect(denial).toMatchObject({ blockers: [{ rule }], permanent: true });
    expect(denial.availableAt).toBeUndefined();
  });

  it('a cap that only reservations fill opens when the first holder ends', () => {
    const budget = only({ maxHourlyPercent: 1 });
    const holder = budget.grant('a', 6_000, { leaseTtlMs: 30_000 });
    expect(budget.deny('b', 5_000).blockers).toMatchObject([
      { rule: 'HOURLY_CAP', spent: 0, reserved: 6_000, availableAt: holder.view.expiresAt },
    ]);
  });

  it('a lease that has spent all it held is no holder: its end frees nothing', () => {
    const budget = only({ maxHourlyPercent: 1 });
    budget.record(budget.grant('a', 3_000, { leaseTtlMs: 30_000 }), 3_000);
    const holder = budget.grant('b', 4_000, { leaseTtlMs: 60_000 });
    expect(budget.deny('c', 5_000).blockers).toMatchObject([
      { rule: 'HOURLY_CAP', spent: 3_000, reserved: 4_000, availableAt: holder.view.expiresAt },
    ]);
  });

  it('another AI is not held by AI_DAILY_CAP', () => {
    const budget = only({ maxDailyPercentPerAi: 1 });
    budget.release(budget.grant('a', 10_000), 10_000);
    expect(budget.deny('a', 1).blockers).toMatchObject([{ rule: 'AI_DAILY_CAP' }]);
    budget.grant('b', 10_000);
  });
});

describe('a denial', () => {
  it('lists every rule that refuses, in order, and the latest end', () => {
    const budget = new TestBudget({ fallbackBudgetIds: ['openai', 'local'], maxConcurrent: 1 });
    budget.grant('a', 700);
    const denial = budget.deny('a', 700);
    expect(denial.blockers.map(({ rule }) => rule)).toEqual([
      'COOLDOWN',
      'CONCURRENCY',
      'AI_CONCURRENCY',
      'HOURLY_CAP',
    ]);
    expect(denial.availableAt).toBe(budget.now + 300_000);
    expect(denial.fallbackBudgetIds).toEqual(['openai', 'local']);
  });

  it('burns nothing: the request id is free, the state unchanged', () => {
    const budget = only({ maxConcurrent: 1 });
    const lease = budget.grant('a', 10);
    const before = budget.state.revision;
    expect(budget.acquire('b', { requestId: 'same' }).kind).toBe('denied');
    expect(budget.state.revision).toBe(before);
    budget.release(lease);
    budget.grant('b', 10, { requestId: 'same', fingerprint: 'other content' });
  });

  it('in mode OBSERVE becomes a grant that says so; a pause holds', () => {
    const budget = only({ mode: 'OBSERVE', maxConcurrent: 1 });
    budget.grant('a', 10);
    const outcome = budget.acquire('b', { estimatedTokens: 10 });
    expect(outcome).toMatchObject({ kind: 'granted', wouldDeny: { blockers: [{ rule: 'CONCURRENCY' }] } });
    budget.do({ kind: 'pause', reason: '' });
    budget.deny('c', 10);
  });
});

describe('without an estimate', () => {
  it.each([
    ['what the tightest window has left, divided among the free slots', {}, 350],
    ['rounded up', { maxConcurrent: 3 }, 234],
    ['at least the minimum', { minReservation: 400 }, 400],
    ['never above the largest request', { maxRequestTokens: 50 }, 50],
    ['or what the policy says', { defaultReservation: 123 }, 123],
  ] as const)('an AI gets %s', (_, policy, reserved) => {
    expect(new TestBudget(policy).grant('a').view.reservedTokens).toBe(reserved);
  });

  it('the window denies where less than the minimum is left', () => {
    const budget = new TestBudget({ cooldownMs: 0 });
    budget.release(budget.grant('a', 650), 650);
    expect(budget.deny('b').blockers).toMatchObject([{ rule: 'HOURLY_CAP', requested: 100 }]);
    expect(budget.do<'availability'>({ kind: 'get-availability', aiId: 'b' })).toMatchObject({
      availableTokens: 50,
      denial: { blockers: [{ rule: 'HOURLY_CAP' }] },
    });
  });
});

it('a clock that is not trusted grants nothing, and everything else goes on', () => {
  const budget = only({});
  const lease = budget.grant('a', 100);
  budget.distrust = 'it jumped';
  budget.now += 3_600_000;
  expect(budget.acquire('b')).toMatchObject({ kind: 'refused', refusal: { reason: 'CLOCK_NOT_TRUSTED' } });
  expect(budget.record(lease, 10)).toMatchObject({ chargedTokens: 10, late: false });
  expect(budget.release(lease)).toMatchObject({ freedTokens: 90 });
});
