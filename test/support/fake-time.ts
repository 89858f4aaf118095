import type { TimeSources } from '../../src/platform/clock.js';

/** Both clocks of a process, moved by a test. */
export class FakeTime implements TimeSources {
  #wall: number;
  #monotonic = 5_000;

  constructor(start: string) {
    this.#wall = Date.parse(start);
  }

  wall(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Time passes; the wall clock runs fast by `driftPpm` millionths. */
  pass(ms: number, driftPpm = 0): void {
    this.#monotonic += ms;
    this.#wall += ms * (1 + driftPpm / 1e6);
  }

  /** The wall clock is set, or the machine slept: the monotonic clock does not notice. */
  step(ms: number): void {
    this.#wall += ms;
  }
}
