import { byTeam } from '../../domain/statistics/by-team.js';
import { mostFirst } from '../../domain/statistics/distribution.js';
import { daysOfMonth } from '../../domain/time/windows.js';
import type { MonthOf } from './month-stats.js';
import type { StackData, Stacking } from './page-data.js';

/** As many as colours can tell apart. */
const MOST_NAMES = 7;

/** Each day by AI, model or team. */
export function stackData(of: MonthOf, by: Stacking): StackData {
  const days = daysOfMonth(of.zone, of.month).map(({ day }) => namesOf(of, by, day));
  const sums = new Map<string, number>();
  for (const day of days) for (const [name, amount] of day) sums.set(name, (sums.get(name) ?? 0) + amount);
  const names = mostFirst(sums)
    .slice(0, MOST_NAMES)
    .map(([name]) => name);
  return { by, names, days: days.map((day) => names.map((name) => Math.max(0, day.get(name) ?? 0))) };
}

function namesOf({ snapshot, days }: MonthOf, by: Stacking, day: string): ReadonlyMap<string, number> {
  const usage = days.get(day);
  if (usage === undefined) return new Map();
  if (by === 'team') return byTeam(snapshot.budget.policy, [usage]);
  return by === 'ai' ? usage.ais : usage.models;
}
