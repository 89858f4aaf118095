import type { Ledger } from '../../ledger/ledger.js';
import { inMonth } from '../../ledger/standing.js';
import { dayOfMonthInWindow, monthInWindow } from '../../ledger/topped.js';
import type { MonthWindow } from '../../model/state.js';
import { type Allowance, rolledOver } from '../../policy/allowance.js';
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
    month: monthInWindow(tables) + slots.reserved(inMonth(month.key)),
    otherDays: monthInWindow(tables) - dayOfMonthInWindow(tables, today.day) + elsewhere,
  };
}

/** The start of the first later day whose cap in force would admit if nothing more were spent. */
export function firstDayThatAdmits(ledger: Ledger, admits: Admits, taken: Committed): number | undefined {
  return firstLaterDay(ledger, admits, taken)?.start;
}

/** The start of the first later hour that would admit: an untouched hour takes up to its own maximum and the day's cap. */
export function firstHourThatAdmits(ledger: Ledger, requested: number, taken: Committed): number | undefined {
  const { allowance, policy, hour, today, month } = ledger;
  const fitsThis = requested <= allowance.hourlyMax;
  if (policy.pacing !== 'EVEN') {
    if (fitsThis && hour.end < month.end) return hour.end;
    return requested <= nextAllowance(ledger, nextMonth(policy.timeZone, month), taken).hourlyMax
      ? month.end
      : undefined;
  }
  if (fitsThis && hour.end < today.end && requested <= capOf(ledger, today.day, taken.otherDays))
    return hour.end;
  const admits = (cap: number, { hourlyMax }: Allowance) => requested <= Math.min(cap, hourlyMax);
  return firstLaterDay(ledger, admits, taken)?.start;
}

type Admits = (cap: number, allowance: Allowance) => boolean;

function firstLaterDay(ledger: Ledger, admits: Admits, taken: Committed): DayWindow | undefined {
  const { zone, month, today, policy, allowance } = ledger;
  const inThis = firstDay(zone, month, dayOfMonth(today.day) + 1, (day) =>
    admits(capOf(ledger, day, taken.month), allowance),
  );
  if (inThis !== undefined) return inThis;
  const next = nextMonth(policy.timeZone, month);
  const ofNext = nextAllowance(ledger, next, taken);
  return firstDay(policy.timeZone, next, 1, (day) =>
    admits(dayCap(ofNext, policy.pacing, 0, daysLeft(next, day)).tokens, ofNext),
  );
}

/** Nothing of this month counts in the next one; but what is left of it may make that larger. */
function nextAllowance(ledger: Ledger, next: MonthWindow, taken: Committed): Allowance {
  const rollover = ledger.createdAt > ledger.month.start ? 0 : rolledOver(ledger.policy, taken.month);
  return ledger.allowanceIn(next.key, rollover);
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
