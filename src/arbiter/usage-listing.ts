import { type BudgetView, type Refused, refused } from '../domain/model/outcomes.js';
import type { UsageDay } from '../domain/model/state.js';
import { NO_CALLS } from '../domain/statistics/calls-by-name.js';
import { crossing } from '../domain/statistics/crossing.js';
import { knownHours } from '../domain/statistics/known-hours.js';
import { LAST_DAY, zoneOfDay } from '../domain/time/calendar.js';
import { hourName } from '../domain/time/windows.js';
import type { Caller, ServicePort, UsageOrder, UsageQuery, UsageRow, UsageRows } from './service-port.js';

/** A row that can be listed, and where it stands among the others. Two hours of one name differ in their start. */
interface ListedRow extends UsageRow {
  readonly place: string;
}

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

/** Usage by day, hour, AI, model or team, or several of them, a page at a time. */
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
  const all = rowsOf(days, snapshot.budget, query).filter(({ tokens, calls }) => tokens > 0 || calls > 0);
  const budgetTokens = sumOf(days.map(({ total }) => total));
  // Each month can be counted exactly; a sum over several may not.
  if (!Number.isSafeInteger(budgetTokens)) return refused({ reason: 'AMOUNT_OVERFLOW', field: 'to_day' });
  return {
    ...pageOf(all, query),
    totalTokens: sumOf(all.map(({ tokens }) => tokens)),
    totalCalls: sumOf(all.map(({ calls }) => calls)),
    budgetTokens,
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The rows after those of the page before. A cursor says what they are ordered by, and the place of the last of them. */
function pageOf(all: readonly ListedRow[], query: UsageQuery): Pick<UsageRows, 'rows' | 'nextKey'> {
  const { orderBy = 'KEY', descending = false, afterKey, pageSize } = query;
  const value = ({ tokens, calls }: ListedRow) =>
    orderBy === 'KEY' ? 0 : orderBy === 'TOKENS' ? tokens : calls;
  const isBefore = (one: Position, other: Position) => {
    if (one.value !== other.value) return one.value > other.value === descending ? -1 : 1;
    if (one.place === other.place) return 0;
    // Those of one value go by their names.
    return one.place < other.place === (descending && orderBy === 'KEY') ? 1 : -1;
  };
  const after = afterKey === undefined ? undefined : positionOf(afterKey, orderBy);
  const rows = all
    .map((row) => ({ row, value: value(row), place: row.place }))
    .filter((position) => after === undefined || isBefore(after, position) < 0)
    .sort(isBefore);
  const page = rows.slice(0, pageSize);
  const last = page[page.length - 1];
  const cursor = last && (orderBy === 'KEY' ? last.place : `${last.value} ${last.place}`);
  return {
    rows: page.map(({ row: { place: _, ...row } }) => row),
    ...(cursor !== undefined && rows.length > page.length ? { nextKey: cursor } : {}),
  };
}

interface Position {
  readonly value: number;
  readonly place: string;
}

function positionOf(cursor: string, orderBy: UsageOrder): Position {
  if (orderBy === 'KEY') return { value: 0, place: cursor };
  const space = cursor.indexOf(' ');
  return { value: Number(cursor.slice(0, space)), place: cursor.slice(space + 1) };
}

/** The first of the current month, or of the month of a last day that lies before it. */
export function earliest(month: string, toDay: string | undefined): string {
  const first = `${month}-01`;
  return toDay !== undefined && toDay < first ? `${toDay.slice(0, 7)}-01` : first;
}

export function daysAfter(day: string, days: number): string {
  const after = Date.parse(day) + days * DAY_MS;
  return after > Date.parse(LAST_DAY) ? LAST_DAY : new Date(after).toISOString().slice(0, 10);
}

function rowsOf(days: readonly UsageDay[], { zone, policy }: BudgetView, query: UsageQuery): ListedRow[] {
  const { groupBy, aiId, model, teamId } = query;
  const isWhole = aiId === undefined && model === undefined && teamId === undefined;
  if (groupBy === 'HOUR') return days.flatMap((day) => hoursOf(day, zone));
  const keys = query.by ?? [groupBy];
  if (isWhole && keys.length === 1 && groupBy === 'DAY') return days.map(dayRow);
  // Without teams nobody is in none of them.
  if (isWhole && keys.length === 1 && groupBy === 'TEAM' && policy.teams.size === 0) return [];
  const starts = new Map(days.map(({ day, start }) => [day, start]));
  return crossing(days, policy, keys, query).map((row) => {
    const names = keys.map((key) => row[NAME_OF[key]] ?? '');
    const start = keys.length === 1 && row.day !== undefined ? starts.get(row.day) : undefined;
    return {
      ...{ ...row, place: names.join(BETWEEN), key: names.join(' '), presumed: 0, late: 0 },
      ...(start !== undefined && { start }),
    };
  });
}

/** Below all that names are made of. */
const BETWEEN = '\u0001';
const NAME_OF = { DAY: 'day', AI: 'aiId', MODEL: 'model', TEAM: 'teamId' } as const;

function dayRow({ day, start, total, presumed, late, calls = 0, failedCalls = 0 }: UsageDay): ListedRow {
  return { place: day, key: day, day, start, tokens: total, presumed, late, calls, failedCalls };
}

const NOTHING_ELSE = { presumed: 0, late: 0, ...NO_CALLS };

/** What has no hour stands before the hours of its day. */
function hoursOf(day: UsageDay, zone: string): ListedRow[] {
  const { known, unknown } = knownHours(day.hours);
  const hours = known.map(({ start, tokens }) => ({
    ...{ place: placeOf(start), key: hourName(zoneOfDay(day, zone), start), day: day.day, start, tokens },
    ...NOTHING_ELSE,
  }));
  const ofDay = { place: placeOf(day.start - 1), key: day.day, day: day.day, tokens: unknown };
  return [{ ...ofDay, ...NOTHING_ELSE }, ...hours];
}

function placeOf(moment: number): string {
  return String(moment).padStart(16, '0');
}
