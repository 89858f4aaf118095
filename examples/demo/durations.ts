import type { Duration } from '../../src/gen/google/protobuf/duration.js';

export function toMs(duration: Duration | undefined): number {
  return duration === undefined ? 0 : duration.seconds * 1_000 + duration.nanos / 1e6;
}

export function toDuration(ms: number): Duration {
  const whole = Math.round(ms);
  return { seconds: Math.floor(whole / 1_000), nanos: (whole % 1_000) * 1e6 };
}
