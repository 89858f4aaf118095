import { describe, expect, it } from 'vitest';
import { decide } from '../../../src/domain/decide.js';
import { Ledger } from '../../../src/domain/ledger/ledger.js';
import type { PolicyFields } from '../../../src/domain/model/policy.js';
import type { WindowStatus } from '../../../src/domain/model/types.js';
import { presetOf } from '../../../src/domain/policy/presets.js';
import { ROOMY, TestBudget } from '../../support/budget.js';

const budgetWith = (policy = {}) => new TestBudget({ ...ROOMY, ...policy });

describe('a policy that is only judged', () => {
  const judge = (fields: PolicyFields) => ({ kind: 'put-policy', fields, validateOnly: true }) as const;

  it('changes nothing, and says what would be: warnings, and the caps of before and after', () => {
    const budget = new TestBudget({ cooldownMs: 1_000 });
    const { revision } = budget.state;
    const outcome = budget.do<'budget'>(judge({ pacing: 'NONE', maxDailyPercent: 4 }));
    expect(outcome).toMatchObject({
      before: { policy: { cooldownMs: 1_000 } },
      budget: { policy: { cooldownMs: 300_000, pacing: 'NONE' }, etag: outcome.before?.etag },
      warnings: expect.arrayContaining([expect.objectContaining({ field: 'max_hourly_percent' })]),
    });
    const day = (windows: readonly WindowStatus[] = []) => windows.find(({ kind }) => kind === 'DAY')?.cap;
    expect(day(outcome.windows?.after)).toBe(5_600);
    expect(
      budget.do<'budget'>({ kind: 'put-policy', fields: { cooldownMs: 1_000 } }).windows?.before,
    ).toEqual(outcome.windows?.before);
    expect(budget.state.revision).toBe(revision);
    expect(budget.state.policy.cooldownMs).toBe(1_000);
  });

  it.each<[PolicyFields, string]>([
    [{ minDailyPercent: 9 }, 'UNWORKABLE_POLICY'],
    [{ enforcedPercent: 0 }, 'INVALID_FIELD'],
  ])('%j is refused as if it were put', (fields, reason) => {
    expect(new TestBudget().do(judge(fields))).toMatchObject({ refusal: { reason } });
  });

  it('may be that of a budget that is not there, and is not there afterwards', () => {
    const ledger = Ledger.of('unborn', undefined);
    const circumstances = {
      time: 5_000,
      maxSkewMs: 2_000,
      evidence: { receipts: new Map(), days: new Map() },
    };
    const outcome = decide(ledger, { ...judge({}), presence: 'absent' }, circumstances);
    expect(outcome).toMatchObject({ kind: 'budget', budget: { budgetId: 'unborn', etag: '' } });
    expect(ledger.exists).toBe(false);
  });
});

describe('a budget that must be there, or must not', () => {
  const put = { kind: 'put-policy', fields: { cooldownMs: 1 } } as const;

  it('is refused by its presence before anything else', () => {
    const budget = new TestBudget();
    expect(budget.do({ ...put, presence: 'absent', etag: 'stale' })).toMatchObject({
      refusal: { reason: 'BUDGET_EXISTS' },
    });
    expect(budget.do({ ...put, presence: 'present' }).kind).toBe('budget');
    budget.do({ kind: 'delete-budget', force: false });
    for (const request of [
      { ...put, presence: 'present' as const },
      { ...put, etag: '1' },
    ])
      expect(budget.do(request)).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
    expect(budget.do({ ...put, presence: 'absent' })).not.toHaveProperty('before');
  });
});

describe('an operator action', () => {
  it('says what was before', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 5_000);
    const paused = { kind: 'pause', reason: 'why', principal: 'alice' } as const;
    expect(budget.do<'budget'>(paused).before?.pause).toBeUndefined();
    expect(budget.do<'budget'>({ kind: 'resume' }).before?.pause).toMatchObject({ principal: 'alice' });
    expect(budget.do<'revoked'>({ kind: 'revoke', lease, reason: '' })).toMatchObject({
      ...{ before: { status: 'LIVE', reservedTokens: 5_000 }, lease: { status: 'REVOKED' } },
    });
    expect(budget.do({ kind: 'delete-budget', force: true })).toMatchObject({
      before: { budgetId: 'anthropic' },
    });
    expect(budget.do({ kind: 'delete-budget', force: true })).toEqual({ kind: 'deleted' });
  });
});

