import { CLOSED_AT_ONCE } from '../domain/model/limits.js';
import type { Pending } from './pending.js';
import { isSweep } from './ready-list.js';

/**
 * - `TOGETHER`: what time asks for goes along with the requests of the moment.
 * - `ASKED`: the store refused a request with it. A sweep alone will tell which of the two it was.
 * - `CLEARED`: not the sweep.
 * - `APART`: the store refuses a sweep. It has rounds of its own, in which nobody's request can fail with it.
 */
type State = 'TOGETHER' | 'ASKED' | 'CLEARED' | 'APART';

/** What a round may do of that. */
export interface Restraint {
  /** It carries what was asked for, and nothing that time alone would add. */
  readonly restrained: boolean;
  /** Leases that it may close because their time is over. */
  readonly closings: number;
  /** So many of them it leaves alone, beginning anew after the last: the first may be the one that the store refuses. */
  readonly passOver: number;
}

const UNRESTRAINED: Restraint = { restrained: false, closings: CLOSED_AT_ONCE, passOver: 0 };
const REQUESTS_ALONE: Restraint = { restrained: true, closings: 0, passOver: 0 };

/** What nobody asked for: leases are closed when their time is over, alerts are evaluated. It must not fail who did ask. */
export class Sweeping {
  private state: State = 'TOGETHER';
  private refusals = 0;

  get apart(): boolean {
    return this.state === 'APART';
  }

  /** Of a round with this batch. Apart, a sweep closes one lease at a time. */
  restraint(batch: readonly Pending[]): Restraint {
    if (!this.apart) return UNRESTRAINED;
    if (!isSweep(batch[0])) return REQUESTS_ALONE;
    return { restrained: false, closings: 1, passOver: this.refusals - 1 };
  }

  /** The store refused a round of one request, which closed leases or not. True: it is to be decided once more, after a sweep. */
  refused(batch: readonly Pending[], closed: boolean): boolean {
    const { state } = this;
    if (isSweep(batch[0])) {
      this.state = 'APART';
      this.refusals += 1;
      return false;
    }
    // Those that it closed are more than the sweep found.
    if (state !== 'APART') this.state = state === 'CLEARED' && !closed ? 'TOGETHER' : 'ASKED';
    return this.state === 'ASKED';
  }

  /**
   * A round is durable, or there was nothing to write; it left so many leases whose time is over. Says whether a sweep must close
   * them at once.
   */
  done(toClose: number, batch: readonly Pending[]): boolean {
    const swept = isSweep(batch[0]);
    if (this.apart && !swept) return false;
    if (batch.length > 0) this.state = this.after(swept, toClose);
    return toClose > 0;
  }

  private after(swept: boolean, toClose: number): State {
    if (this.apart && toClose > 0) return 'APART';
    this.refusals = 0;
    if (this.state !== 'ASKED' || !swept) return 'TOGETHER';
    return toClose > 0 ? 'ASKED' : 'CLEARED';
  }
}
