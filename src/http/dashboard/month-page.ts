import type { ServicePort } from '../../arbiter/service-port.js';
import type { BudgetSnapshot, Refused } from '../../domain/model/outcomes.js';
import type { UsageDay } from '../../domain/model/state.js';
import { TOKENS } from '../../domain/model/unit.js';
import type { DistributionStats } from '../../domain/statistics/distribution.js';
import {
  dayIn,
  daysInMonth,
  FIRST_MONTH,
  firstDayOf,
  lastDayOf,
  monthBefore,
  monthOfDay,
  zoneOfMonth,
} from '../../domain/time/calendar.js';
import { calendarMonth } from '../../domain/time/windows.js';
import { dayData, limitsData, type MonthOf, monthStats, namedTokens } from './month-stats.js';
import type { DayNames, MonthData, MonthFigures, Stacking } from './page-data.js';
import { stackData } from './stack.js';
import { BROWSER } from './visitors.js';

export interface MonthQuery {
  readonly month?: string;
  readonly day?: string;
  /** Absent: by AI. */
  readonly by?: Stacking;
}

/** A month of a budget, and what one of its days was used for. */
export async function monthPage(
  servicePort: ServicePort,
  budgetId: string,
  { month, day, by = 'ai' }: MonthQuery,
): Promise<MonthData | Refused> {
  const outcome = await servicePort.submit(budgetId, { kind: 'get-snapshot' }, BROWSER);
  if (outcome.kind === 'refused') return outcome;
  const { snapshot } = outcome;
  const key = month ?? (day === undefined ? snapshot.month.key : monthOfDay(day));
  const isCurrent = key === snapshot.month.key;
  const before = key === FIRST_MONTH ? key : monthBefore(key);
  const both = await servicePort.usageDays(snapshot, firstDayOf(before), lastDayOf(key));
  const found = both.filter((usage) => usage.day.startsWith(key));
  const zone = isCurrent ? snapshot.budget.zone : zoneOfMonth(found, snapshot.budget.zone);
  const of: MonthOf = {
    ...{ snapshot, isCurrent, zone },
    month: isCurrent ? snapshot.month : calendarMonth(zone, key),
    days: new Map(found.map((usage) => [usage.day, usage])),
  };
  const stats = monthStats(of);
  const past = both.filter((usage) => usage.day.startsWith(before));
  return {
    ...{ budgetId, zone, unit: stats.unit, at: snapshot.now, month: of.month, isCurrent },
    ...{ currentMonth: snapshot.month.key, limits: limitsData(snapshot), days: dayData(of) },
    ...{ stack: stackData(of, by), monthBefore: key === before ? [] : totalsOf(before, past, stats.unit) },
    ais: stats.byAi.map(({ aiId, ...usage }) => ({ name: aiId, ...usage })),
    models: stats.byModel.map(({ model, ...usage }) => ({ name: model, ...usage })),
    teams: stats.byTeam.map(({ teamId, ...usage }) => ({ name: teamId, ...usage })),
    figures: figuresOf(stats),
    day: dayNames(of, day ?? shownDay(snapshot, of)),
  };
}

function totalsOf(month: string, found: readonly UsageDay[], unit: string): number[] {
  const used = found.filter(({ total }) => total > 0);
  if (used.length === 0 || used.some((usage) => (usage.unit ?? TOKENS) !== unit)) return [];
  const totals = new Map(used.map(({ day, total }) => [day, total]));
  return Array.from({ length: daysInMonth(month) }, (_, at) => totals.get(dayIn(month, at + 1)) ?? 0);
}

function figuresOf(stats: DistributionStats): MonthFigures {
  const { monthlyDistribution: month } = stats;
  return {
    ...{ total: month.totalTokens, daysWithUsage: month.daysWithUsage, average: month.avgDailyUsage },
    ...{ most: month.maxDailyUsage, least: month.minDailyUsage },
    ...{ spreadPercent: month.usageSpreadPercentage, grade: stats.grade },
    spreadByWeekdayPercent: stats.spreadByWeekdayPercentage,
    ...{ presumed: stats.presumedTokens, late: stats.lateTokens },
    ...{ calls: stats.calls, failedCalls: stats.failedCalls },
    daysBelowMinimum: stats.daysBelowMinimum,
  };
}

/** Today; of a past month the last day with usage. */
function shownDay({ today }: BudgetSnapshot, { isCurrent, days, month }: MonthOf): string {
  if (isCurrent) return today.day;
  const used = [...days.values()]
    .filter(({ total, calls = 0 }) => total > 0 || calls > 0)
    .map(({ day }) => day);
  return used.sort().at(-1) ?? lastDayOf(month.key);
}

function dayNames({ days }: MonthOf, day: string): DayNames {
  const usage: UsageDay | undefined = days.get(day);
  return {
    day,
    ais: namedTokens(usage?.ais ?? new Map(), usage?.aiCalls),
    models: namedTokens(usage?.models ?? new Map(), usage?.modelCalls),
  };
}
