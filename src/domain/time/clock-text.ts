import { Temporal } from 'temporal-polyfill';
import { moment } from '../model/wording.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A moment as the clock of the zone shows it: `16:00` of the day of `now`, `29 Nov 16:00` of another, with the year of another year. */
export function clockText(zone: string, at: number, now: number): string {
  const [local, today] = [localTime(zone, at), localTime(zone, now)];
  const time = `${twoDigits(local.hour)}:${twoDigits(local.minute)}`;
  return local.toPlainDate().equals(today.toPlainDate()) ? time : `${dateText(zone, at, now)} ${time}`;
}

/** `2026-12-01 00:00 Europe/Berlin`: unmistakable also where it is read later, or elsewhere. */
export function momentIn(zone: string, at: number): string {
  if (zone === 'UTC') return moment(at);
  const local = localTime(zone, at);
  return `${local.toPlainDate()} ${twoDigits(local.hour)}:${twoDigits(local.minute)} ${zone}`;
}

/** `29 Nov`; with the year, where that is another than that of `now`. */
export function dateText(zone: string, at: number, now: number): string {
  const [local, today] = [localTime(zone, at), localTime(zone, now)];
  const date = `${local.day} ${MONTHS[local.month - 1]}`;
  return local.year === today.year ? date : `${date} ${local.year}`;
}

function localTime(zone: string, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
