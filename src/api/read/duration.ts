import type { NumberLimit } from '../../domain/model/field-limits.js';
import { duration as inWords } from '../../domain/model/wording.js';
import type { Duration } from '../../gen/google/protobuf/duration.js';
import type { Checks } from './checks.js';

const MAX_SECONDS = 315_576_000_000;
const NANOS_PER_MS = 1_000_000;

/** A request's duration in whole milliseconds, rounded down. */
export function durationMs(
  checks: Checks,
  field: string,
  value: Duration,
  { least: leastMs, most: mostMs }: NumberLimit,
): number {
  if (!isLegal(value)) {
    checks.fail(field, ILLEGAL);
    return leastMs;
  }
  const ms = value.seconds * 1_000 + value.nanos / NANOS_PER_MS;
  if (ms < leastMs || ms > mostMs) {
    checks.fail(field, `must be ${inWords(leastMs)} to ${inWords(mostMs)}; it is ${ms / 1_000} s`);
  }
  return Math.floor(ms);
}

/** A policy's duration, which must be whole milliseconds; undefined if it is not. Its range is the domain's to check. */
export function exactDurationMs(checks: Checks, field: string, value: Duration): number | undefined {
  if (!isLegal(value)) checks.fail(field, ILLEGAL);
  else if (value.nanos % NANOS_PER_MS !== 0) {
    checks.fail(field, `must be a whole number of milliseconds; it has ${value.nanos} ns`);
  } else return value.seconds * 1_000 + value.nanos / NANOS_PER_MS;
  return undefined;
}

const ILLEGAL =
  'must be a legal google.protobuf.Duration: nanos within 999,999,999 of 0, with the sign of seconds';

function isLegal({ seconds, nanos }: Duration): boolean {
  if (Math.abs(seconds) > MAX_SECONDS || Math.abs(nanos) > 999_999_999) return false;
  return seconds === 0 || nanos === 0 || seconds > 0 === nanos > 0;
}
