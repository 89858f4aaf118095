import type { UsageDay } from '../model/state.js';

/** Calendar days and months as text, `YYYY-MM-DD` and `YYYY-MM`, which sort as they follow each other. */

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MONTH = /^(\d{4})-(\d{2})$/;
const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The first and last that can be asked about: beyond, four digits could not say the month before or after, by which it is found. */
export const FIRST_MONTH = '0001-02';
export const LAST_MONTH = '9999-11';
export const FIRST_DAY = firstDayOf(FIRST_MONTH);
export const LAST_DAY = lastDayOf(LAST_MONTH);
/** What is right, for a person. */
export const MONTH_RULE = `a month as YYYY-MM, ${FIRST_MONTH} to ${LAST_MONTH}`;
export const DAY_RULE = `a day of the calendar as YYYY-MM-DD, ${FIRST_DAY} to ${LAST_DAY}`;

/** Whether this is a day of the calendar: `2028-02-29` is, `2027-02-29` is not. */
export function isDay(text: string): boolean {
  const [, , , day] = DAY.exec(text) ?? [];
  if (day === undefined || !isMonth(monthOfDay(text))) return false;
  return Number(day) >= 1 && Number(day) <= daysInMonth(monthOfDay(text));
}

export function isMonth(text: string): boolean {
  const [, , month] = MONTH.exec(text) ?? [];
  return Number(month) >= 1 && Number(month) <= 12 && text >= FIRST_MONTH && text <= LAST_MONTH;
}

/** The month of a day. */
export function monthOfDay(day: string): string {
  return day.slice(0, 7);
}

export function daysInMonth(month: string): number {
  const of = Number(month.slice(5, 7));
  return of === 2 && isLeap(Number(month.slice(0, 4))) ? 29 : (LENGTHS[of - 1] ?? 0);
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

export function monthAfter(month: string): string {
  const [year, of] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return of === 12 ? `${padded(year + 1, 4)}-01` : `${padded(year, 4)}-${padded(of + 1, 2)}`;
}

export function dayAfter(day: string): string {
  const month = monthOfDay(day);
  const of = dayOfMonth(day);
  return of >= daysInMonth(month) ? firstDayOf(monthAfter(month)) : dayIn(month, of + 1);
}

export function dayBefore(day: string): string {
  const of = dayOfMonth(day);
  return of > 1 ? dayIn(monthOfDay(day), of - 1) : lastDayOf(monthBefore(monthOfDay(day)));
}

export function monthBefore(month: string): string {
  const [year, of] = [Number(month.slice(0, 4)), Number(month.slice(5, 7))];
  return of === 1 ? `${padded(year - 1, 4)}-12` : `${padded(year, 4)}-${padded(of - 1, 2)}`;
}

export function firstDayOf(month: string): string {
  return dayIn(month, 1);
}

export function lastDayOf(month: string): string {
  return dayIn(month, daysInMonth(month));
}

/** The day of a month by its number, from 1. */
export function dayIn(month: string, of: number): string {
  return `${month}-${padded(of, 2)}`;
}

/** The number of a day in its month, from 1. */
export function dayOfMonth(day: string): number {
  return Number(day.slice(8, 10));
}

/** Days of the month from `day` on, it included. A day before the month has all of them ahead, one after it none. */
export function daysLeft(month: { readonly key: string }, day: string): number {
  if (day < firstDayOf(month.key)) return daysInMonth(month.key);
  if (day > lastDayOf(month.key)) return 0;
  return daysInMonth(month.key) - dayOfMonth(day) + 1;
}

/** So many days from one to another: 0 for the same. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);
}

export interface DaySpan {
  readonly fromDay: string;
  readonly toDay: string;
}

/** A span of days in pieces of so many days, one after the other. */
export function* pieces({ fromDay, toDay }: DaySpan, days: number): Generator<DaySpan> {
  for (let first = fromDay; first <= toDay; ) {
    let last = first;
    for (let more = 1; more < days && last < toDay; more += 1) last = dayAfter(last);
    yield { fromDay: first, toDay: last };
    first = dayAfter(last);
  }
}

/** So many days before a day, the one right before it first. */
export function daysBefore(day: string, count: number): string[] {
  const days: string[] = [];
  for (let before = dayBefore(day); days.length < count; before = dayBefore(before)) days.push(before);
  return days;
}

/** The day of the week, from 0 for Sunday. */
export function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

/** The first day that is kept where this is the current month: that of so many months before it. */
export function firstDayKept(month: string, months: number): string {
  let first = month;
  for (let passed = 0; passed < months; passed += 1) first = monthBefore(first);
  return firstDayOf(first);
}

function padded(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

/**
 * Whose calendar past usage is named in: that of its time. A budget may have moved to another zone since, whose midnights are
 * others. Documents from before this was kept follow the budget's present zone, the only one that is known of them.
 */
export function zoneOfDay({ zone }: Pick<UsageDay, 'zone'>, present: string): string {
  return zone ?? present;
}

/** A zone changes with a month, so that one day tells of all. */
export function zoneOfMonth(days: readonly Pick<UsageDay, 'zone'>[], present: string): string {
  return days.find(({ zone }) => zone !== undefined)?.zone ?? present;
}
