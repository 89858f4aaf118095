import type { BudgetCard, DayData, MonthData } from '../src/http/dashboard/page-data.js';
import type { Amounts, ZoneTimes } from './format.js';

/** A line over the days of a month; where it has no value, it goes straight on to the next. */
export interface Line {
  /** A colour of the styles. */
  readonly colour: string;
  readonly width?: number;
  readonly dashed?: boolean;
  readonly values: readonly (number | undefined)[];
}

/** A place on all the lines. */
export interface Place {
  readonly x: number;
  readonly text: string;
}

/** What the month has used by the end of each day, up to now. */
interface SoFar {
  /** Days from the month's start; the last may lie within a day. */
  readonly x: readonly number[];
  readonly spent: readonly number[];
}

export interface MonthLine {
  readonly places: readonly Place[];
  readonly lines: readonly Line[];
}

/**
 * The month as it comes together: what was used, against the line on which every day is used alike, the limit, what is forecast, and
 * the month before as a ghost. The forecast is of the month under way alone.
 */
export function monthLine(
  { month, limits, isCurrent, monthBefore, at }: MonthData,
  days: readonly DayData[],
  card: BudgetCard | undefined,
  times: ZoneTimes,
  amounts: Amounts,
): MonthLine {
  const length = days.length;
  const now = isCurrent ? Math.max(at, card?.at ?? at) : month.end;
  const soFar = usedBy(days, now);
  const xs = [...new Set([...Array.from({ length: length + 1 }, (_, day) => day), ...soFar.x])].sort(
    (a, b) => a - b,
  );
  const spent = xs.map((x) => valueAt(soFar, x));
  const even = xs.map((x) => (limits.enforced * x) / Math.max(1, length));
  const ghost = ghostOf(monthBefore, length);
  const before = xs.map((x) => (Number.isInteger(x) ? ghost[x] : undefined));
  const nowX = soFar.x.at(-1) ?? 0;
  const projected = isCurrent ? card?.projectedMonthTokens : undefined;
  const forecast = xs.map((x) => (x === nowX ? soFar.spent.at(-1) : x === length ? projected : undefined));
  const text = (at: number): string => {
    const x = xs[at] ?? 0;
    const parts = [
      spent[at] !== undefined && `${amounts.told(spent[at])} spent`,
      spent[at] === undefined &&
        x === length &&
        projected !== undefined &&
        `${amounts.told(projected)} forecast`,
      `${amounts.text(Math.round(even[at] ?? 0))} on the even line`,
      before[at] !== undefined && `${amounts.text(before[at])} last month`,
    ];
    return `${nameOf(x, days, times)}: ${parts.filter((part) => part !== false).join(', ')}`;
  };
  return {
    places: xs.map((x, at) => ({ x, text: text(at) })),
    lines: [
      { colour: '--ghost', width: 2, values: before },
      { colour: '--most', values: xs.map(() => limits.enforced) },
      { colour: '--least', values: even },
      ...(projected === undefined ? [] : [{ colour: '--used', dashed: true, width: 2, values: forecast }]),
      { colour: '--used', width: 3, values: spent },
    ],
  };
}

function usedBy(days: readonly DayData[], now: number): SoFar {
  const [x, spent] = [[0], [0]];
  let sum = 0;
  for (const [at, { start, end, total }] of days.entries()) {
    if (start >= now) break;
    sum += total;
    x.push(end <= now ? at + 1 : at + (now - start) / (end - start));
    spent.push(sum);
  }
  return { x, spent };
}

function valueAt({ x, spent }: SoFar, at: number): number | undefined {
  const found = x.indexOf(at);
  return found < 0 ? undefined : spent[found];
}

/** Two months that differ in length are laid upon each other from their first days on. */
function ghostOf(totals: readonly number[], length: number): (number | undefined)[] {
  if (totals.length === 0) return [];
  let sum = 0;
  const sums = totals.map((total) => {
    sum += total;
    return sum;
  });
  return [0, ...sums].slice(0, length + 1);
}

function nameOf(x: number, days: readonly DayData[], times: ZoneTimes): string {
  if (x === 0) return 'The month begins';
  const day = days[Math.ceil(x) - 1];
  if (day === undefined) return '';
  return Number.isInteger(x) ? `By the end of ${times.day(day.start)}` : `By now, ${times.day(day.start)}`;
}
