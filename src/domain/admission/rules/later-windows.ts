import type { Ledger } from '../../ledger/ledger.js';
import { inMonth } from '../../ledger/standing.js';
import { dayOfMonthInWindow, monthInWindow } from '../../ledger/topped.js';
import type { MonthWindow } from '../../model/state.js';
import { type Allowance, rolledOver } from '../../policy/allowance.js';
import { type Experience, experienceOn, HOURS_A_DAY, hourShare } from '../../policy/experience.js';
import { dayCapTokens, pacedHourCap } from '../../policy/pacing.js';
import { dayIn, dayOfMonth, daysInMonth, daysLeft } from '../../time/calendar.js';
import {
  type ClockHour,
  type DayWindow,
  dayWindow,
  hourAt,
  hoursLeft,
  nextMonth,
  type Span,
} from '../../time/windows.js';

/** What lowers the caps of the month's later days. */
export interface Committed {
  /** Spent and reserved in all of the month. */
  readonly month: number;
  /** The same without today. */
  readonly otherDays: number;
  /** What the days before today took. */
  readonly past: Experience['days'];
}

export function committed({ tables, slots, month, today, pace }: Ledger): Committed {
  const elsewhere = slots.reserved((hour) => hour.month === month.key && hour.day !== today.day);
  return {
    month: monthInWindow(tables) + slots.reserved(inMonth(month.key)),
    otherDays: monthInWindow(tables) - dayOfMonthInWindow(tables, today.day) + elsewhere,
    past: pace.experience.days,
  };
}

/** Whose days and hours they are, and what that month is allowed. */
interface Calendar {
  readonly zone: string;
  readonly month: MonthWindow;
  readonly allowance: Allowance;
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
  const { allowance, policy, hour, today, month } = ledger;
  const fitsThis = requested <= allowance.hourlyMax;
  if (policy.pacing !== 'EVEN') {
    if (fitsThis && hour.end < month.end) return hour.end;
    return requested <= nextCalendar(ledger, taken).allowance.hourlyMax ? month.end : undefined;
  }
  const capToday = () => capOf(ledger, { month, allowance }, today.day, taken);
  if (fitsThis && hour.end < today.end && requested <= capToday()) return hour.end;
  return inLaterDays(ledger, taken, (day) =>
    requested <= Math.min(day.cap, day.allowance.hourlyMax) ? day.window()?.start : undefined,
  );
}

/** A later hour, with its cap as it is paced if nothing more were spent. */
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
 * What is found in the first later hour in which something is found. Under EVEN the cap grows with every hour in which nothing is spent,
 * and is all of the day in its last. Hours of later days weigh as those of today do.
 */
export function inLaterHours<T>(
  ledger: Ledger,
  taken: Committed,
  find: (hour: LaterHour) => T | undefined,
): T | undefined {
  const { allowance, policy, zone, month, hour, today } = ledger;
  const cap = capOf(ledger, { month, allowance }, today.day, taken);
  const ofToday = { ...today, zone, month, allowance, cap, isToday: true };
  if (policy.pacing !== 'EVEN') {
    const next = hour.end < month.end ? ofToday : nextCalendar(ledger, taken);
    const { hourlyMax } = next.allowance;
    return find({ ...hourAt(next.zone, hour.end, next.month), cap: hourlyMax, day: ofToday });
  }
  const spent = taken.month - taken.otherDays;
  const found = inHoursOf(ledger, ofToday, { from: hour.end, spent }, find);
  return found ?? inLaterDays(ledger, taken, (day) => inHoursOfDay(ledger, day, find));
}

/** Of a later day. First by the clock alone, as if it had no change of it: the calendar is slow. */
function inHoursOfDay<T>(
  ledger: Ledger,
  { cap, window, ...calendar }: LaterDay,
  find: (hour: LaterHour) => T | undefined,
): T | undefined {
  const day = { start: 0, end: HOURS_A_DAY * HOUR_MS, cap, isToday: false };
  const { allowance } = calendar;
  if (inPacedHours(ledger, { allowance, day, hours: CLOCK_HOURS, spent: 0 }, find) === undefined)
    return undefined;
  const span = window();
  if (span === undefined) return undefined;
  return inHoursOf(
    ledger,
    { ...calendar, ...span, cap, isToday: false },
    { from: span.start, spent: 0 },
    find,
  );
}

