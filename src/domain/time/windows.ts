import { Temporal } from 'temporal-polyfill';
import type { MonthWindow } from '../model/state.js';
import { dayAfter, dayIn, daysInMonth, firstDayOf, monthAfter, monthOfDay } from './calendar.js';
import { PerZone, RecentSpans, type Span } from './recent.js';

export type { Span } from './recent.js';

/** `day` is `YYYY-MM-DD`. */
export interface DayWindow extends Span {
  readonly day: string;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

interface ZoneMemory {
  readonly hours: RecentSpans<Span>;
  readonly days: RecentSpans<DayWindow>;
  readonly months: RecentSpans<MonthWindow>;
  readonly clockHours: Map<number, number>;
  readonly hoursLeft: RecentSpans<HoursLeft>;
}

/** Up to the end of a day. */
interface HoursLeft extends Span {
  readonly hours: readonly ClockHour[];
}

/** An hour by what the clock shows, from 0 to 23. One that the clock repeats is there twice. */
export interface ClockHour extends Span {
  readonly name: number;
  readonly minutes: number;
}

const KEPT_CLOCK_HOURS = 256;

const memories = new PerZone<ZoneMemory>(() => ({
  hours: new RecentSpans(),
  days: new RecentSpans(),
  months: new RecentSpans(),
  clockHours: new Map(),
  hoursLeft: new RecentSpans(),
}));

/** Whether this is the IANA name of a zone. Bare offsets such as `+02:00` are not: they have no calendar of their own. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9/_+-]{0,63}$/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/**
 * The clock hour that contains `at`, clamped to the month if one is given: after a change of zone a month may begin in the
 * middle of an hour. An hour that the clock repeats is two windows; a shift of half an hour makes one of 30 or 90 minutes.
 */
export function hourAt(zone: string, at: number, month?: MonthWindow): Span {
  const { hours } = memories.of(zone);
  const hour = hours.find(at) ?? hours.keep({ start: hourStart(zone, at), end: hourEnd(zone, at) });
  if (month === undefined || (hour.start >= month.start && hour.end <= month.end)) return hour;
  return { start: Math.max(hour.start, month.start), end: Math.min(hour.end, month.end) };
}

/** The hours from the one that contains `at` to the end of the day, it included. */
export function hoursLeft(zone: string, dayEnd: number, at: number): readonly ClockHour[] {
  const { hoursLeft } = memories.of(zone);
  const known = hoursLeft.match(({ start, end }) => start <= at && at < end && end === dayEnd);
  if (known !== undefined) return known.hours.slice(known.hours.findIndex(({ end }) => end > at));
  const first = hourAt(zone, at);
  const hours = [clockHour(zone, first)];
  for (let { end } = first; end < dayEnd; ) {
    const next = { start: end, end: hourEnd(zone, end) };
    hours.push(clockHour(zone, next));
    end = next.end;
  }
  return hoursLeft.keep({ start: first.start, end: dayEnd, hours }).hours;
}

function clockHour(zone: string, { start, end }: Span): ClockHour {
  return { start, end, name: hourOfDay(zone, start), minutes: (end - start) / MINUTE_MS };
}

/** What the clock shows of an hour, from 0 to 23. Days that are learned ask for the same ones again and again. */
export function hourOfDay(zone: string, start: number): number {
  const { clockHours } = memories.of(zone);
  const known = clockHours.get(start);
  if (known !== undefined) return known;
  if (clockHours.size >= KEPT_CLOCK_HOURS) clockHours.clear();
  const hour = Math.floor(((((start + offsetAt(zone, start)) % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS);
  clockHours.set(start, hour);
  return hour;
}

/** The calendar month that contains `at`. */
export function monthAt(zone: string, at: number): MonthWindow {
  const { months } = memories.of(zone);
  const known = months.find(at);
  if (known !== undefined) return known;
  return months.keep(calendarMonth(zone, monthOfDay(calendarDayAt(zone, at).day)));
}

/** A month of the calendar by its key. */
export function calendarMonth(zone: string, key: string): MonthWindow {
  return {
    key,
    start: startOfDay(zone, firstDayOf(key)),
    end: startOfDay(zone, firstDayOf(monthAfter(key))),
  };
}

/** The month after: it begins where `month` ended, be it in another zone, and ends with its own calendar month. */
export function nextMonth(zone: string, month: MonthWindow): MonthWindow {
  return { ...calendarMonth(zone, monthAfter(month.key)), start: month.end };
}

/**
 * The day of the month that contains `at`. After a change of zone the month's start need not be a midnight: what lies before
 * its first day belongs to that, and days that were over before it began are no part of it.
 */
export function dayAt(zone: string, month: MonthWindow, at: number): DayWindow {
  const within = Math.min(Math.max(at, month.start), month.end - 1);
  const { day } = calendarDayAt(zone, within);
  return dayWindow(zone, month, day < firstDayOf(month.key) ? firstDayOf(month.key) : day);
}

/** A day of the month by its name. Empty if it was over before the month began. A day of another month is the calendar's. */
export function dayWindow(zone: string, month: MonthWindow, day: string): DayWindow {
  const natural = calendarDay(zone, day);
  if (monthOfDay(day) !== month.key) return natural;
  const first = day === firstDayOf(month.key);
  if (!first && natural.start >= month.start && natural.end <= month.end) return natural;
  const end = Math.min(Math.max(natural.end, month.start), month.end);
  return { day, start: first ? month.start : Math.max(natural.start, month.start), end };
}

/** The days of the month, in order, without those that are empty. */
export function daysOfMonth(zone: string, month: MonthWindow): DayWindow[] {
  const days: DayWindow[] = [];
  for (let of = 1; of <= daysInMonth(month.key); of += 1) {
    const window = dayWindow(zone, month, dayIn(month.key, of));
    if (window.end > window.start) days.push(window);
  }
  return days;
}

/** A day of the calendar, whatever the month's window is. */
export function calendarDay(zone: string, day: string): DayWindow {
  const { days } = memories.of(zone);
  return (
    days.match((kept) => kept.day === day) ??
    days.keep({ day, start: startOfDay(zone, day), end: startOfDay(zone, dayAfter(day)) })
  );
}

/** `YYYY-MM-DD` of the calendar day that contains `at`. */
export function dayName(zone: string, at: number): string {
  return calendarDayAt(zone, at).day;
}

/** `YYYY-MM-DD HH:00`. An hour that the clock repeats has its name twice. */
export function hourName(zone: string, start: number): string {
  const local = localTime(zone, start);
  return `${local.toPlainDate().toString()} ${String(local.hour).padStart(2, '0')}:00`;
}

function calendarDayAt(zone: string, at: number): DayWindow {
  const known = memories.of(zone).days.find(at);
  if (known !== undefined) return known;
  const day = calendarDay(zone, localTime(zone, at).toPlainDate().toString());
  // Where a clock was set back across midnight, the old day's name comes again after the new day has begun.
  return at < day.end ? day : calendarDay(zone, dayAfter(day.day));
}

function startOfDay(zone: string, day: string): number {
  return Temporal.PlainDate.from(day).toZonedDateTime(zone).epochMilliseconds;
}

function hourStart(zone: string, at: number): number {
  const start = at - intoHour(zone, at);
  if (offsetAt(zone, start) === offsetAt(zone, at)) return start;
  const change = offsetChange(zone, start, at);
  return beginsHour(zone, change) ? change : hourStart(zone, change - 1);
}

function hourEnd(zone: string, at: number): number {
  const end = at - intoHour(zone, at) + HOUR_MS;
  if (offsetAt(zone, end) === offsetAt(zone, at)) return end;
  const change = offsetChange(zone, at, end);
  return beginsHour(zone, change) ? change : hourEnd(zone, change);
}

/** Whether the clock, set forward or back at this moment, shows another hour, or the same one from its first minute. */
function beginsHour(zone: string, change: number): boolean {
  const [before, after] = [localTime(zone, change - 1), localTime(zone, change)];
  return intoHour(zone, change) === 0 || before.hour !== after.hour || before.day !== after.day;
}

/** The moment after `from`, up to `to`, at which the offset changes. No zone has ever changed twice within an hour. */
function offsetChange(zone: string, from: number, to: number): number {
  const old = offsetAt(zone, from);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === old) low = middle;
    else high = middle;
  }
  return high;
}

function intoHour(zone: string, at: number): number {
  return (((at + offsetAt(zone, at)) % HOUR_MS) + HOUR_MS) % HOUR_MS;
}

function offsetAt(zone: string, at: number): number {
  // The default zone, and a calendar is slow to ask.
  if (zone === 'UTC') return 0;
  return Math.round(localTime(zone, at).offsetNanoseconds / 1e6);
}

function localTime(zone: string, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}
