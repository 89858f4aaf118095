import type { TimeSources } from '../../src/platform/clock.js';
import type { Scheduler } from '../../src/platform/scheduler.js';
import { randomFrom } from '../support/seed.js';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

/** Who is still at work outside of this process's timers: a store that reads and writes. */
export interface Busy {
  /** Resolves when nothing is under way; at once if nothing was. */
  idle(): Promise<void> | undefined;
}

/**
 * Time that passes in leaps of minutes and hours, each of which every timer sees as a process does that was held up for so long:
 * it fires once, late. So years take minutes, whatever ticks once a second. No time passes while a store is at work.
 */
export class LeapingTime implements Scheduler {
  /** What it really is. */
  now: number;
  /** What the machine's wall clock, and the store's, are wrong by. */
  errorMs = 0;
  private sleptMs = 0;
  private timers = new Set<Timer>();
  private asked: (() => void)[] = [];
  readonly random: () => number;
  /** What a process does every few seconds: before anything else it knows the time. */
  afterLeap = async (): Promise<void> => {};

  constructor(
    start: number,
    seed: number,
    private readonly busy: Busy,
  ) {
    this.now = start;
    this.random = randomFrom(seed);
  }

  /** What everybody takes for now. */
  get believed(): number {
    return this.now + this.errorMs;
  }

  /** The clocks of a process that starts now. */
  sources(): TimeSources {
    const started = this.now - this.sleptMs;
    return { wall: () => this.believed, monotonic: () => 1_000 + this.now - this.sleptMs - started };
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.now + Math.max(0, delayMs), task };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  soon(task: () => void): void {
    this.asked.push(task);
  }

  /** All that can be done without time passing. */
  async settle(): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
      const waiting = this.busy.idle();
      const task = this.asked.shift();
      if (task !== undefined) task();
      else if (waiting === undefined) return;
      else await waiting;
    }
  }

  async leap(ms: number): Promise<void> {
    this.now += ms;
    await this.afterLeap();
    const due = [...this.timers].filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      // One that an earlier one called off is not run.
      if (this.timers.delete(timer)) timer.task();
      await this.settle();
    }
    await this.settle();
  }

  /** The machine sleeps: its wall clock goes on, its monotonic one does not. */
  async sleep(ms: number): Promise<void> {
    this.sleptMs += ms;
    await this.leap(ms);
  }

  /** Nothing runs. */
  pass(ms: number): void {
    this.now += ms;
  }

  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await this.settle();
    for (let waited = 0; !settled; waited += 50) {
      if (waited > 60_000) throw new Error('still no answer after a minute');
      await this.leap(50);
    }
    return promise;
  }
}