const HOUR_MS = 3_600_000;
const CLOCK_HOURS = Array.from({ length: HOURS_A_DAY }, (_, name) => ({
  ...{ name, minutes: 60, start: name * HOUR_MS, end: (name + 1) * HOUR_MS },
}));

function inHoursOf<T>(
  ledger: Ledger,
  day: LaterHour['day'] & Calendar,
  { from, spent }: { readonly from: number; readonly spent: number },
  find: (hour: LaterHour) => T | undefined,
): T | undefined {
  const { zone, month, allowance, end } = day;
  const hours = hoursLeft(zone, end, from).map((hour) => ({
    ...hour,
    start: Math.max(hour.start, month.start),
    end: Math.min(hour.end, month.end),
  }));
  return inPacedHours(ledger, { allowance, day, hours, spent }, find);
}

interface PacedHours extends Pick<Calendar, 'allowance'> {
  readonly day: LaterHour['day'];
  readonly hours: readonly ClockHour[];
  readonly spent: number;
}

function inPacedHours<T>(
  { policy, pace }: Ledger,
  { allowance, day, hours, spent }: PacedHours,
  find: (hour: LaterHour) => T | undefined,
): T | undefined {
  for (const [place, { start, end }] of hours.entries()) {
    const share = hourShare(pace.experience, hours.slice(place));
    const input = { inOtherHours: spent, dayCap: day.cap, pace: { hourShare: share } };
    const found = find({ start, end, cap: pacedHourCap(allowance, policy, input).tokens, day });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Nothing of this month counts in the next one; but what is left of it may make that larger. */
function nextCalendar(ledger: Ledger, taken: Committed): Calendar {
  const { policy, month, createdAt } = ledger;
  const zone = policy.timeZone;
  const next = nextMonth(zone, month);
  const rollover = createdAt > month.start ? 0 : rolledOver(policy, taken.month);
  return { zone, month: next, allowance: ledger.allowanceIn(next.key, rollover) };
}

/** What is found in the first later day in which something is found, of this month and the next. */
export function inLaterDays<T>(
  ledger: Ledger,
  taken: Committed,
  find: (day: LaterDay) => T | undefined,
): T | undefined {
  const { zone, month, allowance, today } = ledger;
  const inThis = inDays(ledger, { zone, month, allowance }, dayOfMonth(today.day) + 1, taken, find);
  return inThis ?? inDays(ledger, nextCalendar(ledger, taken), 1, taken, find);
}

function inDays<T>(
  ledger: Ledger,
  calendar: Calendar,
  from: number,
  taken: Committed,
  find: (day: LaterDay) => T | undefined,
): T | undefined {
  const { zone, month } = calendar;
  for (let of = from; of <= daysInMonth(month.key); of += 1) {
    const day = dayIn(month.key, of);
    const window = () => {
      const found = dayWindow(zone, month, day);
      return found.end > found.start ? found : undefined;
    };
    const found = find({ ...calendar, cap: capOf(ledger, calendar, day, taken), window });
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The cap of today or a later day, if nothing more is spent. Nothing of this month counts in the next one. */
function capOf(
  ledger: Ledger,
  { month, allowance }: Pick<Calendar, 'month' | 'allowance'>,
  day: string,
  taken: Committed,
): number {
  const { policy, today } = ledger;
  const isToday = day === today.day;
  const before = month !== ledger.month ? 0 : isToday ? taken.otherDays : taken.month;
  const past = policy.pacing === 'EVEN' && !isToday ? pastOn(ledger, month, day, taken) : taken.past;
  const input = { before, daysLeft: daysLeft(month, day), daysInMonth: daysInMonth(month.key), past };
  return dayCapTokens(allowance, policy, input);
}

function pastOn(ledger: Ledger, month: MonthWindow, day: string, taken: Committed): Experience['days'] {
  const { today, todayTotals } = ledger;
  const ofThisMonth = month === ledger.month ? 0 : daysInMonth(ledger.month.key);
  const ahead = ofThisMonth + dayOfMonth(day) - dayOfMonth(today.day);
  const refused = todayTotals === undefined ? false : todayTotals.refused;
  const total = taken.month - taken.otherDays;
  return experienceOn(taken.past, ahead, { total, ...(refused !== undefined && { refused }) });
}
