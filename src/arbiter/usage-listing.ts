import { type BudgetView, type Refused, refused } from '../domain/model/outcomes.js';
import type { UsageDay } from '../domain/model/state.js';
import type { CallCount } from '../domain/model/types.js';
import { byTeam, callsByTeam } from '../domain/statistics/by-team.js';
import { callsByName, NO_CALLS } from '../domain/statistics/calls-by-name.js';
import { LAST_DAY, zoneOfDay } from '../domain/time/calendar.js';
import { hourName } from '../domain/time/windows.js';
import { summed } from './distribution.js';
import type { Caller, Grouping, ServicePort, UsageQuery, UsageRow, UsageRows } from './service-port.js';

/** A row that can be listed, and where it stands in the order. Two hours of one name differ in their start. */
interface ListedRow extends UsageRow {
  readonly cursor: string;
}

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

/** Usage by day, hour, AI, model or team, a page at a time. */
export async function listUsage(
  servicePort: ServicePort,
  budgetId: string,
  query: UsageQuery,
  caller: Caller,
): Promise<UsageRows | Refused> {
  const outcome = await servicePort.submit(budgetId, { kind: 'get-snapshot' }, caller);
  if (outcome.kind === 'refused') return outcome;
  const { snapshot } = outcome;
  const from = query.fromDay ?? earliest(snapshot.month.key, query.toDay);
  const to = query.toDay ?? daysAfter(from, LONGEST_DAYS);
  const days = await servicePort.usageDays(snapshot, from, to);
  const after = query.afterKey ?? '';
  const all = ROWS[query.groupBy](days, snapshot.budget);
  // Each month can be counted exactly; a sum over several may not.
  if (!all.every(({ tokens }) => Number.isSafeInteger(tokens))) {
    return refused({ reason: 'AMOUNT_OVERFLOW', field: 'to_day' });
  }
  const rows = all
    .filter(({ cursor, tokens, calls }) => (tokens > 0 || calls > 0) && cursor > after)
    .sort((a, b) => (a.cursor < b.cursor ? -1 : 1));
  const page = rows.slice(0, query.pageSize);
  const last = page[page.length - 1];
  return {
    rows: page.map(({ cursor: _, ...row }) => row),
    ...(last !== undefined && rows.length > page.length ? { nextKey: last.cursor } : {}),
  };
}

/** The first of the current month, or of the month of a last day that lies before it. */
function earliest(month: string, toDay: string | undefined): string {
  const first = `${month}-01`;
  return toDay !== undefined && toDay < first ? `${toDay.slice(0, 7)}-01` : first;
}

function daysAfter(day: string, days: number): string {
  const after = Date.parse(day) + days * DAY_MS;
  return after > Date.parse(LAST_DAY) ? LAST_DAY : new Date(after).toISOString().slice(0, 10);
}

const ROWS: { readonly [G in Grouping]: (days: readonly UsageDay[], budget: BudgetView) => ListedRow[] } = {
  DAY: (days) =>
    days.map(({ day, start, total, presumed, late, calls = 0, failedCalls = 0 }) => ({
      ...{ cursor: day, key: day, start, tokens: total, presumed, late, calls, failedCalls },
    })),
  HOUR: (days, { zone }) =>
    days.flatMap((day) =>
      day.hours.map(({ start, tokens }) => ({
        ...{
          cursor: String(start).padStart(16, '0'),
          key: hourName(zoneOfDay(day, zone), start),
          start,
          tokens,
        },
        ...{ presumed: 0, late: 0, ...NO_CALLS },
      })),
    ),
  AI: (days) =>
    named(
      summed(days, ({ ais }) => ais),
      callsByName(days, ({ aiCalls }) => aiCalls),
    ),
  MODEL: (days) =>
    named(
      summed(days, ({ models }) => models),
      callsByName(days, ({ modelCalls }) => modelCalls),
    ),
  TEAM: (days, { policy }) => named(byTeam(policy, days), callsByTeam(policy, days)),
};

function named(sums: ReadonlyMap<string, number>, calls: ReadonlyMap<string, CallCount>): ListedRow[] {
  return [...sums].map(([name, tokens]) => ({
    ...{ cursor: name, key: name, tokens, presumed: 0, late: 0 },
    ...(calls.get(name) ?? NO_CALLS),
  }));
}
