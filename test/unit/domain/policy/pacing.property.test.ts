import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnKnownDays } from '../../../../src/domain/ledger/past-days.js';
import { type Policy, policyInForce } from '../../../../src/domain/model/policy.js';
import { allowanceOf } from '../../../../src/domain/policy/allowance.js';
import { EXPERIENCE_DAYS, type PastDay } from '../../../../src/domain/policy/experience.js';
import { dayCapTokens } from '../../../../src/domain/policy/pacing.js';
import { dayIn, daysBefore, daysInMonth } from '../../../../src/domain/time/calendar.js';
import { calendarDay } from '../../../../src/domain/time/windows.js';
import { TestBudget } from '../../../support/budget.js';
import { refOf } from '../../../support/requests.js';
import { testSeed } from '../../../support/seed.js';

const pastDay = fc.record({ total: fc.integer({ min: 0, max: 40_000 }), refused: fc.boolean() });
const history = fc.array(fc.option(pastDay, { nil: undefined }), { minLength: 28, maxLength: 28 });
const policies = fc
  .record({
    evennessPercent: fc.oneof(
      fc.constantFrom(0, 93.3333, 99.9999, 100),
      fc.integer({ min: 0, max: 1_000_000 }).map((units) => units / 10_000),
    ),
    minDailyPercent: fc.constantFrom(0, 1, 2, 3),
    maxDailyPercent: fc.constantFrom(3.5, 8, 100),
    monthlyLimit: fc.constantFrom(1_000, 200_000, 7_777_777),
  })
  .map((fields) => policyInForce({ ...fields, pacing: 'EVEN' }));

/** What a day found, and what an equal part of what was left came to on it. */
interface DayOfMonth {
  readonly cap: number;
  readonly equalPart: number;
}

/**
 * On each day every later one is promised its equal part, up to its evenness of an even month's day or to the minimum: no day in
 * between takes it.
 */
function expectPromisesKept(policy: Policy, month: readonly DayOfMonth[], days: number): void {
  const { grantable, dailyMax, dailyMin } = allowanceOf(policy);
  const kept = Math.max((grantable * policy.evennessPercent) / 100 / days, dailyMin);
  let promised = 0;
  for (const { cap, equalPart } of month) {
    expect(cap).toBeGreaterThanOrEqual(Math.floor(Math.min(dailyMax, promised) + 1e-9));
    promised = Math.max(promised, Math.min(kept, equalPart));
  }
}

/** A month whose days take as much as `demandOn` says, within their caps. */
function month(
  policy: Policy,
  days: number,
  past: readonly (PastDay | undefined)[],
  demandOn: (day: number) => number,
) {
  const allowance = allowanceOf(policy);
  const taken: PastDay[] = [];
  const seen: (DayOfMonth & { taken: number })[] = [];
  let before = 0;
  for (let day = 0; day < days; day += 1) {
    const daysLeft = days - day;
    const last = [...taken.toReversed(), ...past].slice(0, EXPERIENCE_DAYS);
    const cap = dayCapTokens(allowance, policy, { before, daysLeft, daysInMonth: days, past: last });
    const wanted = demandOn(day);
    const total = Math.min(wanted, cap);
    seen.push({ cap, equalPart: (allowance.grantable - before) / daysLeft, taken: total });
    taken.push({ total, refused: wanted > cap && cap < allowance.dailyMax });
    before += total;
  }
  return seen;
}

describe('a month under EVEN, whatever was before it', () => {
  const lengths = fc.integer({ min: 28, max: 31 });

  it('keeps for every later day what it was promised, and is never overdrawn', () => {
    fc.assert(
      fc.property(
        policies,
        lengths,
        history,
        fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 31, maxLength: 31 }),
        (policy, days, past, wishes) => {
          const { grantable } = allowanceOf(policy);
          const seen = month(policy, days, past, (day) =>
            Math.round((wishes[day] ?? 0) * (grantable / days)),
          );
          expectPromisesKept(policy, seen, days);
          expect(seen.reduce((sum, day) => sum + day.taken, 0)).toBeLessThanOrEqual(grantable);
        },
      ),
      { seed: testSeed('promises of EVEN'), numRuns: 400 },
    );
  });

  it('of saturating demand is used up, with a spread of at most 1 - f / 1.5', () => {
    fc.assert(
      fc.property(policies, lengths, history, (policy, days, past) => {
        const { grantable, dailyMax } = allowanceOf(policy);
        const totals = month(policy, days, past, () => Number.MAX_SAFE_INTEGER).map((day) => day.taken);
        const [most, least] = [Math.max(...totals), Math.min(...totals)];
        expect(least + 1).toBeGreaterThanOrEqual(
          Math.min((most - 1) * (policy.evennessPercent / 150), dailyMax),
        );
        if (dailyMax * days >= 2 * grantable)
          expect(totals.reduce((sum, total) => sum + total, 0)).toBe(grantable);
      }),
      { seed: testSeed('saturating months'), numRuns: 400 },
    );
  });
});

