import type { BudgetSnapshot } from '../../domain/model/outcomes.js';
import type { HourTotal, MonthWindow, UsageDay } from '../../domain/model/state.js';
import type { CallCount } from '../../domain/model/types.js';
import { allowanceOf } from '../../domain/policy/allowance.js';
import { callsByTeam, monthByTeam } from '../../domain/statistics/by-team.js';
import { callsByName } from '../../domain/statistics/calls-by-name.js';
import {
  type DayTotals,
  type DistributionStats,
  distributionStats,
  mostFirst,
} from '../../domain/statistics/distribution.js';
import { daysOfMonth } from '../../domain/time/windows.js';
import type { DayData, LimitsData, NamedTokens } from './page-data.js';

/** A month of a budget: the state's own, or one that is past. */
export interface MonthOf {
  readonly snapshot: BudgetSnapshot;
  readonly month: MonthWindow;
  readonly isCurrent: boolean;
  /** Whose calendar it follows. */
  readonly zone: string;
  /** The usage that is known by day. */
  readonly days: ReadonlyMap<string, UsageDay>;
}

export function monthStats(of: MonthOf): DistributionStats {
  const { snapshot, month, isCurrent, zone, days } = of;
  const { budget, windows, lastGrants, liveLeases, now, today } = snapshot;
  return distributionStats({
    ...{ budgetId: budget.budgetId, policy: budget.policy, zone, month, windows, lastGrants },
    ...{ now, isCurrentMonth: isCurrent },
    larger: isCurrent ? snapshot.larger : 0,
    ...(isCurrent && { outlook: { ...snapshot, zone } }),
    days: everyDay(of),
    day: { date: today.day, hours: [] },
    ais: isCurrent ? snapshot.monthAis : summed(days, ({ ais }) => ais),
    models: isCurrent ? snapshot.monthModels : summed(days, ({ models }) => models),
    teams: monthByTeam(snapshot, isCurrent, days.values()),
    teamCalls: callsByTeam(budget.policy, days.values()),
    aiCalls: callsByName(days.values(), ({ aiCalls }) => aiCalls),
    modelCalls: callsByName(days.values(), ({ modelCalls }) => modelCalls),
    activeRequests: liveLeases.length,
  });
}

/** Every day of the month. The state's totals of the current month are newer than any document. */
function everyDay({ snapshot, month, isCurrent, zone, days }: MonthOf): (DayTotals & CallCount)[] {
  return daysOfMonth(zone, month).map((window) => {
    const known = days.get(window.day);
    const { presumed = 0, late = 0, topped = 0, calls = 0, failedCalls = 0, unit } = known ?? {};
    const inState = isCurrent ? snapshot.dayTotals.get(window.day) : undefined;
    const total = inState ?? known?.total ?? 0;
    const counted = { total, presumed, late, topped, calls, failedCalls };
    return { ...window, ...counted, ...(unit !== undefined && { unit }) };
  });
}

export function dayData(of: MonthOf): DayData[] {
  return everyDay(of).map((totals) => ({ ...totals, ...hoursData(of.days.get(totals.day)?.hours ?? []) }));
}

/** What a correction added stands in some hour, but was not spent in it. */
export function hoursData(hours: readonly HourTotal[]): Pick<DayData, 'hours' | 'hourUnknown'> {
  const added = ({ adjusted = 0, tokens }: HourTotal) => Math.max(0, Math.min(tokens, adjusted));
  return {
    hours: hours
      .map((hour) => ({ start: hour.start, tokens: hour.tokens - added(hour) }))
      .filter(({ tokens }) => tokens > 0),
    hourUnknown: hours.reduce((sum, hour) => sum + added(hour), 0),
  };
}

export function limitsData({ budget: { policy }, larger }: BudgetSnapshot): LimitsData {
  const allowance = allowanceOf(policy, larger);
  const { enforced, dailyMax, dailyMin, hourlyMax, warning, critical } = allowance;
  return {
    ...{ monthlyLimit: policy.monthlyLimit, enforced, dailyMax, dailyMin, hourlyMax, warning, critical },
    emergency: allowance.grantable,
    dailyMaxPercent: policy.maxDailyPercent,
    dailyMinPercent: policy.minDailyPercent,
    hourlyMaxPercent: policy.maxHourlyPercent,
  };
}

/** The most first. */
export function namedTokens(...figures: Parameters<typeof mostFirst>): NamedTokens[] {
  return mostFirst(...figures).map(([name, usage]) => ({ name, ...usage }));
}

function summed(
  days: ReadonlyMap<string, UsageDay>,
  namesOf: (day: UsageDay) => ReadonlyMap<string, number>,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const day of days.values()) {
    for (const [name, tokens] of namesOf(day)) sums.set(name, (sums.get(name) ?? 0) + tokens);
  }
  return sums;
}
