import { dayIn, dayOfMonth, daysInMonth } from '../calendar.js';
import type { Ledger } from '../ledger.js';
import { dayCap } from '../pacing.js';
import { inMonth } from '../standing.js';
import type { MonthWindow } from '../state.js';
import { type DayWindow, daysLeft, dayWindow, nextMonth } from '../windows.js';

/** The start of the first later day whose cap in force would admit if nothing more were spent. */
export function firstDayThatAdmits(ledger: Ledger, admits: (cap: number) => boolean): number | undefined {
  return firstLaterDay(ledger, admits)?.start;
}

/** The start of the first later hour that would admit: an untouched hour takes up to its own maximum and the day's cap. */
export function firstHourThatAdmits(ledger: Ledger, requested: number): number | undefined {
  const { allowance, policy, hour, today } = ledger;
  if (requested > allowance.hourlyMax) return undefined;
  if (policy.pacing !== 'EVEN') return hour.end;
  if (hour.end < today.end && requested <= capOf(ledger, today.day, committed(ledger, today.day)))
    return hour.end;
  return firstLaterDay(ledger, (cap) => requested <= cap)?.start;
}

function firstLaterDay(ledger: Ledger, admits: (cap: number) => boolean): DayWindow | undefined {
  const { zone, month, today, policy, allowance } = ledger;
  const spent = ledger.tables.monthSpent + ledger.slots.reserved(inMonth(month.key));
  const inThis = firstDay(zone, month, dayOfMonth(today.day) + 1, (day) => admits(capOf(ledger, day, spent)));
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

/** Spent and reserved in the days of the month other than this one. */
function committed({ tables, slots, month }: Ledger, day: string): number {
  const elsewhere = slots.reserved((hour) => hour.month === month.key && hour.day !== day);
  return tables.monthSpent - (tables.dayTotals.get(day) ?? 0) + elsewhere;
}
