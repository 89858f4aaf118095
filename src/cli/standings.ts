import type { Budget, Window, WindowStatus } from '../gen/budgetarbiter/v1/budget.js';
import type { DistributionStats } from '../gen/budgetarbiter/v1/budget_service.js';

/** A budget, and the figures of its month. */
export interface BudgetStanding {
  readonly budget: Budget;
  readonly stats: DistributionStats;
}

/** One word for the worst that holds. */
export function stateOf({ pause, effectivePolicy }: Budget, month: WindowStatus | undefined): string {
  const percent = month === undefined ? 0 : (month.spentTokens / Math.max(1, month.capTokens)) * 100;
  const { emergencyPercent = 100, criticalPercent = 100, warningPercent = 100 } = effectivePolicy ?? {};
  if (pause !== undefined) return 'paused';
  if (emergencyPercent < 100 && percent >= emergencyPercent) return 'emergency';
  if (percent >= criticalPercent) return 'critical';
  return percent >= warningPercent ? 'warning' : 'normal';
}

export function windowOf(
  { windows }: Pick<DistributionStats, 'windows'>,
  kind: Window,
): WindowStatus | undefined {
  return windows.find(({ window }) => window === kind);
}
