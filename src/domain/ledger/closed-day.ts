import type { Evidence } from '../model/requests.js';
import type { ClosedDay, MonthWindow } from '../model/state.js';
import { dayBefore, firstDayOf } from '../time/calendar.js';
import { dayAt } from '../time/windows.js';
import type { Ledger } from './ledger.js';

/** The last day of the month that is left, where the next one follows it and it was in use. */
export function lastDayBefore({ tables, zone, month }: Ledger, next: MonthWindow): ClosedDay | undefined {
  if (month.end !== next.start || tables.dayTotals.size === 0) return undefined;
  const { day, start } = dayAt(zone, month, month.end - 1);
  return { day, start, total: tables.dayTotals.get(day) ?? 0 };
}

/** The same of a month that is come back to: from its document, if that was asked for and there is one. */
export function closedBefore(
  { tables }: Ledger,
  { key }: MonthWindow,
  { days }: Evidence,
): ClosedDay | undefined {
  const day = dayBefore(firstDayOf(key));
  const known = tables.days.get(day) ?? days.get(day);
  return known && { day, start: known.start, total: known.total };
}
