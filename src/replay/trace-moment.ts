import { MICROS_PER_MS, MICROS_PER_SECOND } from './trace.js';

const MOMENT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?$/;

export const MOMENT_RULE =
  'a moment such as 2026-11-01T09:12:00Z, of UTC where no zone is named, or milliseconds since 1970';

/** Microseconds since 1970; undefined if it is no moment. */
export function parseMoment(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * MICROS_PER_MS);
  const [, date, time, fraction = '', zone = 'Z'] = MOMENT.exec(text) ?? [];
  if (date === undefined || time === undefined) return undefined;
  const second = Date.parse(`${date}T${time}${zone}`);
  if (Number.isNaN(second) || second < 0) return undefined;
  return second * MICROS_PER_MS + Number(fraction.slice(0, 6).padEnd(6, '0'));
}

export function momentText(micros: number): string {
  const second = Math.floor(micros / MICROS_PER_SECOND);
  const fraction = String(micros - second * MICROS_PER_SECOND).padStart(6, '0');
  return `${new Date(second * 1_000).toISOString().slice(0, 19)}.${fraction}Z`;
}
