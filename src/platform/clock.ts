/** The only place that reads time. */

/** A moment as far as it can be known. */
export interface Reading {
  /** Milliseconds since 1970 UTC. While not trusted: the latest moment that was. */
  readonly now: number;
  readonly trusted: boolean;
  /** Why not, for a person. */
  readonly distrust?: string;
}

export interface Clock {
  read(): Reading;
  /** Milliseconds from an arbitrary start; never steps. */
  monotonic(): number;
  /** Believes a step of the wall clock at once, for ResetClock. */
  acceptStep(): void;
}

/** A clock that can say how far those that it compares are apart. */
export interface ComparingClock extends Clock {
  /** This machine's wall clock less the time that is kept; undefined while there is nothing to compare with. */
  skewMs(): number | undefined;
}

/** The two clocks of a process. */
export interface TimeSources {
  /** Milliseconds since 1970 UTC, as the machine believes; may step in either direction. */
  wall(): number;
  /** Milliseconds from an arbitrary start. Never steps, and stands still while the machine sleeps. */
  monotonic(): number;
}

/** Milliseconds of computing that this process has done: they do not run while others have the machine. */
export function computedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

export const PROCESS_TIME: TimeSources = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Trust lost or found again, each told once, for a log line and an alert. */
export interface TrustChange {
  readonly trusted: boolean;
  readonly message: string;
}

/** A difference of clocks for a person: `+7200.0 s`. */
export function signedSeconds(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${(Math.abs(ms) / 1000).toFixed(1)} s`;
}
