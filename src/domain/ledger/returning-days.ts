import type { Evidence } from '../model/requests.js';
import type { ClosedDay, ClosedLease, MonthWindow, UsageDay } from '../model/state.js';
import { dayBefore, dayIn, daysInMonth, firstDayOf, monthOfDay } from '../time/calendar.js';
import { calendarDay, type DayWindow, dayAt, dayWindow } from '../time/windows.js';
import { countNameInMonth, openDay } from './accounts.js';
import { ownHours } from './day-copy.js';
import type { Ledger } from './ledger.js';
import {
  countOtherOfMonth,
  countPartsOfDay,
  partsOfDocument,
  regroupDay,
  regroupMonth,
} from './scope-counts.js';
import { usageDayBytes } from './state-size.js';
import { countToppedDay } from './topped.js';

/**
 * Days that left the state and are needed again: for an adjustment, or after a clock that had run ahead was reset. Their usage
 * document is then the newest word on them, so it is brought back whole, never begun anew.
 */

const NONE: readonly string[] = [];

/** Brings a day into the state as its usage document has it, or opens it if there is none. */
export function bringBackDay(ledger: Ledger, day: string, evidence: Evidence): void {
  if (ledger.tables.days.has(day)) return;
  const window = windowOf(ledger, day);
  const document = evidence.days.get(day);
  if (document === undefined) {
    openDay(ledger, window);
    return;
  }
  const { start, total, presumed, late, topped, zone, unit, refused, calls, failedCalls } = document;
  const hours = ownHours(document.hours);
  // Written in another zone it may have ended earlier: closed at once, it would be brought back again and again.
  const end = Math.max(document.end, window.end);
  const changedAt = ledger.nextRevision;
  const totals = {
    ...{ start, end, total, presumed, late, hours, changedAt, settleUntil: 0 },
    ...(topped && { topped }),
    ...(calls !== undefined && { calls, failedCalls: failedCalls ?? 0 }),
    ...(zone !== undefined && { zone }),
    ...(unit !== undefined && { unit }),
    ...(refused !== undefined && { refused }),
  };
  ledger.tables.putDay(day, totals, { ...document, parts: partsOfDocument(ledger, document) });
  if (day === ledger.today.day) regroupDay(ledger);
}

function windowOf({ zone, month, today }: Ledger, day: string): DayWindow {
  if (day === today.day) return today;
  return monthOfDay(day) === month.key ? dayWindow(zone, month, day) : calendarDay(zone, day);
}

/** What a day would take in the state that is to come back into it. */
export function returningBytes({ tables }: Ledger, day: string, evidence: Evidence): number {
  return tables.days.has(day) ? 0 : usageDayBytes(evidence.days.get(day));
}

/** What the day of a closed lease would take that comes back with it: see `withItsDay`. */
export function bytesOfItsDay(ledger: Ledger, { presumed, lease }: ClosedLease, evidence: Evidence): number {
  return presumed > 0 ? returningBytes(ledger, lease.day, evidence) : 0;
}

/** A closed lease whose day is in the state, if any of its tokens are still presumed there. */
export function withItsDay(ledger: Ledger, closed: ClosedLease, evidence: Evidence): ClosedLease {
  if (closed.presumed > 0) bringBackDay(ledger, closed.lease.day, evidence);
  return closed;
}

/** Days of the moment `now` that must be looked up before anything is decided: opened once, and no longer in the state. */
export function missingToday(ledger: Ledger, now: number): readonly string[] {
  const { zone, month, today, lastOpenedDay } = ledger;
  if (now < month.start || now >= month.end) return NONE;
  // Today itself may be missing: opened by a clock that had run ahead, in a zone where it ended earlier, it left at that end.
  const isToday = now >= today.start && now < today.end;
  if (isToday && ledger.todayTotals !== undefined) return NONE;
  const { day } = isToday ? today : dayAt(zone, month, now);
  return day <= lastOpenedDay && !ledger.tables.days.has(day) ? [day] : NONE;
}

/** The days of a month that were opened once and are no longer in the state. */
export function missingDays({ lastOpenedDay, tables }: Ledger, monthKey: string): string[] {
  if (lastOpenedDay.slice(0, 7) < monthKey) return [];
  const missing: string[] = [];
  for (let of = 1; of <= daysInMonth(monthKey); of += 1) {
    const day = dayIn(monthKey, of);
    if (day <= lastOpenedDay && !tables.days.has(day)) missing.push(day);
  }
  return missing;
}

/** Makes a month the current one: its totals are those of its days, in the state or in their documents. */
export function enterMonth(ledger: Ledger, zone: string, month: MonthWindow, evidence: Evidence): void {
  const { tables } = ledger;
  ledger.closedDay = lastDayBefore(ledger, month) ?? closedBefore(ledger, month, evidence);
  ledger.zone = zone;
  ledger.month = month;
  ledger.hour = { start: 0, end: 0 };
  tables.dropMonth();
  for (const [day, { total, topped }] of tables.days.entries()) {
    if (monthOfDay(day) !== month.key) continue;
    count(ledger, {
      ...{ day, total, ...(topped && { topped }) },
      ...{ ais: tables.ofDay(tables.dayAis, day), models: tables.ofDay(tables.dayModels, day) },
      parts: tables.partsOf(day),
      toppedAis: tables.toppedOfDay(tables.toppedAis, day),
      toppedModels: tables.toppedOfDay(tables.toppedModels, day),
    });
  }
  for (const document of evidence.days.values()) {
    if (document === undefined || monthOfDay(document.day) !== month.key) continue;
    if (tables.days.has(document.day)) continue;
    count(ledger, { ...document, parts: partsOfDocument(ledger, document) });
  }
  regroupMonth(ledger);
  ledger.touchHead();
}

type CountedDay = Pick<
  UsageDay,
  'day' | 'total' | 'topped' | 'ais' | 'models' | 'parts' | 'toppedAis' | 'toppedModels'
>;

function count(ledger: Ledger, counted: CountedDay): void {
  const { day, total, topped = 0, ais, models, parts, toppedAis, toppedModels } = counted;
  const { tables } = ledger;
  const month = monthOfDay(day);
  tables.dayTotals.set(day, total);
  tables.monthSpent += total;
  countToppedDay(tables, day, topped);
  const byName = [
    ['AI', ais, toppedAis],
    ['MODEL', models, toppedModels],
  ] as const;
  for (const [of, names, toppedNames] of byName) {
    for (const [name, tokens] of names) {
      const ofName = toppedNames.get(name) ?? 0;
      if (countNameInMonth(tables, of, month, name, tokens, ofName) !== name)
        countOtherOfMonth(ledger, of, name, tokens - ofName);
    }
  }
  countPartsOfDay(ledger, parts);
}

/** The last day of the month that is left, where the next one follows it and it was in use. */
function lastDayBefore({ tables, zone, month }: Ledger, next: MonthWindow): ClosedDay | undefined {
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