describe('a policy that is put', () => {
  it('replaces the whole policy, or the named fields; a named and unset field is the default again', () => {
    const budget = new TestBudget({ maxConcurrent: 5, cooldownMs: 1_000 });
    budget.do({
      kind: 'put-policy',
      fields: { cooldownMs: 2_000 },
      updateMask: ['cooldownMs', 'maxConcurrent'],
    });
    expect(budget.state.policy).toMatchObject({ cooldownMs: 2_000, maxConcurrent: 2 });
    budget.do({ kind: 'put-policy', fields: { monthlyLimit: 1_000_000 } });
    expect(budget.state.policy).toMatchObject({ monthlyLimit: 1_000_000, cooldownMs: 300_000 });
  });

  it('checks the etag, which the same content does not change', () => {
    const budget = new TestBudget();
    const first = budget.do<'budget'>({ kind: 'put-policy', fields: { cooldownMs: 1 } }).budget.etag;
    expect(
      budget.do<'budget'>({ kind: 'put-policy', fields: { cooldownMs: 1 }, etag: 'stale' }).budget.etag,
    ).toBe(first);
    expect(budget.do({ kind: 'put-policy', fields: {}, etag: 'stale' })).toMatchObject({
      refusal: { reason: 'ETAG_MISMATCH', current: first },
    });
    expect(budget.do({ kind: 'put-policy', fields: {}, etag: first })).toMatchObject({ kind: 'budget' });
  });

  it('gives two policies of one commit two etags: the first one is not current', () => {
    const budget = new TestBudget();
    const put = (cooldownMs: number) => ({ kind: 'put-policy', fields: { cooldownMs } }) as const;
    const [first, second] = budget.together(put(1), put(2));
    if (first?.kind !== 'budget' || second?.kind !== 'budget') throw new Error('not put');
    const fields = { cooldownMs: 3 };
    expect(budget.reload().do({ kind: 'put-policy', fields, etag: first.budget.etag })).toMatchObject({
      refusal: { reason: 'ETAG_MISMATCH', current: second.budget.etag },
    });
    expect(budget.do({ kind: 'put-policy', fields, etag: second.budget.etag }).kind).toBe('budget');
  });

  it('refuses a policy that cannot work, warns of one that surprises, and changes nothing when it refuses', () => {
    const budget = new TestBudget();
    const before = budget.state.revision;
    const refused = budget.do({ kind: 'put-policy', fields: { minDailyPercent: 3.5 } });
    expect(refused).toMatchObject({ refusal: { reason: 'UNWORKABLE_POLICY' } });
    expect(budget.do({ kind: 'put-policy', fields: { timeZone: 'Mars/Phobos' } })).toMatchObject({
      refusal: { reason: 'INVALID_FIELD', violations: [{ field: 'policy.time_zone' }] },
    });
    expect(budget.state.revision).toBe(before);
    const { warnings } = budget.do<'budget'>({ kind: 'put-policy', fields: { pacing: 'NONE' } });
    expect(warnings.map(({ field }) => field)).toEqual(['pacing']);
  });

  it('a preset for single calls grants what the defaults deny for good, which say that it exists', () => {
    const budget = new TestBudget();
    budget.do({ kind: 'put-policy', fields: {} });
    const [blocker] = budget.deny('a', 3_000).blockers;
    expect(blocker).toMatchObject({ rule: 'HOURLY_CAP', permanent: true });
    expect(blocker?.message).toMatch(/ask for less, or let an operator choose the preset CALLS/);
    budget.do({ kind: 'put-policy', fields: { preset: presetOf('CALLS') }, updateMask: [] });
    budget.grant('a', 3_000);
    expect(budget.deny('a', 3_000_000).blockers[0]?.message).toMatch(/ask for less$/);
  });

  it('a lowered limit ends no lease, it only denies', () => {
    const budget = budgetWith();
    const lease = budget.grant('a', 5_000);
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, maxConcurrent: 1, maxHourlyPercent: 0.1 } });
    expect(budget.lease(lease).status).toBe('LIVE');
    expect(budget.deny('b', 1).blockers.map(({ rule }) => rule)).toEqual(['CONCURRENCY', 'HOURLY_CAP']);
  });
});

