import { dayBefore, firstDayOf, isDay, lastDayOf, monthBefore, monthOfDay } from '../domain/time/calendar.js';

export const RANGE_RULE = 'today, 7d, month, last-month, or two days such as 2026-09-01..2026-11-28';

export interface DayRange {
  readonly fromDay: string;
  readonly toDay: string;
}

const MOST_DAYS = 366;

/** Days that a person speaks of; undefined if it is none of that. */
export function readRange(text: string, today: string): DayRange | undefined {
  const month = monthOfDay(today);
  if (text === 'today') return { fromDay: today, toDay: today };
  if (text === 'month') return { fromDay: firstDayOf(month), toDay: today };
  if (text === 'last-month') {
    const last = monthBefore(month);
    return { fromDay: firstDayOf(last), toDay: lastDayOf(last) };
  }
  const days = Number(/^(\d{1,3})d$/.exec(text)?.[1] ?? 0);
  if (days >= 1 && days <= MOST_DAYS) return { fromDay: back(today, days - 1), toDay: today };
  const [fromDay = '', toDay = '', ...more] = text.split('..');
  const isSpan = more.length === 0 && isDay(fromDay) && isDay(toDay) && fromDay <= toDay;
  return isSpan ? { fromDay, toDay } : undefined;
}

function back(day: string, days: number): string {
  let reached = day;
  for (let at = 0; at < days; at += 1) reached = dayBefore(reached);
  return reached;
}
