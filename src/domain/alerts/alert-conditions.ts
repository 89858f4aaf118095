import { percentOf } from '../model/percent.js';
import type { MonthWindow } from '../model/state.js';
import { forecastCounts, forecastOf } from '../statistics/forecast.js';
import {
  mean,
  POOR_ABOVE,
  spreadGrade,
  spreadPercent,
  toHundredths,
  type UsageFigures,
  usageFigures,
  weekdaySpreadPercent,
} from '../statistics/spread.js';
import * as messages from './alert-messages.js';
import type { AlertCondition, AlertInput } from './condition.js';
import { listedShares } from './listed-shares.js';

/** The share of an hour's cap above which it counts as a burst. */
const BURST_PERCENT = 80;

/** So many points of spread more are clearly worse. */
const WORSE_SPREAD = 10;
/** So much earlier an exhaustion is clearly worse. */
const DAY_MS = 86_400_000;

/** Every condition that a budget's figures can raise, each for the window under way (or the day that closed). */
export function alertConditions(input: AlertInput): AlertCondition[] {
  const earlier = usageFigures(earlierTotals(input));
  return [
    ...uneven(input, earlier),
    ...spike(input, earlier),
    burst(input),
    ...belowMinimum(input),
    ...shares(input),
    exhaustion(input),
    ...denialRate(input),
    ...listedShares(input),
  ];
}

/** Poor of all days, and of those of one weekday: quiet week-ends alone are no waste. */
function uneven(input: AlertInput, closed: UsageFigures): AlertCondition[] {
  const { policy, month } = input;
  const grade = spreadGrade(closed);
  if (grade === 'UNSPECIFIED') return [];
  const value = toHundredths(spreadPercent(closed));
  const message = () => messages.poorSpread(policy.unit, month.key, closed, value, POOR_ABOVE);
  const holds = grade === 'POOR' && weekdaySpreadPercent(earlierDays(input)) > POOR_ABOVE;
  const level = value / WORSE_SPREAD;
  return [ofMonth({ rule: 'POOR_SPREAD', value, threshold: POOR_ABOVE, holds, level, message }, month)];
}

function spike({ policy, allowance, today, dayTotals }: AlertInput, earlier: UsageFigures): AlertCondition[] {
  const minimum = allowance.dailyMin;
  if (earlier.count === 0) return [];
  const value = dayTotals.get(today.day) ?? 0;
  const threshold = Math.max(toHundredths(2 * mean(earlier)), minimum);
  return [
    {
      rule: 'DAILY_SPIKE',
      window: 'DAY',
      windowStart: today.start,
      value,
      threshold,
      holds: value > 2 * mean(earlier) && value > minimum,
      message: () => messages.dailySpike(policy.unit, today.day, value, mean(earlier), earlier.count),
    },
  ];
}

function burst({ policy, zone, hour, hourSpent, hourCap }: AlertInput): AlertCondition {
  return {
    rule: 'HOURLY_BURST',
    window: 'HOUR',
    windowStart: hour.start,
    value: hourSpent,
    threshold: percentOf(hourCap, BURST_PERCENT),
    holds: hourSpent * 100 > hourCap * BURST_PERCENT,
    message: () => messages.hourlyBurst({ unit: policy.unit, zone }, hour, hourSpent, hourCap, BURST_PERCENT),
  };
}

function denialRate({ policy, hour, denialsPerMinute: value = 0 }: AlertInput): AlertCondition[] {
  const threshold = policy.denialAlertPerMinute;
  if (threshold === 0) return [];
  const message = () => messages.denialRate(value, threshold);
  const ofHour = { rule: 'DENIAL_RATE', window: 'HOUR', windowStart: hour.start } as const;
  return [{ ...ofHour, value, threshold, holds: value > threshold, message }];
}

function belowMinimum({ policy, allowance, closedDay }: AlertInput): AlertCondition[] {
  const minimum = allowance.dailyMin;
  if (closedDay === undefined) return [];
  const { day, start, total } = closedDay;
  return [
    {
      rule: 'DAY_BELOW_MINIMUM',
      window: 'DAY',
      windowStart: start,
      value: total,
      threshold: minimum,
      holds: total < minimum,
      message: () => messages.dayBelowMinimum(policy.unit, day, total, minimum, policy.minDailyPercent),
    },
  ];
}

function shares({ policy, zone, allowance, month, monthSpent }: AlertInput): AlertCondition[] {
  const { enforced, warning, critical, grantable } = allowance;
  const share = (
    rule: 'WARNING' | 'CRITICAL' | 'EMERGENCY',
    percent: number,
    threshold: number,
  ): AlertCondition => {
    const holds = monthSpent > 0 && monthSpent >= threshold;
    const message = () =>
      messages.shareSpent({ unit: policy.unit, zone }, rule, month, monthSpent, enforced, percent);
    return ofMonth({ rule, value: monthSpent, threshold, holds, message }, month);
  };
  return [
    share('WARNING', policy.warningPercent, warning),
    share('CRITICAL', policy.criticalPercent, critical),
    share('EMERGENCY', policy.emergencyPercent, grantable),
  ];
}

function exhaustion(input: AlertInput): AlertCondition {
  const { policy, zone, allowance, month, monthSpent, now } = input;
  const { enforced } = allowance;
  const forecast = forecastOf({ ...input, enforced, spent: monthSpent });
  const { exhaustedAt, projectedMonthTokens: value } = forecast;
  const holds = exhaustedAt !== undefined && forecastCounts(input);
  const message = () =>
    messages.exhaustionForecast({ unit: policy.unit, zone }, month, value, enforced, exhaustedAt ?? now);
  const level = (month.end - (exhaustedAt ?? month.end)) / DAY_MS;
  return ofMonth({ rule: 'EXHAUSTION_FORECAST', value, threshold: enforced, holds, level, message }, month);
}

function* earlierDays({ dayTotals, today }: AlertInput): Iterable<readonly [string, number]> {
  for (const entry of dayTotals) if (entry[0] < today.day) yield entry;
}

function earlierTotals(input: AlertInput): number[] {
  return Array.from(earlierDays(input), ([, total]) => total);
}

/** Field by field: they are made with every commit, and spreads cost many times as much. */
function ofMonth(
  { rule, value, threshold, holds, level, message }: Omit<AlertCondition, 'window' | 'windowStart'>,
  month: MonthWindow,
): AlertCondition {
  const windowStart = month.start;
  const condition = { rule, window: 'MONTH', windowStart, value, threshold, holds, message } as const;
  return level === undefined ? condition : { ...condition, level };
}
