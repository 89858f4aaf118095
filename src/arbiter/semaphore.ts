import type { Scheduler } from '../platform/scheduler.js';
import { ArbiterError, type Caller } from './service-port.js';

/** Enough that those who read from a distant store do not wait for each other. */
const AT_ONCE = 8;
const MOST_WAITING = 500;
const RETRY_MS = 1_000;

export interface SemaphoreOptions {
  readonly scheduler: Scheduler;
  readonly atOnce?: number;
  readonly mostWaiting?: number;
}

/**
 * Questions whose answers take long to compute are answered a few at once, with room for everybody else between them.
 * Thousands that come together would otherwise be answered in one turn of the loop, and no AI while it lasts.
 */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private readonly scheduler: Scheduler;
  private readonly atOnce: number;
  private readonly mostWaiting: number;

  constructor({ scheduler, atOnce = AT_ONCE, mostWaiting = MOST_WAITING }: SemaphoreOptions) {
    this.scheduler = scheduler;
    this.atOnce = atOnce;
    this.mostWaiting = mostWaiting;
  }

  /** Throws QUEUE_FULL at once where too many wait already, and CANCELLED where the caller went meanwhile. */
  async take<T>(caller: Caller, work: () => Promise<T>): Promise<T> {
    if (this.waiting.length >= this.mostWaiting) {
      const message = `more than ${this.mostWaiting} requests for statistics wait; ask again shortly`;
      throw new ArbiterError('QUEUE_FULL', message, RETRY_MS);
    }
    if (this.running >= this.atOnce || this.waiting.length > 0) await this.place();
    else this.running += 1;
    try {
      if (caller.gone) throw new ArbiterError('CANCELLED', 'the caller has gone');
      return await work();
    } finally {
      this.scheduler.soon(() => this.pass());
    }
  }

  private place(): Promise<void> {
    return new Promise((resolve) => void this.waiting.push(resolve));
  }

  /** The place goes to the next; it is given back only when nobody waits. */
  private pass(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.running -= 1;
    else next();
  }
}
