import type { HourTotal, StoredDay } from '../model/state.js';
import type { Writable } from '../model/types.js';
import type { LedgerTables } from './ledger-tables.js';
import { add, type Table } from './table.js';

/**
 * Of the tokens of an hour, day, month, AI or model, those that came from top-ups. They are counted beside them by `book`, under the
 * same names. Windows, and so all that paces them, look at tokens less these; statistics look at all.
 */

interface Topped {
  /** A day as `YYYY-MM-DD`, or a month as `YYYY-MM`. */
  readonly span: string;
  /** The names that the span counts under. */
  readonly ai: string;
  readonly model: string;
  /** May be negative. */
  readonly topped: number;
}

export function countToppedInDay(
  { toppedAis, toppedModels }: LedgerTables,
  { day, hour }: { readonly day: Writable<Pick<StoredDay, 'topped'>>; readonly hour: Writable<HourTotal> },
  { span, ai, model, topped }: Topped,
): void {
  day.topped = (day.topped ?? 0) + topped;
  hour.topped = (hour.topped ?? 0) + topped;
  countTopped(toppedAis, span, ai, topped);
  countTopped(toppedModels, span, model, topped);
}

/** A day of the current month. */
export function countToppedDay(tables: LedgerTables, day: string, topped: number): void {
  if (topped === 0) return;
  add(tables.toppedDays, day, topped);
  tables.monthTopped += topped;
}

export function countTopped(table: Table<number>, span: string, name: string, topped: number): void {
  if (topped !== 0) add(table, `${span} ${name}`, topped);
}

/** By the name that the span counts under. */
export function toppedIn(table: Table<number>, span: string, name: string): number {
  return table.size === 0 ? 0 : (table.get(`${span} ${name}`) ?? 0);
}

/** What a day or an hour counts in its window. */
export function inWindow(counted: { readonly total: number; readonly topped?: number } | undefined): number {
  return counted === undefined ? 0 : counted.total - (counted.topped ?? 0);
}

/** What the current month counts in its window. */
export function monthInWindow({ monthSpent, monthTopped }: LedgerTables): number {
  return monthSpent - monthTopped;
}

/** What one of its days counts in the window. */
export function dayOfMonthInWindow({ dayTotals, toppedDays }: LedgerTables, day: string): number {
  const total = dayTotals.get(day) ?? 0;
  return toppedDays.size === 0 ? total : total - (toppedDays.get(day) ?? 0);
}