describe('a changed time zone', () => {
  it('takes effect at once in a month without usage or lease', () => {
    const budget = budgetWith();
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'Asia/Kolkata' } });
    expect(budget.snapshot().today.start).toBe(Date.parse('2026-11-09T18:30:00Z'));
  });

  it('never goes back into a month that is over, which has its days and their documents', () => {
    const budget = budgetWith().at('2026-11-30T12:00:00Z');
    budget.release(budget.grant('a', 100), 100);
    budget.at('2026-12-01T03:00:00Z').writeOut().writeOut();
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'America/Los_Angeles' } });
    expect(budget.snapshot()).toMatchObject({
      budget: { zone: 'America/Los_Angeles' },
      month: { key: '2026-12', start: Date.parse('2026-12-01T00:00Z'), end: Date.parse('2027-01-01T08:00Z') },
      today: {
        day: '2026-12-01',
        start: Date.parse('2026-12-01T00:00Z'),
        end: Date.parse('2026-12-02T08:00Z'),
      },
    });
    budget.release(budget.grant('a', 30), 30);
    budget.writeOut();
    expect(budget.documents.get('1 2026-11-30')).toMatchObject({ total: 100 });
    expect(budget.documents.get('1 2026-12-01')).toMatchObject({ total: 30 });
  });

  it('is not held back by a day of the month before that is still open', () => {
    const budget = budgetWith().at('2026-11-30T23:59:55Z');
    budget.grant('a', 100, { leaseTtlMs: 10_000 });
    budget.at('2026-12-01T00:30:00Z');
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'Asia/Kolkata' } });
    expect(budget.snapshot()).toMatchObject({ budget: { zone: 'Asia/Kolkata' }, month: { key: '2026-12' } });
  });

  it('stays where it is when another field changes', () => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 10), 10);
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'America/Los_Angeles' } });
    budget.at('2026-12-01T03:00:00Z').writeOut().writeOut();
    const { month, today } = budget.snapshot();
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'America/Los_Angeles', cooldownMs: 1 } });
    expect(budget.snapshot()).toMatchObject({ month, today });
    expect(month).toMatchObject({ key: '2026-12', start: Date.parse('2026-12-01T00:00Z') });
  });

  it.each([
    ['Asia/Tokyo', '2026-12-01T15:00:00Z'],
    ['America/Los_Angeles', '2026-12-02T08:00:00Z'],
  ])('else waits for the next month, which begins where the old one ended (%s)', (timeZone, firstDayEnds) => {
    const budget = budgetWith();
    budget.release(budget.grant('a', 10), 10);
    budget.do({ kind: 'put-policy', fields: { ...ROOMY, timeZone } });
    expect(budget.snapshot()).toMatchObject({
      budget: { zone: 'UTC' },
      month: { end: Date.parse('2026-12-01') },
    });
    budget.at('2026-12-01T00:00:01Z');
    expect(budget.snapshot()).toMatchObject({
      budget: { zone: timeZone },
      month: { key: '2026-12', start: Date.parse('2026-12-01') },
      today: { day: '2026-12-01', start: Date.parse('2026-12-01'), end: Date.parse(firstDayEnds) },
    });
  });
});

describe('DeleteBudget', () => {
  it('wants force while leases live, and revokes them', () => {
    const budget = budgetWith();
    budget.grant('a', 100);
    expect(budget.do({ kind: 'delete-budget', force: false })).toMatchObject({
      refusal: { reason: 'LEASES_LIVE', count: 1 },
    });
    expect(budget.do({ kind: 'delete-budget', force: true })).toMatchObject({ kind: 'deleted', before: {} });
    expect(budget.do({ kind: 'delete-budget', force: false })).toEqual({ kind: 'deleted' });
    expect(budget.acquire('a')).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
  });

  it('leaves a tombstone on which everything goes on rising', () => {
    const budget = budgetWith();
    const old = budget.grant('a', 100);
    budget.release(old, 60);
    const { revision, fence } = budget.state;
    budget.do({ kind: 'delete-budget', force: false });
    budget.reload().do({ kind: 'put-policy', fields: ROOMY });
    expect(budget.state).toMatchObject({ epoch: 2, fence });
    expect(budget.state.revision).toBeGreaterThan(revision);
    expect(budget.window('MONTH')).toMatchObject({ spent: 0, reserved: 0 });
    expect(budget.documents.get('1 2026-11-10')).toMatchObject({ total: 60 });
    expect(budget.grant('a', 100).fence).toBe(fence + 1);
    expect(budget.record(old, 1)).toMatchObject({ refusal: { reason: 'LEASE_NOT_FOUND' } });
  });
});

it('pausing twice keeps the first reason, resuming twice is OK', () => {
  const budget = budgetWith();
  budget.do({ kind: 'pause', reason: 'first' });
  const at = budget.now;
  expect(budget.pass(1_000).do({ kind: 'pause', reason: 'second' })).toMatchObject({
    budget: { pause: { reason: 'first', at } },
  });
  budget.do({ kind: 'resume' });
  expect(budget.do<'budget'>({ kind: 'resume' }).budget.pause).toBeUndefined();
});

it('a time that is not trusted leaves no trace in a budget that is yet to be', () => {
  const budget = new TestBudget({ monthlyLimit: 0 });
  const { now } = budget;
  budget.distrust = 'it jumped';
  budget.pass(1e10).do({ kind: 'put-policy', fields: {} });
  budget.distrust = undefined;
  budget.now = now;
  budget.do({ kind: 'put-policy', fields: {} });
  expect(budget.snapshot().now).toBe(now);
  budget.grant('a', 1);
});

it('a budget that never was knows nobody', () => {
  const { state } = budgetWith();
  expect(state.exists).toBe(true);
  const absent = new TestBudget({ monthlyLimit: 0 });
  expect(absent.state.exists).toBe(false);
  expect(absent.do({ kind: 'delete-budget', force: true })).toMatchObject({
    refusal: { reason: 'BUDGET_NOT_FOUND' },
  });
  expect(absent.acquire('a')).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
});

it('requests that one commit carries with the creation of a budget find it', () => {
  const ledger = Ledger.of('new', undefined);
  const circumstances = { time: Date.parse('2026-11-10T09:10:00Z'), maxSkewMs: 2_000 };
  const evidence = { receipts: new Map(), days: new Map() };
  const put = () => decide(ledger, { kind: 'put-policy', fields: {} }, { ...circumstances, evidence });
  const first = put();
  expect(put()).toMatchObject(first);
  expect(ledger.epoch).toBe(1);
});
