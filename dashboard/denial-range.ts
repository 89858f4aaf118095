/**
 * Spans of denials that people ask for: the last 24 hours, a day, or a week. Days are those of UTC: what is older than 48 hours is kept
 * in such days alone.
 */

import { DAY_MS, daysAfter } from './usage-range.js';

export interface DenialDays {
  /** `YYYY-MM-DD` */
  readonly from: string;
  /** Included. */
  readonly to: string;
}

/** Undefined: the last 24 hours. */
export type DenialRange = DenialDays | undefined;
export type DenialRangeName = 'latest' | 'day' | 'week';

/** So many days are kept, and so many are asked for at once. */
const KEPT_DAYS = 31;
const WEEK_DAYS = 7;

/** As an address has it: `2026-11-27`, or `2026-11-21_2026-11-27`; what is none of these is the last 24 hours. */
export function readRange(text: string | null, today: string): DenialRange {
  const [, first = '', second = first] = /^(\d{4}-\d\d-\d\d)(?:_(\d{4}-\d\d-\d\d))?$/.exec(text ?? '') ?? [];
  const [from, to] = [dayOf(first), dayOf(second)];
  if (from === undefined || to === undefined || from > to || from > today) return undefined;
  const last = to > today ? today : to;
  const earliest = daysAfter(last, 1 - WEEK_DAYS);
  return { from: from < earliest ? earliest : from, to: last };
}

export function rangeText(range: DenialRange): string | undefined {
  if (range === undefined) return undefined;
  return range.from === range.to ? range.from : `${range.from}_${range.to}`;
}

export function rangeName(range: DenialRange): DenialRangeName {
  if (range === undefined) return 'latest';
  return range.from === range.to ? 'day' : 'week';
}

/** Of these, the one that ends with what is shown. */
export function rangeNamed(name: DenialRangeName, shown: DenialRange, today: string): DenialRange {
  if (name === 'latest') return undefined;
  const to = shown?.to ?? (name === 'day' ? daysAfter(today, -1) : today);
  return { from: name === 'day' ? to : daysAfter(to, 1 - WEEK_DAYS), to };
}

/** The span before, or after; undefined where nothing is kept, or nothing has happened yet. After yesterday come the last 24 hours. */
export function stepped(
  range: DenialRange,
  by: -1 | 1,
  today: string,
): { readonly to: DenialRange } | undefined {
  if (range === undefined) {
    const yesterday = daysAfter(today, -1);
    return by < 0 ? { to: { from: yesterday, to: yesterday } } : undefined;
  }
  const length = daysOf(range).length;
  const to = daysAfter(range.to, by * length);
  if (by > 0 && range.to >= today) return undefined;
  if (to < daysAfter(today, -KEPT_DAYS)) return undefined;
  if (length === 1 && to === today) return { to: undefined };
  const last = to > today ? today : to;
  return { to: { from: daysAfter(last, 1 - length), to: last } };
}

/** What `ListDenials` is asked for. */
export function momentsOf(range: DenialRange): { readonly from?: string; readonly to?: string } {
  if (range === undefined) return {};
  const [from, to] = [Date.parse(range.from), Date.parse(range.to) + DAY_MS];
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** The first moments of its days. */
export function daysOf({ from, to }: DenialDays): number[] {
  const days: number[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) days.push(at);
  return days;
}

/** Undefined where the calendar has no such day. */
function dayOf(text: string): string | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== text ? undefined : text;
}
