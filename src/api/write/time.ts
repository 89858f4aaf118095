import type { Duration } from '../../gen/google/protobuf/duration.js';

export function durationMessage(ms: number): Duration {
  const seconds = Math.trunc(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1_000_000 };
}

export function optionalDate(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}
