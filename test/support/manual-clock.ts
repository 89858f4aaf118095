import type { Clock, Reading } from '../../src/platform/clock.js';

/** A clock that moves only when a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  #distrust: string | undefined;
  #lastTrusted: number;
  /** How often `acceptStep` was called. */
  acceptedSteps = 0;

  /** Starts at a moment in ms, or at an ISO text. */
  constructor(start: number | string = '2026-11-01T09:00:00Z') {
    this.#now = typeof start === 'number' ? start : Date.parse(start);
    this.#lastTrusted = this.#now;
  }

  read(): Reading {
    if (this.#distrust !== undefined) {
      return { now: this.#lastTrusted, trusted: false, distrust: this.#distrust };
    }
    return { now: this.#now, trusted: true };
  }

  monotonic(): number {
    return this.#monotonic;
  }

  acceptStep(): void {
    this.acceptedSteps += 1;
    this.trust();
  }

  /** Lets time pass. */
  advance(ms: number): void {
    this.#monotonic += ms;
    this.#moveTo(this.#now + ms);
  }

  /** Jumps to a moment; no time passes on the monotonic clock. */
  set(moment: number | string): void {
    this.#moveTo(typeof moment === 'number' ? moment : Date.parse(moment));
  }

  /** From now on readings are not trusted, and stay at the latest moment that was. */
  distrust(reason: string): void {
    this.#distrust = reason;
  }

  trust(): void {
    this.#distrust = undefined;
    this.#lastTrusted = this.#now;
  }

  #moveTo(moment: number): void {
    this.#now = moment;
    if (this.#distrust === undefined) this.#lastTrusted = moment;
  }
}