const HOUR_MS = 3_600_000;
/** What an AI asks for, in which hour of the day, and how much of it it uses: seldom more than it reserved. */
const slot = fc.record({
  hour: fc.integer({ min: 0, max: 22 }),
  asked: fc.integer({ min: 1, max: 4_200 }),
  used: fc.oneof(
    { weight: 400, arbitrary: fc.constant(1) },
    { weight: 200, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 1, max: 2, noNaN: true }) },
  ),
});
/** Once in so many times. */
function seldom<T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}
const change = fc.record({
  monthlyLimit: fc.constantFrom(150_000, 200_000, 300_000),
  evennessPercent: fc.constantFrom(0, 50, 93.3333, 100),
  minDailyPercent: fc.constantFrom(0, 2),
});
/** Days on which so many slots are asked for. */
const daysOfWork = (minLength: number, maxLength: number) =>
  fc.array(
    fc.record({
      slots: fc.array(slot, { minLength, maxLength }),
      /** What an operator corrects of the day before. */
      correction: seldom(12, fc.integer({ min: -2_000, max: 500 })),
      change: seldom(60, change),
    }),
    { minLength: 31, maxLength: 31 },
  );
const work = fc.oneof(daysOfWork(0, 5), daysOfWork(5, 9));
type DayOfWork = typeof work extends fc.Arbitrary<readonly (infer T)[]> ? T : never;

const ZONE = 'Europe/Berlin';

/**
 * A month in which anything may happen, day by day. What no pacing could keep, a correction that brings usage in, usage above what was
 * reserved, and another policy, ends what was promised: from then on as much is promised anew, of what is left.
 */
class LivedMonth {
  readonly budget: TestBudget;
  private seen: DayOfMonth[] = [];
  /** What came beside what was granted. */
  private beyond = 0;
  private mostGrantable = 0;

  constructor(
    private readonly key: string,
    evennessPercent: number,
    takenBefore: number,
  ) {
    const paced = { pacing: 'EVEN', evennessPercent } as const;
    const fields = { ...paced, timeZone: ZONE, cooldownMs: 0, maxHourlyPercent: 3 };
    const first = dayIn(key, 1);
    this.budget = new TestBudget(fields, new Date(startOf(first)).toISOString());
    const past = { total: takenBefore, hours: [], refused: false };
    learnKnownDays(
      this.budget.state,
      daysBefore(first, EXPERIENCE_DAYS).map((day) => ({ day, ...past })),
    );
  }

  live({ slots, correction = 0, change }: DayOfWork, at: number): void {
    const { budget, key } = this;
    const day = dayIn(key, at + 1);
    budget.now = startOf(day);
    if (at > 0 && correct(budget, correction, dayIn(key, at))) this.unforeseen(correction);
    if (change !== undefined) {
      const fields = { ...budget.state.policyFields, ...change };
      expect(budget.do({ kind: 'put-policy', fields }).kind).toBe('budget');
      this.unforeseen(0);
    }
    this.look(at);
    for (const { hour, asked, used } of slots.toSorted((a, b) => a.hour - b.hour)) {
      budget.now = startOf(day) + hour * HOUR_MS;
      const outcome = budget.acquire('a', { estimatedTokens: asked });
      if (outcome.kind !== 'granted') continue;
      const tokens = Math.round(used * asked);
      budget.release(refOf(outcome), tokens);
      if (tokens > asked) this.unforeseen(tokens - asked);
    }
  }

  /** At the start of a day, before anything is asked for. */
  private look(at: number): void {
    const { budget } = this;
    const { cap, spent, reserved } = budget.writeOut().window('DAY');
    const { allowance, tables, policy } = budget.state;
    const left = Math.max(0, allowance.grantable - tables.monthSpent);
    this.seen.push({ cap, equalPart: left / (daysInMonth(this.key) - at) });
    this.mostGrantable = Math.max(this.mostGrantable, allowance.grantable);
    expect(spent + reserved).toBe(0);
    expectPromisesKept(policy, this.seen, daysInMonth(this.key));
  }

  private unforeseen(tokens: number): void {
    this.seen = [];
    this.beyond += tokens;
  }

  expectNotOverdrawn(): void {
    expect(this.budget.state.tables.monthSpent).toBeLessThanOrEqual(this.mostGrantable + this.beyond);
  }
}

function startOf(day: string): number {
  return calendarDay(ZONE, day).start;
}

describe('a budget under EVEN', () => {
  it('keeps its promises in months of all lengths, on days on which clocks are changed, and from any change, overrun or correction on', {
    timeout: 300_000,
  }, () => {
    fc.assert(
      fc.property(
        fc.constantFrom('2026-02', '2028-02', '2026-03', '2026-10', '2026-04'),
        fc.constantFrom(0, 50, 93.3333, 100),
        fc.constantFrom(1, 1_000, 4_000),
        work,
        (key, evennessPercent, takenBefore, days) => {
          const month = new LivedMonth(key, evennessPercent, takenBefore);
          for (const [at, day] of days.slice(0, daysInMonth(key)).entries()) month.live(day, at);
          month.expectNotOverdrawn();
        },
      ),
      { seed: testSeed('months under EVEN'), numRuns: 40, endOnFailure: true },
    );
  });
});

/** Whether the days before took more than they had been granted. */
function correct(budget: TestBudget, tokens: number, day: string): boolean {
  const about = { adjustmentId: `of ${day}`, reason: '', fingerprint: '', day };
  return tokens !== 0 && budget.do({ kind: 'adjust', tokens, ...about }).kind === 'adjusted' && tokens > 0;
}
