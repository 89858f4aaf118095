import type { Clock, Reading } from '../../src/platform/clock.js';

/** The time of the simulated world. It passes with the scheduler, and can skip ahead: nobody waits for a night to pass. */
export class WorldTime {
  #skippedMs = 0;
  /** What the store's clock is wrong by. */
  storeErrorMs = 0;

  constructor(
    private readonly startedAt: number,
    private readonly elapsed: () => number,
  ) {}

  get now(): number {
    return this.startedAt + this.#skippedMs + this.elapsed() + this.storeErrorMs;
  }

  get elapsedMs(): number {
    return this.elapsed();
  }

  skip(ms: number): void {
    this.#skippedMs += ms;
  }
}

const MAX_SKEW_MS = 2_000;

/** The clock of one copy: the store's time, a little off, trusted while the copy's own wall clock agrees. */
export class SimClock implements Clock {
  /** What this copy's wall clock is wrong by. */
  wallErrorMs = 0;
  #latest = 0;

  constructor(
    private readonly world: WorldTime,
    /** How far its idea of the store's time is off. */
    private readonly offsetMs: number,
  ) {}

  read(): Reading {
    if (Math.abs(this.wallErrorMs) > MAX_SKEW_MS) {
      return { now: this.#latest, trusted: false, distrust: 'the wall clock disagrees with the store' };
    }
    this.#latest = Math.floor(this.world.now + this.offsetMs);
    return { now: this.#latest, trusted: true };
  }

  monotonic(): number {
    return this.world.elapsedMs;
  }

  acceptStep(): void {}
}
