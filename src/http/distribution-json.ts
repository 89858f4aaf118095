import type { WindowStatus } from '../domain/model/types.js';
import type {
  DailyDistribution,
  DistributionStats,
  MonthlyDistribution,
  NamedUsage,
  RateLimitingStatus,
} from '../domain/statistics/distribution.js';
import type { Forecast } from '../domain/statistics/forecast.js';
import type { Headline } from '../domain/statistics/headline.js';
import { jsonTime } from './json-time.js';

/**
 * The statistics as JSON. The names and types of the first three objects are a contract with existing readers: nothing
 * is renamed, and what is new stands beside. Amounts are numbers; the JSON of protobuf would make text of them.
 */
export function distributionJson(stats: DistributionStats): object {
  return {
    distribution_stats: {
      monthly_distribution: monthly(stats.monthlyDistribution),
      daily_distribution: daily(stats.dailyDistribution),
      rate_limiting_status: rateLimiting(stats.rateLimitingStatus),
      grade: stats.grade,
      spread_by_weekday_percentage: stats.spreadByWeekdayPercentage,
      days_below_minimum: stats.daysBelowMinimum,
      by_ai: stats.byAi.map(({ aiId, ...usage }) => ({ ai_id: aiId, ...namedUsage(usage) })),
      by_model: stats.byModel.map(({ model, ...usage }) => ({ model, ...namedUsage(usage) })),
      by_team: stats.byTeam.map(({ teamId, ...usage }) => ({ team_id: teamId, ...namedUsage(usage) })),
      presumed_tokens: stats.presumedTokens,
      late_tokens: stats.lateTokens,
      ...(stats.forecast === undefined ? {} : { forecast: forecast(stats.forecast) }),
      windows: stats.windows.map(windowStatus),
      budget_id: stats.budgetId,
      month: stats.month,
      time_zone: stats.timeZone,
      topped_tokens: stats.toppedTokens,
      unit: stats.unit,
      calls: stats.calls,
      failed_calls: stats.failedCalls,
      ...(stats.headline === undefined ? {} : { headline: headline(stats.headline) }),
    },
  };
}

function monthly(month: MonthlyDistribution): object {
  return {
    total_tokens: month.totalTokens,
    days_with_usage: month.daysWithUsage,
    avg_daily_usage: month.avgDailyUsage,
    max_daily_usage: month.maxDailyUsage,
    min_daily_usage: month.minDailyUsage,
    usage_spread_percentage: month.usageSpreadPercentage,
    daily_usage_data: month.dailyUsageData.map(({ date, start, ...usage }) => ({
      date,
      ...namedUsage(usage),
      start: jsonTime(start),
    })),
  };
}

function namedUsage({ tokens, calls, failedCalls }: NamedUsage): object {
  return { tokens, calls, failed_calls: failedCalls };
}

function daily(day: DailyDistribution): object {
  return {
    total_tokens: day.totalTokens,
    hours_with_usage: day.hoursWithUsage,
    avg_hourly_usage: day.avgHourlyUsage,
    hourly_usage_data: day.hourlyUsageData.map(({ hour, tokens, start }) => ({
      hour,
      tokens,
      start: jsonTime(start),
    })),
    date: day.date,
    hour_unknown_tokens: day.hourUnknownTokens,
  };
}

function rateLimiting(status: RateLimitingStatus): object {
  const lastRequests = [...status.lastAiRequests].map(([aiId, at]) => [aiId, jsonTime(at)] as const);
  return {
    max_daily_percentage: status.maxDailyPercentage,
    max_hourly_percentage: status.maxHourlyPercentage,
    min_daily_percentage: status.minDailyPercentage,
    ai_cooldown_period: status.aiCooldownPeriod,
    max_concurrent_requests: status.maxConcurrentRequests,
    active_requests: status.activeRequests,
    // Object.fromEntries makes own properties of every name, `__proto__` too.
    last_ai_requests: Object.fromEntries(lastRequests),
  };
}

function forecast(outlook: Forecast): object {
  return {
    pace_tokens_per_hour: outlook.paceTokensPerHour,
    projected_month_tokens: outlook.projectedMonthTokens,
    exhausted_at: outlook.exhaustedAt === undefined ? null : jsonTime(outlook.exhaustedAt),
  };
}

function headline({ status, text, observed, until, rule, ais, perMinute }: Headline): object {
  return {
    status,
    text,
    observed_text: observed ?? '',
    until: until === undefined ? null : jsonTime(until),
    rule: rule ?? 'UNSPECIFIED',
    ais,
    denials_per_minute: perMinute,
  };
}

function windowStatus(window: WindowStatus): object {
  return {
    window: window.kind,
    start: jsonTime(window.start),
    end: jsonTime(window.end),
    cap_tokens: window.cap,
    spent_tokens: window.spent,
    reserved_tokens: window.reserved,
    available_tokens: window.available,
    topped_tokens: window.topped,
    kept_tokens: window.kept ?? 0,
  };
}
