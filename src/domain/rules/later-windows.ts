import type { Ledger } from '../ledger.js';
import { dayCap } from '../pacing.js';
import { inMonth } from '../standing.js';
import { type DayWindow, daysLeft, daysOfMonth, nextMonth } from '../windows.js';

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
  for (const day of daysOfMonth(zone, month)) {
    if (day.start >= today.end && admits(capOf(ledger, day.day, spent))) return day;
  }
  // Nothing of this month counts in the next one.
  const next = nextMonth(policy.timeZone, month);
  return daysOfMonth(policy.timeZone, next).find((day) =>
    admits(dayCap(allowance, policy.pacing, 0, daysLeft(next, day.day)).tokens),
  );
}

function capOf({ allowance, policy, month }: Ledger, day: string, before: number): number {
  return dayCap(allowance, policy.pacing, before, daysLeft(month, day)).tokens;
}

/** Spent and reserved in the days of the month other than this one. */
function committed({ tables, slots, month }: Ledger, day: string): number {
  const elsewhere = slots.reserved((hour) => hour.month === month.key && hour.day !== day);
  return tables.monthSpent - (tables.dayTotals.get(day) ?? 0) + elsewhere;
}
