import type { MonthWindow } from '../model/state.js';
import type { Experience } from '../policy/experience.js';
import { dayAfter, daysLeft, weekdayOf } from '../time/calendar.js';
import { type DayWindow, dayWindow, hourAt, hoursLeft } from '../time/windows.js';
import { toHundredths } from './spread.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How a month would end if it went on like this. */
export interface Forecast {
  /** Tokens an hour, from now to the month's end, that would land exactly on the enforced limit. */
  readonly paceTokensPerHour: number;
  readonly projectedMonthTokens: number;
  /** When the enforced limit would be reached; absent if not within the month. */
  readonly exhaustedAt?: number;
}

/** What a forecast goes by beside what is spent. */
export interface Outlook {
  readonly zone: string;
  readonly month: MonthWindow;
  readonly today: DayWindow;
  readonly now: number;
  /** From when on the month's usage counts: its start, or the budget's first day in it. */
  readonly countsFrom: number;
  readonly experience: Experience;
}

export interface ForecastInput extends Outlook {
  readonly enforced: number;
  /** Without what came from top-ups. */
  readonly spent: number;
  /** What came from them: it is in the month's total, and nothing more of it is expected. */
  readonly topped?: number;
}

/** Projects the month, without regard to caps: by the weeks before, if there were two, else by its days so far. */
export function forecastOf(input: ForecastInput): Forecast {
  const { enforced, spent, topped = 0, month, now } = input;
  const hoursLeft = Math.max(0, month.end - now) / HOUR_MS;
  const left = Math.max(0, enforced - spent);
  const paceTokensPerHour = hoursLeft === 0 ? 0 : toHundredths(left / hoursLeft);
  const { weekdays } = input.experience;
  const { projected, exhaustedAt } =
    weekdays === undefined ? byRate(input, left) : byWeekday(input, left, weekdays);
  const projectedMonthTokens = Math.min(projected + topped, Number.MAX_SAFE_INTEGER);
  const forecast = { paceTokensPerHour, projectedMonthTokens };
  return exhaustedAt !== undefined && exhaustedAt < month.end ? { ...forecast, exhaustedAt } : forecast;
}

/**
 * False: no forecast says that the limit is reached, since it is not even if all days to come are as the busiest of a week. Today
 * counts twice: its clock may repeat hours. Asked with every commit, where a forecast is dear.
 */
export function mayExhaust({
  enforced,
  spent,
  month,
  today,
  experience: { weekdays },
}: ForecastInput): boolean {
  if (weekdays === undefined) return true;
  return spent + Math.max(...weekdays) * (daysLeft(month, today.day) + 1) >= enforced;
}

interface Projection {
  readonly projected: number;
  readonly exhaustedAt: number | undefined;
}

/**
 * At the rate of its days so far. It is taken over a day at the least: AIs work in bursts, and the first busy hour of a month would else
 * project a month that is nothing but busy hours.
 */
function byRate({ spent, month, now, countsFrom }: ForecastInput, left: number): Projection {
  const perMs = spent / Math.max(now - countsFrom, DAY_MS);
  const projected = Math.round(perMs * (month.end - countsFrom));
  return { projected, exhaustedAt: perMs === 0 ? undefined : now + Math.ceil(left / perMs) };
}

/** Today goes on as its hours do, and each day after it as that day of the week. */
function byWeekday(input: ForecastInput, left: number, means: readonly number[]): Projection {
  const { spent, month, today } = input;
  const weekday = weekdayOf(today.day);
  const meanOf = (ahead: number) => means[(weekday + ahead) % means.length] ?? 0;
  const hours = hoursToCome(input);
  let projected = spent;
  for (const { part } of hours) projected += meanOf(0) * part;
  let exhaustedAt =
    projected - spent >= left ? momentToday(input.now, hours, { left, ofDay: meanOf(0) }) : undefined;
  const days = daysLeft(month, today.day);
  for (let ahead = 1; ahead < days; ahead += 1) {
    const after = projected + meanOf(ahead);
    if (exhaustedAt === undefined && after - spent >= left && after > projected) {
      const part = (left - (projected - spent)) / meanOf(ahead);
      const day = dayAhead(today.day, ahead);
      exhaustedAt = momentOf(dayWindow(input.zone, month, day), part, input.experience.hourParts);
    }
    projected = after;
  }
  return { projected: Math.round(projected), exhaustedAt };
}

/** So many days after a day. */
function dayAhead(day: string, days: number): string {
  let ahead = day;
  for (let passed = 0; passed < days; passed += 1) ahead = dayAfter(ahead);
  return ahead;
}

interface HourToCome {
  readonly ms: number;
  /** Of what a day takes. */
  readonly part: number;
}

/** The hours that are left today, the one under way as far as it is to come. */
function hoursToCome({ zone, month, today, now, experience }: ForecastInput): HourToCome[] {
  const { hourParts } = experience;
  const hour = hourAt(zone, now, month);
  return hoursLeft(zone, today.end, now).map(({ name, minutes }, at) => {
    const hours = (minutes / 60) * (at === 0 ? (hour.end - now) / (hour.end - hour.start) : 1);
    return { ms: hours * HOUR_MS, part: (hourParts[name] ?? 0) * hours };
  });
}

/** When so much more has come today, of a day that takes so much in all. */
function momentToday(
  now: number,
  hours: readonly HourToCome[],
  { left, ofDay }: { readonly left: number; readonly ofDay: number },
): number {
  let [at, toCome] = [now, left];
  for (const { ms, part } of hours) {
    if (toCome <= 0) break;
    const comes = part * ofDay;
    at += comes <= toCome ? ms : ms * (toCome / comes);
    toCome -= comes;
  }
  return Math.ceil(at);
}

/** When this part of a day's usage has come. */
function momentOf({ start, end }: DayWindow, part: number, parts: readonly number[]): number {
  let come = 0;
  for (const [hour, ofHour] of parts.entries()) {
    if (come + ofHour >= part && ofHour > 0) {
      const at = (hour + (part - come) / ofHour) / parts.length;
      return Math.min(end - 1, start + Math.ceil(at * (end - start)));
    }
    come += ofHour;
  }
  return end - 1;
}

/** Whether enough of the month has passed to take its forecast seriously. */
export function forecastCounts({ countsFrom, now }: Pick<Outlook, 'countsFrom' | 'now'>): boolean {
  return now - countsFrom >= DAY_MS;
}
