import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../../src/domain/model/policy.js';
import type { Blocker } from '../../../../../src/domain/model/types.js';
import type { TeamFields } from '../../../../../src/domain/policy/scope-fields.js';
import { ROOMY, TestBudget } from '../../../../support/budget.js';

/** Each team has the AI of its name, and those whose ids begin with it and a slash. */
function teams(fields: Record<string, TeamFields>): NonNullable<PolicyFields['teams']> {
  return Object.entries(fields).map(([id, team]) => [id, { aiIds: [id, `${id}/*`], ...team }] as const);
}

/** A day's cap of so much and no other; guardian has 40 percent of it, imperium 20. */
function dayOf(cap: number, more: PolicyFields = {}): PolicyFields {
  const two = { guardian: { guaranteedPercent: 40 }, imperium: { guaranteedPercent: 20 } };
  return { ...ROOMY, monthlyLimit: cap * 100, maxDailyPercent: 1, teams: teams(two), ...more };
}

/** What becomes of a request: the tokens that it gets, or the rules that refuse it. */
function answer(budget: TestBudget, aiId: string, estimatedTokens: number): number | string {
  const outcome = budget.fork().acquire(aiId, { estimatedTokens });
  if (outcome.kind === 'granted') return outcome.lease.reservedTokens;
  if (outcome.kind === 'denied') return outcome.denial.blockers.map(({ rule }) => rule).join(' ');
  throw new Error(JSON.stringify(outcome));
}

function refusal(budget: TestBudget, aiId: string, estimatedTokens: number): Blocker | undefined {
  return budget
    .fork()
    .deny(aiId, estimatedTokens)
    .blockers.find(({ rule }) => rule === 'KEPT_FOR_OTHERS');
}

/** 18:00: guardian has taken 300, imperium nothing, others 2,000. */
function theDay(more: PolicyFields = {}): TestBudget {
  const budget = new TestBudget(dayOf(4_574, more), '2026-11-10T10:00:00Z');
  budget.release(budget.grant('guardian', 300), 300);
  budget.release(budget.grant('sandbox', 1_500), 1_500);
  budget.at('2026-11-10T17:59:00Z').grant('batch', 500);
  return budget.at('2026-11-10T18:00:00Z');
}

