import { weekdayOf } from '../time/calendar.js';

/** How even days are: GOOD below a spread of 50 percent, POOR above 80; not graded before the third closed day with usage. */
export type SpreadGrade = 'UNSPECIFIED' | 'GOOD' | 'FAIR' | 'POOR';

export const GOOD_BELOW = 50;
export const POOR_ABOVE = 80;
const GRADED_FROM = 3;

/** Figures over days, or hours, with usage; those without do not count. */
export interface UsageFigures {
  readonly count: number;
  readonly total: number;
  readonly max: number;
  readonly min: number;
}

export function usageFigures(totals: Iterable<number>): UsageFigures {
  let [count, total, max, min] = [0, 0, 0, Number.POSITIVE_INFINITY];
  for (const tokens of totals) {
    if (tokens <= 0) continue;
    count += 1;
    total += tokens;
    max = Math.max(max, tokens);
    min = Math.min(min, tokens);
  }
  return { count, total, max, min: count === 0 ? 0 : min };
}

export function mean({ count, total }: UsageFigures): number {
  return count === 0 ? 0 : total / count;
}

/** (max - min) / max, in percent. */
export function spreadPercent({ max, min }: UsageFigures): number {
  return max === 0 ? 0 : ((max - min) / max) * 100;
}

/** The grade of closed days: a day still under way would look like a quiet one. */
export function spreadGrade(closedDays: UsageFigures): SpreadGrade {
  if (closedDays.count < GRADED_FROM) return 'UNSPECIFIED';
  const spread = spreadPercent(closedDays);
  if (spread < GOOD_BELOW) return 'GOOD';
  return spread > POOR_ABOVE ? 'POOR' : 'FAIR';
}

/**
 * The largest spread among the days of one weekday: what week-ends are quieter than working days, a plan cannot change. 0 while no
 * weekday has two days with usage.
 */
export function weekdaySpreadPercent(days: Iterable<readonly [string, number]>): number {
  const byWeekday = new Map<number, number[]>();
  for (const [day, total] of days) {
    const weekday = weekdayOf(day);
    const totals = byWeekday.get(weekday);
    if (totals === undefined) byWeekday.set(weekday, [total]);
    else totals.push(total);
  }
  return Math.max(0, ...[...byWeekday.values()].map((totals) => spreadPercent(usageFigures(totals))));
}

/** Statistics show 2 decimal places. */
export function toHundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
