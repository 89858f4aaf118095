import type { Scheduler } from '../../src/platform/scheduler.js';
import type { ManualClock } from './manual-clock.js';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** More tasks than this at one moment: something asks for itself for ever. */
const MOST_TASKS_AT_ONCE = 200_000;

/** Time, order and chance in a test's hand: nothing waits for real time, and the same seed gives the same run. */
export class ManualScheduler implements Scheduler {
  #now = 0;
  #order = 0;
  #state: number;
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];
  readonly #clocks: readonly ManualClock[];
  /** How many tasks ran, to find what spins. */
  ran = 0;

  /** The clocks move along when time passes. */
  constructor(clocks: readonly ManualClock[], seed = 1) {
    this.#clocks = clocks;
    this.#state = seed >>> 0;
  }

  /** Time that has passed since the start. */
  get now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  soon(task: () => void): void {
    this.#soon.push(task);
  }

  /** Mulberry32. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** Runs all that can run without time passing. */
  async settle(): Promise<void> {
    for (let ran = 0; ; ran += 1) {
      await promisesSettled();
      const task = this.#soon.shift();
      if (task === undefined) return;
      if (ran > MOST_TASKS_AT_ONCE) throw new Error('tasks follow each other for ever without time passing');
      this.ran += 1;
      task();
    }
  }

  /** Lets time pass, and runs on the way what is due, in order. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await this.settle();
    let ranAtOnce = 0;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      ranAtOnce = next.at > this.#now ? 0 : ranAtOnce + 1;
      if (ranAtOnce > MOST_TASKS_AT_ONCE)
        throw new Error('timers follow each other for ever without time passing');
      this.#moveTo(next.at);
      this.#timers = this.#timers.filter((other) => other !== next);
      this.ran += 1;
      next.task();
      await this.settle();
    }
    this.#moveTo(until);
  }

  /** Lets time pass in small steps until the promise is settled. Throws when that takes longer than `mostMs`. */
  async until<T>(promise: Promise<T>, mostMs = 60_000, stepMs = 5): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await this.settle();
    for (let waited = 0; !settled; waited += stepMs) {
      if (waited > mostMs) throw new Error(`still not settled after ${mostMs} ms`);
      await this.advance(stepMs);
    }
    return promise;
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }

  #moveTo(at: number): void {
    if (at <= this.#now) return;
    for (const clock of this.#clocks) clock.advance(at - this.#now);
    this.#now = at;
  }
}

/** Every promise that can settle by now has, and what followed from it. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
