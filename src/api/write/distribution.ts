import type {
  DailyDistribution as DailyView,
  MonthlyDistribution as MonthlyView,
  RateLimitingStatus as RatesView,
  DistributionStats as StatsView,
} from '../../domain/statistics/distribution.js';
import type { Forecast as ForecastView } from '../../domain/statistics/forecast.js';
import {
  type DailyDistribution,
  type DistributionStats,
  type Forecast,
  type MonthlyDistribution,
  type RateLimitingStatus,
  SpreadGrade,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import { dictionary } from './dictionary.js';
import { optionalHeadline } from './headline.js';
import { optionalDate } from './time.js';
import { windowMessage } from './window.js';

const GRADES: { readonly [G in StatsView['grade']]: SpreadGrade } = {
  UNSPECIFIED: SpreadGrade.SPREAD_GRADE_UNSPECIFIED,
  GOOD: SpreadGrade.SPREAD_GRADE_GOOD,
  FAIR: SpreadGrade.SPREAD_GRADE_FAIR,
  POOR: SpreadGrade.SPREAD_GRADE_POOR,
};

export function distributionMessage(stats: StatsView): DistributionStats {
  return {
    monthlyDistribution: monthly(stats.monthlyDistribution),
    dailyDistribution: daily(stats.dailyDistribution),
    rateLimitingStatus: rates(stats.rateLimitingStatus),
    grade: GRADES[stats.grade],
    spreadByWeekdayPercentage: stats.spreadByWeekdayPercentage,
    daysBelowMinimum: [...stats.daysBelowMinimum],
    byAi: [...stats.byAi],
    byModel: [...stats.byModel],
    byTeam: [...stats.byTeam],
    presumedTokens: stats.presumedTokens,
    lateTokens: stats.lateTokens,
    forecast: forecast(stats.forecast),
    windows: stats.windows.map(windowMessage),
    budgetId: stats.budgetId,
    month: stats.month,
    timeZone: stats.timeZone,
    toppedTokens: stats.toppedTokens,
    unit: stats.unit,
    calls: stats.calls,
    failedCalls: stats.failedCalls,
    headline: optionalHeadline(stats.headline),
  };
}

function monthly(view: MonthlyView): MonthlyDistribution {
  const dailyUsageData = view.dailyUsageData.map((day) => ({ ...day, start: new Date(day.start) }));
  return { ...view, dailyUsageData };
}

function daily(view: DailyView): DailyDistribution {
  const hourlyUsageData = view.hourlyUsageData.map((hour) => ({ ...hour, start: new Date(hour.start) }));
  return { ...view, hourlyUsageData };
}

function rates(view: RatesView): RateLimitingStatus {
  return { ...view, lastAiRequests: dictionary(view.lastAiRequests, (at) => new Date(at)) };
}

function forecast(view: ForecastView | undefined): Forecast | undefined {
  if (view === undefined) return undefined;
  const { paceTokensPerHour, projectedMonthTokens } = view;
  return { paceTokensPerHour, projectedMonthTokens, exhaustedAt: optionalDate(view.exhaustedAt) };
}