describe('the day of sharing.md', () => {
  it.each<[string, number, number | string]>([
    ['sandbox', 500, 500],
    ['sandbox', 902, 902],
    ['sandbox', 903, 'KEPT_FOR_OTHERS'],
    ['sandbox', 1_000, 'KEPT_FOR_OTHERS'],
    ['guardian', 1_000, 1_000],
    ['guardian/night', 1_000, 1_000],
    ['guardian', 1_817, 1_817],
    ['guardian', 1_818, 'KEPT_FOR_OTHERS'],
    ['imperium', 1_359, 1_359],
    ['imperium', 1_500, 'KEPT_FOR_OTHERS'],
  ])('%s asks %i: %s', (aiId, tokens, expected) => {
    expect(answer(theDay(), aiId, tokens)).toBe(expected);
  });

  it('tells who has it, what is free, and when as much is', () => {
    expect(refusal(theDay(), 'sandbox', 1_000)).toEqual({
      ...{
        rule: 'KEPT_FOR_OTHERS',
        window: 'DAY',
        limit: 3_202,
        spent: 1_800,
        reserved: 500,
        requested: 1_000,
      },
      message: '1,372 are kept for guardian and imperium; 902 are free for sandbox now',
      availableAt: expect.any(Number),
    });
    expect(refusal(theDay(), 'imperium/x', 1_500)).toMatchObject({
      message: '915 are kept for guardian; 1,359 are free for imperium now',
      scope: 'imperium',
      limit: 3_659,
    });
  });

  it('says amounts of money as money', () => {
    const money = dayOf(4_574_000, { unit: 'USD', minReservation: 1 });
    const budget = new TestBudget(money, '2026-11-10T18:00:00Z');
    expect(refusal(budget, 'sandbox', 4_000_000)?.message).toMatch(
      /^\$1\.3722 are kept for guardian and imperium; \$3\.2018 are free for sandbox now/,
    );
  });

  it('shows what is kept, for all teams and for the one that asks', () => {
    const budget = theDay();
    expect(budget.window('DAY').kept).toBe(1_372);
    const { team } = budget.do<'availability'>({ kind: 'get-availability', aiId: 'imperium' });
    expect(team?.windows).toMatchObject([{ kept: 91_480 }, { kept: 457 }, { kind: 'MONTH' }]);
  });

  it('says when as much is free, to the millisecond', () => {
    const budget = theDay();
    budget.now = refusal(budget, 'sandbox', 1_000)?.availableAt ?? 0;
    expect(new Date(budget.now).toISOString()).toBe('2026-11-10T18:25:47.075Z');
    expect(answer(budget, 'sandbox', 1_000)).toBe(1_000);
    expect(answer(budget.pass(-1), 'sandbox', 1_000)).toBe('KEPT_FOR_OTHERS');
  });

  it('keeps all of it to the end where nothing is lent', () => {
    const budget = theDay();
    budget.do({ kind: 'put-policy', fields: dayOf(4_574, { lending: 'NEVER' }) });
    expect(refusal(budget, 'sandbox', 1_000)).toMatchObject({
      message: '2,443 are kept for guardian and imperium; 0 are free for sandbox now',
      availableAt: Date.parse('2026-11-11T00:00:00Z'),
    });
    expect(answer(budget.at('2026-11-10T23:59:00Z'), 'guardian', 1_529)).toBe(1_529);
  });

  it('gives a caller without an estimate its part of what is free for it', () => {
    const budget = theDay({ maxConcurrent: 3 });
    const outcome = budget.acquire('sandbox');
    expect(outcome).toMatchObject({ lease: { reservedTokens: 451 } });
    const { availableTokens } = budget.do<'availability'>({ kind: 'get-availability', aiId: 'sandbox' });
    expect(availableTokens).toBe(902 - 451);
  });

  it('is what a smaller grant, and a raise, draw on', () => {
    const budget = theDay();
    const lease = budget.grant('sandbox', 2_000, { atLeastTokens: 900 });
    expect(lease.view.reservedTokens).toBe(900);
    const raised = (reserveTokens: number) =>
      budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens, leaseTtlMs: 1_000 });
    expect(raised(903).raiseDenied?.blockers).toMatchObject([{ rule: 'KEPT_FOR_OTHERS', requested: 3 }]);
    expect(raised(902).lease.reservedTokens).toBe(902);
  });
});

describe('what is promised', () => {
  /** Cap 100, a and b 50 each, late in the day: others took 58, a takes its 21 and b asks for its own. */
  it('to one team is not kept again for another that came late', () => {
    const two = teams({ a: { guaranteedPercent: 50 }, b: { guaranteedPercent: 50 } });
    const budget = new TestBudget(dayOf(100, { teams: two }), '2026-11-10T17:00:00Z');
    // Just before 19:00 the hour keeps nearly nothing, the day 21 for each.
    budget.at('2026-11-10T18:59:59.900Z').grant('other', 58);
    budget.grant('a', 21);
    expect(answer(budget, 'b', 22)).toBe('DAILY_CAP KEPT_FOR_OTHERS');
    expect(answer(budget, 'a', 1)).toBe('KEPT_FOR_OTHERS');
    expect(answer(budget, 'other', 1)).toBe('KEPT_FOR_OTHERS');
    expect(answer(budget.reload(), 'b', 21)).toBe(21);
  });

  it('may be lost by a burst late in the day', () => {
    const budget = theDay();
    budget.at('2026-11-10T23:00:00Z').grant('batch', 2_000);
    expect(answer(budget, 'imperium', 77)).toBe(77);
    expect(answer(budget, 'imperium', 914)).toBe('DAILY_CAP KEPT_FOR_OTHERS');
  });
});

