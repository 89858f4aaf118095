import type { Duration } from './gen/google/protobuf/duration.js';

/** Milliseconds as the API has them. */
export function durationOf(ms: number): Duration {
  const whole = Math.max(0, Math.round(ms));
  return { seconds: Math.floor(whole / 1_000), nanos: (whole % 1_000) * 1_000_000 };
}

export function secondsOf({ seconds, nanos }: Duration): number {
  return seconds + nanos / 1e9;
}

/** Resolves after so long; at once, and to false, if the signal aborts. A timer that waits for nothing keeps no process alive. */
export function pause(ms: number, signal?: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve(false);
      return;
    }
    const done = (passed: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(passed);
    };
    const onAbort = (): void => done(false);
    const timer = setTimeout(() => done(true), ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Doubles from try to try, and spreads, so that many clients do not come back in step. */
export class Backoff {
  private nextMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly mostMs: number,
  ) {
    this.nextMs = firstMs;
  }

  next(): number {
    const ms = this.nextMs;
    this.nextMs = Math.min(ms * 2, this.mostMs);
    return ms * (0.5 + Math.random() / 2);
  }

  reset(): void {
    this.nextMs = this.firstMs;
  }
}
