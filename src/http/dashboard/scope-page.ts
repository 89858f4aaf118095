import type { ServicePort } from '../../arbiter/service-port.js';
import type { BudgetSnapshot, Refused } from '../../domain/model/outcomes.js';
import type { UsageDay } from '../../domain/model/state.js';
import { teamIdOf } from '../../domain/policy/team-patterns.js';
import { byTeam } from '../../domain/statistics/by-team.js';
import { callsByName, sumOfCalls } from '../../domain/statistics/calls-by-name.js';
import { firstDayOf, lastDayOf, zoneOfMonth } from '../../domain/time/calendar.js';
import { calendarMonth, daysOfMonth } from '../../domain/time/windows.js';
import type { ScopeData } from './page-data.js';
import { BROWSER } from './visitors.js';

export interface ScopeQuery {
  readonly kind: 'ai' | 'team';
  readonly name: string;
  readonly month?: string;
}

/** A month of one AI or team. */
export async function scopePage(
  servicePort: ServicePort,
  budgetId: string,
  { kind, name, month }: ScopeQuery,
): Promise<ScopeData | Refused> {
  const outcome = await servicePort.submit(budgetId, { kind: 'get-snapshot' }, BROWSER);
  if (outcome.kind === 'refused') return outcome;
  const { snapshot } = outcome;
  const { policy, zone: present } = snapshot.budget;
  const key = month ?? snapshot.month.key;
  const isCurrent = key === snapshot.month.key;
  const found = await servicePort.usageDays(snapshot, firstDayOf(key), lastDayOf(key));
  const zone = isCurrent ? present : zoneOfMonth(found, present);
  const byDay = new Map(found.map((usage) => [usage.day, usage]));
  const spent = (usage: UsageDay | undefined): number => {
    if (usage === undefined) return 0;
    return (kind === 'ai' ? usage.ais : byTeam(policy, [usage])).get(name) ?? 0;
  };
  const days = daysOfMonth(zone, isCurrent ? snapshot.month : calendarMonth(zone, key)).map((day) => ({
    ...{ day: day.day, start: day.start, end: day.end, total: spent(byDay.get(day.day)) },
  }));
  const isOfIt = (aiId: string) => (kind === 'ai' ? aiId === name : teamIdOf(policy, aiId) === name);
  const teamId = kind === 'ai' ? teamIdOf(policy, name) : undefined;
  const calls = [...callsByName(found, ({ aiCalls }) => aiCalls)].filter(([aiId]) => isOfIt(aiId));
  const lastGrantAt = latest(snapshot, isOfIt);
  return {
    ...{
      at: snapshot.now,
      budgetId,
      kind,
      name,
      zone,
      month: key,
      isCurrent,
      unit: policy.unit,
      today: snapshot.today.day,
    },
    ...{ days, total: sum(days.map(({ total }) => total)), ofTotal: sum(found.map(({ total }) => total)) },
    ...sumOfCalls(calls.map(([, count]) => count)),
    ...(teamId !== undefined && { teamId }),
    ...(lastGrantAt !== undefined && { lastGrantAt }),
    ais: kind === 'ai' ? [] : aisOf(found, isOfIt),
  };
}

/** The AIs of a team, the most first. */
function aisOf(found: readonly UsageDay[], isOfIt: (aiId: string) => boolean): ScopeData['ais'] {
  const sums = new Map<string, number>();
  for (const { ais } of found)
    for (const [aiId, tokens] of ais) if (isOfIt(aiId)) sums.set(aiId, (sums.get(aiId) ?? 0) + tokens);
  return [...sums].sort(([, a], [, b]) => b - a).map(([name, tokens]) => ({ name, tokens }));
}

function latest({ lastGrants }: BudgetSnapshot, isOfIt: (aiId: string) => boolean): number | undefined {
  const moments = [...lastGrants].filter(([aiId]) => isOfIt(aiId)).map(([, at]) => at);
  return moments.length === 0 ? undefined : Math.max(...moments);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
