import type { Ledger } from '../ledger/ledger.js';
import { standingOf } from '../ledger/standing.js';
import { monthInWindow } from '../ledger/topped.js';
import { dayAt } from '../time/windows.js';
import type { AlertInput } from './condition.js';

/** The figures of a budget that alerts are about, as they are now. */
export function alertInput(ledger: Ledger): AlertInput {
  const { policy, allowance, zone, month, today, hour, tables, clock, pace } = ledger;
  const standing = standingOf(ledger);
  const closedDay = dayBefore(ledger);
  return {
    policy,
    allowance,
    zone,
    now: clock,
    countsFrom: pace.countsFrom,
    experience: pace.experience,
    month,
    today,
    hour,
    hourSpent: standing.hour.spent,
    hourCap: standing.hour.cap.tokens,
    monthSpent: monthInWindow(tables),
    ...(ledger.denialRate && { denialsPerMinute: ledger.denialRate.perMinute }),
    monthAis: tables.monthAis,
    teams: teamsOf(ledger),
    dayTotals: tables.dayTotals,
    ...(closedDay === undefined ? {} : { closedDay }),
  };
}

/** A team without a cap of its own for the month has all of it. */
function teamsOf({ scopes, allowance, policy }: Ledger): AlertInput['teams'] {
  if (scopes === undefined || policy.alertPercentsPerTeam.length === 0) return [];
  return Array.from(scopes.teams.values(), ({ id, month, monthPart }) => ({
    teamId: id,
    spent: month,
    part: monthPart.of(allowance.enforced),
  }));
}

/** Yesterday, if the budget was in use by then. */
function dayBefore({ tables, today, month, zone, createdAt, closedDay }: Ledger): AlertInput['closedDay'] {
  const end = today.start;
  if (createdAt >= end) return undefined;
  if (end <= month.start) return closedDay;
  const { day, start } = dayAt(zone, month, end - 1);
  const total = tables.dayTotals.get(day) ?? 0;
  return total > 0 || wasUsedBefore(tables, day) ? { day, start, total } : undefined;
}

function wasUsedBefore({ dayTotals }: Ledger['tables'], day: string): boolean {
  for (const [used, tokens] of dayTotals) if (used < day && tokens > 0) return true;
  return false;
}
