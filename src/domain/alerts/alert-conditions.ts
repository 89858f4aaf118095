import { percentOf } from '../model/percent.js';
import type { MonthWindow } from '../model/state.js';
import type { Writable } from '../model/types.js';
import { forecastCounts, forecastOf, mayExhaust } from '../statistics/forecast.js';
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
import type { AlertCondition, AlertInput, AlertRule } from './condition.js';
import { listedShares } from './listed-shares.js';

/** The share of an hour's cap above which it counts as a burst. */
const BURST_PERCENT = 80;

/** So many points of spread more are clearly worse. */
const WORSE_SPREAD = 10;
/** So much earlier an exhaustion is clearly worse. */
const DAY_MS = 86_400_000;

/** Whether anybody asks for the condition of a rule, as it stands. */
type IsWanted = (rule: AlertRule, holds: boolean) => boolean;

/**
 * Every condition that a budget's figures can raise, each for the window under way (or the day that closed). `standing`: rules of
 * which a condition matters that does not hold, since an alert of theirs stands; absent: all. They are looked at with every commit.
 */
export function alertConditions(input: AlertInput, standing?: ReadonlySet<string>): AlertCondition[] {
  const isWanted: IsWanted = (rule, holds) => holds || standing === undefined || standing.has(rule);
  const earlier = earlierFigures(input);
  const conditions = [
    uneven(input, earlier, isWanted),
    spike(input, earlier, isWanted),
    burst(input, isWanted),
    belowMinimum(input, isWanted),
    ...shares(input, isWanted),
    exhaustion(input, isWanted),
    denialRate(input, isWanted),
  ];
  const found = conditions.filter((condition) => condition !== undefined);
  found.push(...listedShares(input));
  return found;
}

/** Poor of all days, and of those of one weekday: quiet week-ends alone are no waste. */
function uneven(input: AlertInput, closed: UsageFigures, isWanted: IsWanted): AlertCondition | undefined {
  const { policy, month } = input;
  const grade = spreadGrade(closed);
  if (grade === 'UNSPECIFIED') return undefined;
  const holds = grade === 'POOR' && weekdaySpreadPercent(earlierDays(input)) > POOR_ABOVE;
  if (!isWanted('POOR_SPREAD', holds)) return undefined;
  const value = toHundredths(spreadPercent(closed));
  const message = () => messages.poorSpread(policy.unit, month.key, closed, value, POOR_ABOVE);
  const level = value / WORSE_SPREAD;
  return ofMonth({ rule: 'POOR_SPREAD', value, threshold: POOR_ABOVE, holds, level, message }, month);
}

function spike(input: AlertInput, earlier: UsageFigures, isWanted: IsWanted): AlertCondition | undefined {
  if (earlier.count === 0) return undefined;
  const { policy, allowance, today, dayTotals } = input;
  const minimum = allowance.dailyMin;
  const value = dayTotals.get(today.day) ?? 0;
  const holds = value > 2 * mean(earlier) && value > minimum;
  if (!isWanted('DAILY_SPIKE', holds)) return undefined;
  return {
    rule: 'DAILY_SPIKE',
    window: 'DAY',
    windowStart: today.start,
    value,
    threshold: Math.max(toHundredths(2 * mean(earlier)), minimum),
    holds,
    message: () => messages.dailySpike(policy.unit, today.day, value, mean(earlier), earlier.count),
  };
}

function burst(input: AlertInput, isWanted: IsWanted): AlertCondition | undefined {
  const { policy, zone, hour, hourSpent, hourCap } = input;
  const holds = hourSpent * 100 > hourCap * BURST_PERCENT;
  if (!isWanted('HOURLY_BURST', holds)) return undefined;
  return {
    rule: 'HOURLY_BURST',
    window: 'HOUR',
    windowStart: hour.start,
    value: hourSpent,
    threshold: percentOf(hourCap, BURST_PERCENT),
    holds,
    message: () => messages.hourlyBurst({ unit: policy.unit, zone }, hour, hourSpent, hourCap, BURST_PERCENT),
  };
}

