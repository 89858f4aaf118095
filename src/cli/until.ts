import { dayAfter, isDay, weekdayOf } from '../domain/time/calendar.js';
import { calendarDay, dayName } from '../domain/time/windows.js';

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** What a person may write, for a message. */
export const UNTIL_RULE =
  'a day such as 2026-11-20 or Friday, to its end in the zone of the budget, or a moment such as 2026-11-20T17:00:00Z';

/**
 * Until when, as a person writes it. A day lasts to its end; a weekday is the next of its name, today included. Undefined: it is
 * nothing of that.
 */
export function readUntil(text: string, zone: string, now: number): number | undefined {
  if (isDay(text)) return calendarDay(zone, text).end;
  const weekday = WEEKDAYS.findIndex((name) => text.length > 1 && name.startsWith(text.toLowerCase()));
  if (weekday < 0) return /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? moment(text) : undefined;
  let day = dayName(zone, now);
  while (weekdayOf(day) !== weekday) day = dayAfter(day);
  return calendarDay(zone, day).end;
}

function moment(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
