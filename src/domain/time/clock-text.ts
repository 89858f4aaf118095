import { Temporal } from 'temporal-polyfill';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** A moment as the clock of the zone shows it: `16:00` of the day of `now`, `29 Nov 16:00` of another, with the year of another year. */
export function clockText(zone: string, at: number, now: number): string {
  const [local, today] = [localTime(zone, at), localTime(zone, now)];
  const time = `${twoDigits(local.hour)}:${twoDigits(local.minute)}`;
  return local.toPlainDate().equals(today.toPlainDate()) ? time : `${dateText(zone, at, now)} ${time}`;
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
