import type { Ledger } from '../../ledger/ledger.js';
import { inMonth } from '../../ledger/standing.js';
import type { MonthWindow } from '../../model/state.js';
import { dayCap, pacedHourCap } from '../../policy/pacing.js';
import { dayIn, dayOfMonth, daysInMonth, daysLeft } from '../../time/calendar.js';
import { type DayWindow, dayWindow, hourAt, hoursLeft, nextMonth } from '../../time/windows.js';

/** What lowers the caps of the month's later days. */
export interface Committed {
  /** Spent and reserved in all of the month. */
  readonly month: number;
  /** The same without today. */
  readonly otherDays: number;
}

export function committed({ tables, slots, month, today }: Ledger): Committed {
  const elsewhere = slots.reserved((hour) => hour.month === month.key && hour.day !== today.day);
  return {
    month: tables.monthSpent + slots.reserved(inMonth(month.key)),
    otherDays: tables.monthSpent - (tables.dayTotals.get(today.day) ?? 0) + elsewhere,
  };
}

/** The start of the first later day whose cap in force would admit if nothing more were spent. */
export function firstDayThatAdmits(
  ledger: Ledger,
  admits: (cap: number) => boolean,
  taken: Committed,
): number | undefined {
  return firstLaterDay(ledger, admits, taken)?.start;
}

/** The start of the first later hour that would admit: an untouched hour takes up to its own maximum and the day's cap. */
export function firstHourThatAdmits(ledger: Ledger, requested: number, taken: Committed): number | undefined {
  const { allowance, policy, hour, today } = ledger;
  if (requested > allowance.hourlyMax) return undefined;
  if (policy.pacing !== 'EVEN') return hour.end;
  if (hour.end < today.end && requested <= capOf(ledger, today.day, taken.otherDays)) return hour.end;
  return firstLaterDay(ledger, (cap) => requested <= cap, taken)?.start;
}

/**
 * The start of the first later hour whose cap, as it is paced, would admit: under EVEN it grows with every hour in which nothing is
 * spent, and is the largest in a day's last.
 */
export function firstPacedHour(
  ledger: Ledger,
  admits: (cap: number) => boolean,
  taken: Committed,
): number | undefined {
  const { allowance, policy, zone, month, hour, today } = ledger;
  if (policy.pacing !== 'EVEN') return admits(allowance.hourlyMax) ? hour.end : undefined;
  const inToday = { cap: capOf(ledger, today.day, taken.otherDays), spent: taken.month - taken.otherDays };
  const ofToday = firstHour(ledger, { zone, month, from: hour.end, end: today.end }, inToday, admits);
  if (ofToday !== undefined) return ofToday;
  const largestOf = (cap: number) =>
    pacedHourCap(allowance, policy.pacing, { inOtherHours: 0, dayCap: cap, hoursLeft: () => 1 }).tokens;
  const day = firstLaterDay(ledger, (cap) => admits(largestOf(cap)), taken);
  if (day === undefined) return undefined;
  const isThis = day.start < month.end;
  const of = isThis ? { zone, month } : { zone: policy.timeZone, month: nextMonth(policy.timeZone, month) };
  const cap = dayCap(allowance, policy.pacing, isThis ? taken.month : 0, daysLeft(of.month, day.day)).tokens;
  return firstHour(ledger, { ...of, from: day.start, end: day.end }, { cap, spent: 0 }, admits);
}

function firstHour(
  { allowance, policy }: Ledger,
  hours: { readonly zone: string; readonly month: MonthWindow; readonly from: number; readonly end: number },
  day: { readonly cap: number; readonly spent: number },
  admits: (cap: number) => boolean,
): number | undefined {
  const { zone, month, end } = hours;
  for (let start = hours.from; start < end; start = hourAt(zone, start, month).end) {
    const left = () => hoursLeft(zone, end, start);
    const input = { inOtherHours: day.spent, dayCap: day.cap, hoursLeft: left };
    if (admits(pacedHourCap(allowance, policy.pacing, input).tokens)) return start;
  }
  return undefined;
}

function firstLaterDay(
  ledger: Ledger,
  admits: (cap: number) => boolean,
  taken: Committed,
): DayWindow | undefined {
  const { zone, month, today, policy, allowance } = ledger;
  const inThis = firstDay(zone, month, dayOfMonth(today.day) + 1, (day) =>
    admits(capOf(ledger, day, taken.month)),
  );
  if (inThis !== undefined) return inThis;
  // Nothing of this month counts in the next one.
  const next = nextMonth(policy.timeZone, month);
  return firstDay(policy.timeZone, next, 1, (day) =>
    admits(dayCap(allowance, policy.pacing, 0, daysLeft(next, day)).tokens),
  );
}

/** Caps are asked before the calendar, which is slow: a day that is over before the month began is none. */
function firstDay(
  zone: string,
  month: MonthWindow,
  from: number,
  admits: (day: string) => boolean,
): DayWindow | undefined {
  for (let of = from; of <= daysInMonth(month.key); of += 1) {
    const day = dayIn(month.key, of);
    const window = admits(day) ? dayWindow(zone, month, day) : undefined;
    if (window !== undefined && window.end > window.start) return window;
  }
  return undefined;
}

function capOf({ allowance, policy, month }: Ledger, day: string, before: number): number {
  return dayCap(allowance, policy.pacing, before, daysLeft(month, day)).tokens;
}
