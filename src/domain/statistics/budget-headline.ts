import type { RecentDenials } from '../denials/recent.js';
import type { BudgetSnapshot } from '../model/outcomes.js';
import { allowanceOf } from '../policy/allowance.js';
import { forecastCounts, forecastOf } from './forecast.js';
import { type Headline, headlineOf } from './headline.js';
import { POOR_ABOVE, spreadGrade, spreadPercent, usageFigures, weekdaySpreadPercent } from './spread.js';

/** The headline of a budget as a snapshot has it. `now`: later than that where the snapshot is old. */
export function budgetHeadline(
  snapshot: BudgetSnapshot,
  recent: RecentDenials,
  { now = snapshot.now, stale = false }: { readonly now?: number; readonly stale?: boolean } = {},
): Headline {
  const { budget, windows, lastGrants } = snapshot;
  let lastGrantAt: number | undefined;
  for (const at of lastGrants.values()) lastGrantAt = Math.max(lastGrantAt ?? at, at);
  return headlineOf({
    ...{ now, zone: budget.zone, windows, lastGrantAt, recent, stale },
    pause: budget.pause,
    observes: budget.policy.mode === 'OBSERVE',
    exhaustedAt: exhaustionOf(snapshot),
    poorSpread: poorSpreadOf(snapshot),
  });
}

/** As the alert EXHAUSTION_FORECAST has it. */
function exhaustionOf(snapshot: BudgetSnapshot): number | undefined {
  const { budget, windows, larger, monthTopped: topped } = snapshot;
  if (!forecastCounts(snapshot)) return undefined;
  const { enforced } = allowanceOf(budget.policy, larger);
  const spent = windows.find(({ kind }) => kind === 'MONTH')?.spent ?? 0;
  return forecastOf({ ...snapshot, zone: budget.zone, enforced, spent, topped }).exhaustedAt;
}

/** As the alert POOR_SPREAD has it: quiet week-ends alone are no waste. */
function poorSpreadOf({ dayTotals, today }: BudgetSnapshot): number | undefined {
  const closed = [...dayTotals].filter(([day]) => day < today.day);
  const figures = usageFigures(closed.map(([, total]) => total));
  const isPoor = spreadGrade(figures) === 'POOR' && weekdaySpreadPercent(closed) > POOR_ABOVE;
  return isPoor ? spreadPercent(figures) : undefined;
}
