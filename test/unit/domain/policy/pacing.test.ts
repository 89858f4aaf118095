import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Pacing } from '../../../../src/domain/model/policy.js';
import { allowanceOf } from '../../../../src/domain/policy/allowance.js';
import { dayCap, hourCap } from '../../../../src/domain/policy/pacing.js';
import { TestBudget } from '../../../support/budget.js';

const allowance = allowanceOf(DEFAULT_POLICY); // 140,000 enforced, 137,200 grantable, 11,200 / 2,800 a day, 700 an hour

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
    expect(dayCap(allowance, pacing, before, daysLeft).tokens).toBe(cap);
  });
});

describe("the hour's cap in force", () => {
  it.each<[Pacing, { inHour: number; inOtherHours: number; dayCap: number; hours: number }, number]>([
    ['FLOOR', { inHour: 500, inOtherHours: 0, dayCap: 100, hours: 24 }, 700],
    ['EVEN', { inHour: 1, inOtherHours: 0, dayCap: 4_574, hours: 24 }, 229], // 1.2 x 4,574 / 24
    ['EVEN', { inHour: 1, inOtherHours: 4_000, dayCap: 4_574, hours: 2 }, 345],
    ['EVEN', { inHour: 1, inOtherHours: 0, dayCap: 4_574, hours: 1 }, 700],
    ['EVEN', { inHour: 0, inOtherHours: 4_500, dayCap: 4_574, hours: 24 }, 700], // untouched: one request
    ['EVEN', { inHour: 0, inOtherHours: 0, dayCap: 300, hours: 24 }, 300],
    ['EVEN', { inHour: 5, inOtherHours: 9_000, dayCap: 4_574, hours: 24 }, 0],
  ])('under %s with %o is %i', (pacing, { hours, ...input }, cap) => {
    expect(hourCap(allowance, pacing, { ...input, hoursLeft: () => hours }).tokens).toBe(cap);
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
