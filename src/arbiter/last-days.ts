import { pause } from '../platform/scheduler.js';
import { shuttingDown } from './answers.js';
import type { Context } from './context.js';
import type { Pending } from './pending.js';
import type { ArbiterError } from './service-port.js';
import type { WriteOut } from './write-out.js';

const AGAIN_MS = 250;

/** Requests for a deleted budget that is to begin again: first its last days are written out. */
export class LastDays {
  private waiting: readonly Pending[] = [];

  constructor(
    private readonly context: Context,
    private readonly writeOut: WriteOut,
  ) {}

  all(): readonly Pending[] {
    return this.waiting;
  }

  /** Answers with the reason to give up, if there is one. `failedBefore`: the log knows that the store does not answer. */
  async write(pending: Pending, failedBefore: boolean): Promise<ArbiterError | undefined> {
    this.waiting = [...this.waiting, pending];
    const done = await this.writeOut.flushStored(failedBefore);
    if (!done) await pause(this.context.scheduler, AGAIN_MS);
    this.waiting = this.waiting.filter((other) => other !== pending);
    return !done && this.context.stopping() ? shuttingDown() : undefined;
  }
}