function denialRate(input: AlertInput, isWanted: IsWanted): AlertCondition | undefined {
  const { policy, hour, denialsPerMinute: value = 0 } = input;
  const threshold = policy.denialAlertPerMinute;
  const holds = value > threshold;
  if (threshold === 0 || !isWanted('DENIAL_RATE', holds)) return undefined;
  const message = () => messages.denialRate(value, threshold);
  const ofHour = { rule: 'DENIAL_RATE', window: 'HOUR', windowStart: hour.start } as const;
  return { ...ofHour, value, threshold, holds, message };
}

function belowMinimum(input: AlertInput, isWanted: IsWanted): AlertCondition | undefined {
  const { policy, allowance, closedDay } = input;
  if (closedDay === undefined) return undefined;
  const minimum = allowance.dailyMin;
  const { day, start, total } = closedDay;
  const holds = total < minimum;
  if (!isWanted('DAY_BELOW_MINIMUM', holds)) return undefined;
  return {
    rule: 'DAY_BELOW_MINIMUM',
    window: 'DAY',
    windowStart: start,
    value: total,
    threshold: minimum,
    holds,
    message: () => messages.dayBelowMinimum(policy.unit, day, total, minimum, policy.minDailyPercent),
  };
}

function shares(input: AlertInput, isWanted: IsWanted): (AlertCondition | undefined)[] {
  const { policy, allowance } = input;
  const { warning, critical, grantable } = allowance;
  return [
    share(input, { rule: 'WARNING', percent: policy.warningPercent, threshold: warning }, isWanted),
    share(input, { rule: 'CRITICAL', percent: policy.criticalPercent, threshold: critical }, isWanted),
    share(input, { rule: 'EMERGENCY', percent: policy.emergencyPercent, threshold: grantable }, isWanted),
  ];
}

interface Share {
  readonly rule: 'WARNING' | 'CRITICAL' | 'EMERGENCY';
  readonly percent: number;
  readonly threshold: number;
}

function share(
  { policy, zone, allowance, month, monthSpent }: AlertInput,
  { rule, percent, threshold }: Share,
  isWanted: IsWanted,
): AlertCondition | undefined {
  const holds = monthSpent > 0 && monthSpent >= threshold;
  if (!isWanted(rule, holds)) return undefined;
  const place = { unit: policy.unit, zone };
  const message = () => messages.shareSpent(place, rule, month, monthSpent, allowance.enforced, percent);
  return ofMonth({ rule, value: monthSpent, threshold, holds, message }, month);
}

function exhaustion(input: AlertInput, isWanted: IsWanted): AlertCondition | undefined {
  const { policy, zone, allowance, month, monthSpent, now } = input;
  const { enforced } = allowance;
  const { today, countsFrom, experience } = input;
  const given = { zone, month, today, now, countsFrom, experience, enforced, spent: monthSpent };
  const counts = forecastCounts(input);
  const may = counts && mayExhaust(given);
  if (!may && !isWanted('EXHAUSTION_FORECAST', false)) return undefined;
  const { exhaustedAt, projectedMonthTokens: value } = forecastOf(given);
  const holds = exhaustedAt !== undefined && counts;
  if (!isWanted('EXHAUSTION_FORECAST', holds)) return undefined;
  const message = () =>
    messages.exhaustionForecast({ unit: policy.unit, zone }, month, value, enforced, exhaustedAt ?? now);
  const level = (month.end - (exhaustedAt ?? month.end)) / DAY_MS;
  return ofMonth({ rule: 'EXHAUSTION_FORECAST', value, threshold: enforced, holds, level, message }, month);
}

function* earlierDays({ dayTotals, today }: AlertInput): Iterable<readonly [string, number]> {
  for (const entry of dayTotals) if (entry[0] < today.day) yield entry;
}

/** As `usageFigures`, by hand. */
function earlierFigures({ dayTotals, today }: AlertInput): UsageFigures {
  const totals: number[] = [];
  dayTotals.forEach((total, day) => {
    if (day < today.day) totals.push(total);
  });
  return usageFigures(totals);
}

/** Field by field: they are made with every commit, and spreads cost many times as much. */
function ofMonth(
  { rule, value, threshold, holds, level, message }: Omit<AlertCondition, 'window' | 'windowStart'>,
  month: MonthWindow,
): AlertCondition {
  const windowStart = month.start;
  const condition: Writable<AlertCondition> = {
    rule,
    window: 'MONTH',
    windowStart,
    value,
    threshold,
    holds,
    message,
  };
  if (level !== undefined) condition.level = level;
  return condition;
}
