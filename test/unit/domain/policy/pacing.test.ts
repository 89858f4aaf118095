import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Pacing } from '../../../../src/domain/model/policy.js';
import { allowanceOf } from '../../../../src/domain/policy/allowance.js';
import { NO_EXPERIENCE, type PastDay } from '../../../../src/domain/policy/experience.js';
import { dayCap, hourCap } from '../../../../src/domain/policy/pacing.js';
import { TestBudget } from '../../../support/budget.js';
import { pastDays } from '../../../support/past-days.js';

const allowance = allowanceOf(DEFAULT_POLICY); // 140,000 enforced, 137,200 grantable, 11,200 / 2,800 a day, 700 an hour

const NONE = NO_EXPERIENCE.days;

interface Day {
  readonly before: number;
  readonly daysLeft: number;
  readonly past?: readonly (PastDay | undefined)[];
  readonly evenness?: number;
  readonly minimum?: number;
}

function capOn(pacing: Pacing, { before, daysLeft, past = NONE, evenness = 93.3333, minimum = 2_800 }: Day) {
  const input = { before, daysLeft, daysInMonth: 30, past };
  return dayCap(
    { ...allowance, dailyMin: minimum },
    { ...DEFAULT_POLICY, pacing, evennessPercent: evenness },
    input,
  );
}

describe("the day's cap in force", () => {
  it.each<[Pacing, number, number, number]>([
    // pacing, spent before, days left, cap
    ['NONE', 0, 30, 11_200],
    ['NONE', 137_000, 2, 11_200],
    ['FLOOR', 0, 30, 11_200],
    ['FLOOR', 56_000, 25, 11_200], // 81,200 - 67,200 is more
    ['FLOOR', 61_600, 25, 8_400], // 75,600 - 67,200
    ['FLOOR', 67_200, 25, 2_800], // its minimum
    ['FLOOR', 100_000, 25, 1_488], // an equal part of what is left
    ['FLOOR', 137_200, 25, 0],
    ['FLOOR', 140_000, 1, 0],
    ['FLOOR', 130_000, 1, 7_200],
    ['EVEN', 0, 30, 4_574], // rounded up
    ['EVEN', 0, 5, 11_200],
    ['EVEN', 137_200, 5, 0],
  ])('under %s with %i spent before and %i days left is %i', (pacing, before, daysLeft, cap) => {
    expect(capOn(pacing, { before, daysLeft }).tokens).toBe(cap);
  });

  it.each<[string, Day, number]>([
    [
      'a tenth of equal parts unused: 1 / 0.9 of one',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 4_116 }]) },
      5_082,
    ],
    [
      'half of them: no more than half as much again',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 2_000 }]) },
      6_860,
    ],
    ['nothing was used: the same', { before: 0, daysLeft: 30, past: pastDays([28, { total: 0 }]) }, 6_860],
    [
      'what a day took beyond an equal part makes up for nothing',
      { before: 0, daysLeft: 30, past: pastDays([14, { total: 9_000 }], [14, { total: 4_116 }]) },
      4_815,
    ],
    [
      'before the first usage a day is full',
      { before: 0, daysLeft: 30, past: pastDays([7, { total: 4_116 }]) },
      4_691,
    ],
    [
      'so is one on which a paced cap refused, from 90 percent on',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 4_116, refused: true }]) },
      4_574,
    ],
    [
      'below, one refused request teaches nothing',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 4_115, refused: true }]) },
      5_083,
    ],
    [
      'stored before that was kept: from 97 percent on',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 4_437, refused: 'unknown' }]) },
      4_574,
    ],
    [
      'and below as it is',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 4_436, refused: 'unknown' }]) },
      4_715,
    ],
    [
      'later days keep 93.3333 percent of an even month’s day',
      { before: 92_700, daysLeft: 10, past: pastDays([28, { total: 0 }]) },
      44_500 - 38_415,
    ],
    [
      'late in the month that is more than they have: an equal part',
      { before: 100_000, daysLeft: 10, past: pastDays([28, { total: 0 }]) },
      3_720,
    ],
    [
      'evenness 0 keeps nothing but the minimums',
      { before: 100_000, daysLeft: 10, evenness: 0, past: pastDays([28, { total: 0 }]) },
      5_580,
    ],
    [
      '100 percent are strictly equal parts',
      { before: 0, daysLeft: 30, evenness: 100, past: pastDays([28, { total: 0 }]) },
      4_574,
    ],
    [
      'the minimum of later days goes before all of it',
      { before: 0, daysLeft: 30, minimum: 4_550, past: pastDays([28, { total: 0 }]) },
      137_200 - 29 * 4_550,
    ],
    [
      'with nothing left there is nothing',
      { before: 137_200, daysLeft: 10, past: pastDays([28, { total: 0 }]) },
      0,
    ],
  ])('under EVEN: %s', (_, day, cap) => {
    expect(capOn('EVEN', day).tokens).toBe(cap);
  });

  it.each<[Pacing, Day, string | undefined]>([
    ['NONE', { before: 137_000, daysLeft: 2 }, undefined],
    ['FLOOR', { before: 61_600, daysLeft: 25 }, 'pacing FLOOR keeps the daily minimum of every later day'],
    ['EVEN', { before: 0, daysLeft: 30 }, 'pacing EVEN divides what is left among the days left'],
    [
      'EVEN',
      { before: 0, daysLeft: 30, past: pastDays([28, { total: 4_116 }]) },
      'the last 28 days took 90% of an equal part, so today may take 5,082',
    ],
    ['EVEN', { before: 0, daysLeft: 5 }, undefined],
  ])('%s says what lowered it: %o', (pacing, day, why) => {
    expect(capOn(pacing, day).loweredBy).toBe(why);
  });
});

