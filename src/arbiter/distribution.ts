import type { Refused } from '../domain/model/outcomes.js';
import type { MonthWindow, UsageDay } from '../domain/model/state.js';
import { budgetHeadline } from '../domain/statistics/budget-headline.js';
import { callsByTeam, monthByTeam } from '../domain/statistics/by-team.js';
import { callsByName } from '../domain/statistics/calls-by-name.js';
import { type DistributionStats, distributionStats } from '../domain/statistics/distribution.js';
import { lastDayOf, monthOfDay, zoneOfMonth } from '../domain/time/calendar.js';
import { calendarMonth, daysOfMonth } from '../domain/time/windows.js';
import type { Caller, DistributionQuery, ServicePort } from './service-port.js';

/** The statistics of a month: one snapshot of the state, and the usage documents of its closed days. */
export async function getDistribution(
  servicePort: ServicePort,
  budgetId: string,
  query: DistributionQuery,
  caller: Caller,
): Promise<{ readonly stats: DistributionStats } | Refused> {
  const outcome = await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
  if (outcome.kind === 'refused') return outcome;
  const { snapshot } = outcome;
  const key = query.month ?? (query.day === undefined ? snapshot.month.key : monthOfDay(query.day));
  const isCurrentMonth = key === snapshot.month.key;
  const days = await servicePort.usageDays(snapshot, `${key}-01`, lastDayOf(key));
  const zone = isCurrentMonth ? snapshot.budget.zone : zoneOfMonth(days, snapshot.budget.zone);
  const month = isCurrentMonth ? snapshot.month : calendarMonth(zone, key);
  const date = query.day ?? (isCurrentMonth ? snapshot.today.day : lastDay(zone, month));
  const { budget, windows, lastGrants, liveLeases, now } = snapshot;
  const stats = distributionStats({
    ...{
      budgetId,
      policy: budget.policy,
      zone,
      month,
      days,
      windows,
      lastGrants,
      now,
      isCurrentMonth,
      ...(isCurrentMonth && { outlook: { ...snapshot, zone } }),
    },
    larger: isCurrentMonth ? snapshot.larger : 0,
    day: { date, hours: days.find(({ day }) => day === date)?.hours ?? [] },
    ais: isCurrentMonth ? snapshot.monthAis : summed(days, ({ ais }) => ais),
    models: isCurrentMonth ? snapshot.monthModels : summed(days, ({ models }) => models),
    teams: monthByTeam(snapshot, isCurrentMonth, days),
    teamCalls: callsByTeam(budget.policy, days),
    aiCalls: callsByName(days, ({ aiCalls }) => aiCalls),
    modelCalls: callsByName(days, ({ modelCalls }) => modelCalls),
    activeRequests: liveLeases.length,
  });
  if (!isCurrentMonth) return { stats };
  const headline = budgetHeadline(snapshot, await servicePort.recentDenials(snapshot));
  return { stats: { ...stats, headline } };
}

function lastDay(zone: string, month: MonthWindow): string {
  return daysOfMonth(zone, month).at(-1)?.day ?? lastDayOf(month.key);
}

/** Tokens by name over several days. */
export function summed(
  days: readonly UsageDay[],
  namesOf: (day: UsageDay) => ReadonlyMap<string, number>,
): Map<string, number> {
  const sums = new Map<string, number>();
  for (const day of days) {
    for (const [name, tokens] of namesOf(day)) sums.set(name, (sums.get(name) ?? 0) + tokens);
  }
  return sums;
}
