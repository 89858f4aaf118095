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