describe("the hour's cap in force", () => {
  const share = (weight: number, left: number) => ({ weight, left });
  it.each<
    [
      Pacing,
      { inHour: number; inOtherHours: number; dayCap: number; hourShare: ReturnType<typeof share> },
      number,
    ]
  >([
    ['FLOOR', { inHour: 500, inOtherHours: 0, dayCap: 100, hourShare: share(1, 24) }, 700],
    ['EVEN', { inHour: 1, inOtherHours: 0, dayCap: 4_574, hourShare: share(1, 24) }, 239], // 1.25 x 4,574 / 24
    ['EVEN', { inHour: 1, inOtherHours: 0, dayCap: 4_800, hourShare: share(60, 1_440) }, 250],
    ['EVEN', { inHour: 1, inOtherHours: 4_000, dayCap: 4_574, hourShare: share(1, 2) }, 359],
    ['EVEN', { inHour: 1, inOtherHours: 4_000, dayCap: 4_574, hourShare: share(9, 10) }, 574], // all that is left
    ['EVEN', { inHour: 1, inOtherHours: 0, dayCap: 4_574, hourShare: share(1, 1) }, 700],
    ['EVEN', { inHour: 0, inOtherHours: 4_500, dayCap: 4_574, hourShare: share(1, 24) }, 700], // untouched: one request
    ['EVEN', { inHour: 0, inOtherHours: 0, dayCap: 300, hourShare: share(1, 24) }, 300],
    ['EVEN', { inHour: 5, inOtherHours: 9_000, dayCap: 4_574, hourShare: share(1, 24) }, 0],
  ])('under %s with %o is %i', (pacing, { hourShare, ...input }, cap) => {
    const policy = { ...DEFAULT_POLICY, pacing };
    expect(hourCap(allowance, policy, { ...input, pace: { hourShare } }).tokens).toBe(cap);
  });
});

/** Everybody always wants more: what each day of a month of 30 gets. */
function saturatedMonth(pacing: Pacing): number[] {
  const budget = new TestBudget({ pacing, cooldownMs: 0, maxConcurrent: 1 }, '2026-11-01T00:00:00Z');
  const days: number[] = [];
  for (let day = 1; day <= 30; day += 1) {
    for (let hour = 0; hour < 24; hour += 1) {
      budget.at(`2026-11-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:10:00Z`);
      for (;;) {
        const outcome = budget.acquire('a');
        if (outcome.kind !== 'granted') break;
        const [, , fence = ''] = outcome.lease.leaseId.split(':');
        const lease = {
          leaseId: outcome.lease.leaseId,
          budgetId: 'anthropic',
          epoch: 1,
          fence: Number(fence),
        };
        budget.release(lease, outcome.lease.reservedTokens);
      }
    }
    days.push(budget.window('DAY').spent);
    budget.writeOut();
  }
  return days;
}

describe('a month of saturating demand', () => {
  it('runs dry on its 13th day under NONE', () => {
    const days = saturatedMonth('NONE');
    expect(days.findIndex((tokens) => tokens < 11_200) + 1).toBe(13);
    expect(days.at(-1)).toBe(0);
  });

  it('leaves every day its minimum under FLOOR', () => {
    const days = saturatedMonth('FLOOR');
    expect(Math.min(...days)).toBeGreaterThanOrEqual(2_700);
    expect(days[0]).toBe(11_200);
  });

  it('is even under EVEN, and used up', () => {
    const days = saturatedMonth('EVEN');
    const [max, min] = [Math.max(...days), Math.min(...days)];
    expect(((max - min) / max) * 100).toBeLessThanOrEqual(5);
    expect(days.reduce((sum, tokens) => sum + tokens, 0)).toBeGreaterThan(0.99 * 137_200);
  });
});
