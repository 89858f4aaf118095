import type { Scheduler } from '../../src/platform/scheduler.js';
import { type StoreClock, storeClock } from '../../src/platform/store-clock.js';

export const MAX_SKEW_MS = 2_000;
const SAMPLE_EVERY_MS = 5_000;

/** The time of the simulated world. It passes with the scheduler, and can skip ahead: nobody waits for a night to pass. */
export class WorldTime {
  #skippedMs = 0;
  #storeErrorMs = 0;
  #worstErrorMs = 0;

  constructor(
    private readonly startedAt: number,
    private readonly elapsed: () => number,
  ) {}

  /** What the world's people call now. */
  get now(): number {
    return this.startedAt + this.#skippedMs + this.elapsed();
  }

  get ofStore(): number {
    return this.now + this.#storeErrorMs;
  }

  /** The latest that anybody may believe it to be: what the store once told wrongly is carried forward for a while. */
  get latestBelief(): number {
    return this.now + this.#worstErrorMs;
  }

  get passedMs(): number {
    return this.now - this.startedAt;
  }

  get elapsedMs(): number {
    return this.elapsed();
  }

  /** What the store's clock is wrong by. */
  set storeErrorMs(ms: number) {
    this.#storeErrorMs = ms;
    this.#worstErrorMs = Math.max(this.#worstErrorMs, ms);
  }

  skip(ms: number): void {
    this.#skippedMs += ms;
  }
}

/** The clocks of one replica's machine: the wall clock may be wrong, both drift. What they are worth, the service decides. */
export class SimClock {
  /** What this replica's wall clock is wrong by. */
  wallErrorMs = 0;
  readonly clock: StoreClock;

  constructor(world: WorldTime, drift: number, sample: () => Promise<number | undefined>) {
    this.clock = storeClock({
      maxSkewMs: MAX_SKEW_MS,
      sample,
      sources: {
        wall: () => world.now + this.wallErrorMs,
        // No process has been up for 0 ms.
        monotonic: () => 1_000 + world.elapsedMs * (1 + drift),
      },
    });
  }

  start(scheduler: Scheduler): void {
    const again = () => void scheduler.after(SAMPLE_EVERY_MS, () => this.start(scheduler));
    void this.clock.resample();
    again();
  }
}
