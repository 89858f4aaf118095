import type { Ledger } from '../../ledger/ledger.js';
import { inMonth } from '../../ledger/standing.js';
import type { MonthWindow } from '../../model/state.js';
import { dayCap, pacedHourCap } from '../../policy/pacing.js';
import { dayIn, dayOfMonth, daysInMonth, daysLeft } from '../../time/calendar.js';
import { type DayWindow, dayWindow, hourAt, nextMonth, type Span } from '../../time/windows.js';

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

/** Whose days and hours they are. */
interface Calendar {
  readonly zone: string;
  readonly month: MonthWindow;
}

/** A later day, and its cap in force if nothing more were spent. */
export interface LaterDay extends Calendar {
  readonly cap: number;
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

/** A later hour, with its cap as it is paced if nothing more were spent: under EVEN it grows with every hour. */
export interface LaterHour extends Span {
  readonly cap: number;
  /** Its day. */
  readonly day: Span & { readonly cap: number; readonly isToday: boolean };
}

/** The start of the first later hour whose cap, as it is paced, would admit. */
export function firstPacedHour(
  ledger: Ledger,
  admits: (cap: number) => boolean,
  taken: Committed,
): number | undefined {
  return inLaterHours(ledger, taken, ({ cap, start }) => (admits(cap) ? start : undefined));
}

/**
 * What is found in the first later hour in which something is found. Under EVEN a day's first hour has the least cap, and its last the
 * largest: `maybe` says by these whether its hours are looked for in the calendar, which is slow.
 */
export function inLaterHours<T>(
  ledger: Ledger,
  taken: Committed,
  find: (hour: LaterHour) => T | undefined,
  maybe = (_first: LaterHour, last: LaterHour) => find(last) !== undefined,
): T | undefined {
  const { allowance, policy, zone, month, hour, today } = ledger;
  const cap = capOf(ledger, today.day, taken.otherDays);
  const ofToday = { ...today, zone, month, cap, isToday: true };
  if (policy.pacing !== 'EVEN') {
    const next = hour.end < month.end ? month : nextMonth(policy.timeZone, month);
    return find({ ...hourAt(policy.timeZone, hour.end, next), cap: allowance.hourlyMax, day: ofToday });
  }
  const spent = taken.month - taken.otherDays;
  return (
    inHoursOf(ledger, ofToday, { from: hour.end, spent }, find) ??
    inLaterDays(ledger, taken, (later) => {
      if (!maybe(someHour(ledger, later.cap, MOST_HOURS), someHour(ledger, later.cap, 1))) return undefined;
      const { zone, month, cap, window } = later;
      const span = window();
      if (span === undefined) return undefined;
      return inHoursOf(
        ledger,
        { ...span, zone, month, cap, isToday: false },
        { from: span.start, spent: 0 },
        find,
      );
    })
  );
}

/** No day has more. */
const MOST_HOURS = 26;

/** An hour of a day with this cap, so many hours before its end, as if it were all of the day. */
function someHour({ allowance, policy }: Ledger, dayCap: number, left: number): LaterHour {
  const input = { inOtherHours: 0, dayCap, hoursLeft: () => left };
  const span = { start: 0, end: 3_600_000 };
  const { tokens } = pacedHourCap(allowance, policy.pacing, input);
  return { ...span, cap: tokens, day: { ...span, cap: dayCap, isToday: false } };
}

function inHoursOf<T>(
  { allowance, policy }: Ledger,
  day: LaterHour['day'] & Calendar,
  { from, spent }: { readonly from: number; readonly spent: number },
  find: (hour: LaterHour) => T | undefined,
): T | undefined {
  const { zone, month, end } = day;
  const hours: Span[] = [];
  for (let at = from; at < end; at = hours.at(-1)?.end ?? end) hours.push(hourAt(zone, at, month));
  for (const [place, hour] of hours.entries()) {
    const input = { inOtherHours: spent, dayCap: day.cap, hoursLeft: () => hours.length - place };
    const { tokens } = pacedHourCap(allowance, policy.pacing, input);
    const found = find({ ...hour, cap: tokens, day });
    if (found !== undefined) return found;
  }
  return undefined;
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
  { zone, month, from }: Calendar & { readonly from: number },
  cap: (day: string) => number,
  find: (day: LaterDay) => T | undefined,
): T | undefined {
  for (let of = from; of <= daysInMonth(month.key); of += 1) {
    const day = dayIn(month.key, of);
    const window = () => {
      const found = dayWindow(zone, month, day);
      return found.end > found.start ? found : undefined;
    };
    const found = find({ cap: cap(day), zone, month, window });
    if (found !== undefined) return found;
  }
  return undefined;
}

function capOf({ allowance, policy, month }: Ledger, day: string, before: number): number {
  return dayCap(allowance, policy.pacing, before, daysLeft(month, day)).tokens;
}
