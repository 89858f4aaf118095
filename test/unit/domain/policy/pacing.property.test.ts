import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Policy, policyInForce } from '../../../../src/domain/model/policy.js';
import { allowanceOf } from '../../../../src/domain/policy/allowance.js';
import { EXPERIENCE_DAYS, type PastDay } from '../../../../src/domain/policy/experience.js';
import { dayCapTokens } from '../../../../src/domain/policy/pacing.js';
import { dayIn, daysInMonth } from '../../../../src/domain/time/calendar.js';
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

/** What a later day found, and what it had been promised on an earlier one. */
interface DayOfMonth {
  readonly cap: number;
  readonly equalPart: number;
}

/** No day takes what a later one was to find: of an even month's day its evenness, and its minimum, where there was as much. */
function expectPromisesKept(policy: Policy, month: readonly DayOfMonth[], days: number): void {
  const { grantable, dailyMax, dailyMin } = allowanceOf(policy);
  const ofEvenDay = (grantable * policy.evennessPercent) / 100 / days;
  let promised = Number.POSITIVE_INFINITY;
  for (const { cap, equalPart } of month) {
    promised = Math.min(promised, Math.max(Math.min(ofEvenDay, equalPart), Math.min(dailyMin, equalPart)));
    expect(cap).toBeGreaterThanOrEqual(Math.floor(Math.min(dailyMax, promised) + 1e-9));
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
/** What an AI asks for, in which hour of the day, and how much of it it uses; what an operator corrects of a day before. */
const slot = fc.record({
  hour: fc.integer({ min: 0, max: 22 }),
  asked: fc.integer({ min: 1, max: 4_000 }),
  used: fc.double({ min: 0, max: 1, noNaN: true }),
});
const dayOfWork = fc.record({
  slots: fc.array(slot, { maxLength: 5 }),
  correction: fc.option(fc.integer({ min: -2_000, max: 500 }), { nil: undefined, freq: 6 }),
});

describe('a budget under EVEN', () => {
  it('keeps its promises in months of all lengths, on days on which clocks are changed, and with corrections', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(
        fc.constantFrom('2026-02', '2028-02', '2026-03', '2026-10', '2026-04'),
        fc.constantFrom(0, 50, 93.3333, 100),
        fc.array(dayOfWork, { minLength: 31, maxLength: 31 }),
        (key, evennessPercent, work) => {
          const zone = 'Europe/Berlin';
          const fields = {
            pacing: 'EVEN',
            evennessPercent,
            timeZone: zone,
            cooldownMs: 0,
            maxHourlyPercent: 3,
          } as const;
          const start = (day: string) => calendarDay(zone, day).start;
          const budget = new TestBudget(fields, new Date(start(dayIn(key, 1))).toISOString());
          let seen: DayOfMonth[] = [];
          for (const [at, { slots, correction }] of work.slice(0, daysInMonth(key)).entries()) {
            const day = dayIn(key, at + 1);
            budget.now = start(day);
            const grown = correction !== undefined && at > 0 && correct(budget, correction, dayIn(key, at));
            // What is brought in from elsewhere no pacing could keep: the rest is promised anew.
            if (grown) seen = [];
            const { cap, spent, reserved } = budget.writeOut().window('DAY');
            const left = Math.max(0, 137_200 - budget.state.tables.monthSpent);
            seen.push({ cap, equalPart: left / (daysInMonth(key) - at) });
            expect(spent + reserved).toBe(0);
            for (const { hour, asked, used } of slots.toSorted((a, b) => a.hour - b.hour)) {
              budget.now = start(day) + hour * HOUR_MS;
              const outcome = budget.acquire('a', { estimatedTokens: asked });
              if (outcome.kind === 'granted') budget.release(refOf(outcome), Math.round(used * asked));
            }
            expectPromisesKept(budget.state.policy, seen, daysInMonth(key));
          }
          expect(budget.state.tables.monthSpent).toBeLessThanOrEqual(137_200 + 31 * 500);
        },
      ),
      { seed: testSeed('months under EVEN'), numRuns: 25 },
    );
  });
});

/** Whether the days before took more than they had been granted. */
function correct(budget: TestBudget, tokens: number, day: string): boolean {
  const about = { adjustmentId: `of ${day}`, reason: '', fingerprint: '', day };
  return budget.do({ kind: 'adjust', tokens, ...about }).kind === 'adjusted' && tokens > 0;
}
