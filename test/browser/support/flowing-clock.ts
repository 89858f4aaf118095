import type { Clock, Reading, TimeSources } from '../../../src/platform/clock.js';

/** A clock that a test sets, and that then goes on as time does: a browser lives in real time. */
export class FlowingClock implements Clock, TimeSources {
  #base: number;
  #since = performance.now();
  #flows = false;

  constructor(start: string) {
    this.#base = Date.parse(start);
  }

  read(): Reading {
    return { now: this.wall(), trusted: true };
  }

  wall(): number {
    return Math.floor(this.#base + (this.#flows ? performance.now() - this.#since : 0));
  }

  monotonic(): number {
    return performance.now();
  }

  acceptStep(): void {}

  set(at: number): void {
    this.#base = at;
    this.#since = performance.now();
  }

  flow(): void {
    this.set(this.#base);
    this.#flows = true;
  }
}