describe('paced hours', () => {
  const even = (more: PolicyFields = {}) =>
    dayOf(2_400, {
      pacing: 'EVEN',
      monthlyLimit: 72_000,
      maxDailyPercent: 100,
      maxHourlyPercent: 1,
      ...more,
    });

  it('keep a part of what pacing leaves, also of an untouched hour', () => {
    // The first of 30 days: 2,400 of it, an hour 125, 50 for guardian and 25 for imperium.
    const budget = new TestBudget(even(), '2026-11-01T00:00:00Z');
    expect(answer(budget, 'sandbox', 50)).toBe(50);
    expect(refusal(budget, 'sandbox', 51)).toMatchObject({
      message: '75 are kept for guardian and imperium this hour; 50 are free for sandbox now',
      window: 'HOUR',
      limit: 50,
    });
  });

  it('do not bind a team that has taken less of the day than its guarantee comes to by now', () => {
    const budget = new TestBudget(even(), '2026-11-01T09:30:00Z');
    budget.grant('sandbox', 10);
    // 960 of the day, 400 by 10:00.
    expect(answer(budget, 'guardian', 400)).toBe(400);
    expect(answer(budget, 'guardian', 401)).toContain('HOURLY_CAP');
    budget.grant('guardian', 400);
    // The hour is filled beyond its part: what is promised of it to the other is there all the same.
    expect(answer(budget, 'sandbox', 1)).toContain('HOURLY_CAP');
    expect(answer(budget, 'imperium', 200)).toBe(200);
    expect(answer(budget, 'imperium', 201)).toContain('HOURLY_CAP');
  });

  it('are bound by the hour at most', () => {
    const budget = new TestBudget(even({ maxHourlyPercent: 0.3 }), '2026-11-01T09:30:00Z');
    // 216 an hour, and 40 of its 200 for imperium.
    expect(answer(budget, 'guardian', 176)).toBe(176);
    expect(answer(budget, 'guardian', 177)).toBe('KEPT_FOR_OTHERS');
    expect(answer(budget, 'guardian', 217)).toBe('HOURLY_CAP KEPT_FOR_OTHERS');
  });
});

describe('slots', () => {
  const two = teams({ guardian: { guaranteedSlots: 1 }, imperium: { guaranteedSlots: 2 } });
  const policy: PolicyFields = { ...ROOMY, maxConcurrent: 4, teams: two };

  it('are kept for teams that hold fewer than are guaranteed', () => {
    const budget = new TestBudget(policy);
    budget.grant('sandbox', 1);
    expect(refusal(budget, 'sandbox', 1)).toMatchObject({
      ...{ limit: 1, spent: 1, requested: 1, availableAt: budget.now + 120_000 },
      message:
        '3 slots are kept for guardian and imperium, and 1 of 4 are live: none is free for sandbox now',
    });
    budget.grant('guardian', 1);
    expect(answer(budget, 'guardian', 1)).toBe('KEPT_FOR_OTHERS');
    budget.grant('imperium', 1);
    expect(answer(budget, 'sandbox', 1)).toBe('KEPT_FOR_OTHERS');
    budget.grant('imperium', 1);
    expect(answer(budget, 'imperium', 1)).toBe('CONCURRENCY');
  });

  it('are free again with the end of a lease that frees one', () => {
    const budget = new TestBudget(policy);
    budget.grant('guardian', 1, { leaseTtlMs: 10_000 });
    budget.grant('imperium', 1, { leaseTtlMs: 20_000 });
    budget.grant('sandbox', 1, { leaseTtlMs: 30_000 });
    // The ends of guardian's and imperium's only keep a slot more.
    expect(refusal(budget, 'sandbox', 1)).toMatchObject({ availableAt: budget.now + 30_000 });
  });
});

describe('a policy', () => {
  it('that guarantees a team nothing any more forgets what lapsed for it', () => {
    const budget = theDay();
    budget.grant('guardian', 1);
    expect([...budget.state.tables.lapsed.keys()]).toEqual(['DAY guardian']);
    budget.do({
      kind: 'put-policy',
      fields: dayOf(4_574, { teams: teams({ imperium: { guaranteedPercent: 9 } }) }),
    });
    expect(budget.state.tables.lapsed.size).toBe(0);
  });
});
