import type { Ledger } from '../../ledger/ledger.js';
import { inMonth } from '../../ledger/standing.js';
import type { MonthWindow } from '../../model/state.js';
import { dayCap } from '../../policy/pacing.js';
import { dayIn, dayOfMonth, daysInMonth, daysLeft } from '../../time/calendar.js';
import { type DayWindow, dayWindow, nextMonth } from '../../time/windows.js';

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

/** A later day, and its cap in force if nothing more were spent. */
export interface LaterDay {
  readonly cap: number;
  readonly zone: string;
  /** Asked for after the cap: the calendar is slow. Undefined for a day that is over before its month began. */
  readonly window: () => DayWindow | undefined;
}

/** The start of the first later day whose cap in force would admit if nothing more were spent. */
export function firstDayThatAdmits(
  ledger: Ledger,
  admits: (cap: number) => boolean,
  taken: Committed,
): number | undefined {
  return inLaterDays(ledger, taken, ({ cap, window }) => (admits(cap) ? window()?.start : undefined));
}

/** The start of the first later hour that would admit: an untouched hour takes up to its own maximum and the day's cap. */
export function firstHourThatAdmits(ledger: Ledger, requested: number, taken: Committed): number | undefined {
  const { allowance, policy, hour, today } = ledger;
  if (requested > allowance.hourlyMax) return undefined;
  if (policy.pacing !== 'EVEN') return hour.end;
  if (hour.end < today.end && requested <= capOf(ledger, today.day, taken.otherDays)) return hour.end;
  return firstDayThatAdmits(ledger, (cap) => requested <= cap, taken);
}

/** What is found in the first later day in which something is found, of this month and the next. */
export function inLaterDays<T>(
  ledger: Ledger,
  taken: Committed,
  find: (day: LaterDay) => T | undefined,
): T | undefined {
  const { zone, month, today, policy, allowance } = ledger;
  const inThis = inDays(
    { zone, month, from: dayOfMonth(today.day) + 1 },
    (day) => capOf(ledger, day, taken.month),
    find,
  );
  if (inThis !== undefined) return inThis;
  // Nothing of this month counts in the next one.
  const next = nextMonth(policy.timeZone, month);
  return inDays(
    { zone: policy.timeZone, month: next, from: 1 },
    (day) => dayCap(allowance, policy.pacing, 0, daysLeft(next, day)).tokens,
    find,
  );
}

function inDays<T>(
  { zone, month, from }: { readonly zone: string; readonly month: MonthWindow; readonly from: number },
  cap: (day: string) => number,
  find: (day: LaterDay) => T | undefined,
): T | undefined {
  for (let of = from; of <= daysInMonth(month.key); of += 1) {
    const day = dayIn(month.key, of);
    const window = () => {
      const found = dayWindow(zone, month, day);
      return found.end > found.start ? found : undefined;
    };
    const found = find({ cap: cap(day), zone, window });
    if (found !== undefined) return found;
  }
  return undefined;
}

function capOf({ allowance, policy, month }: Ledger, day: string, before: number): number {
  return dayCap(allowance, policy.pacing, before, daysLeft(month, day)).tokens;
}
