import type { Ledger } from '../domain/ledger/ledger.js';
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

/** What nobody asked for: leases are closed when their time is over, alerts are settled. It must not fail who did ask. */
export class Sweeping {
  private state: State = 'TOGETHER';
  private refusals = 0;

  get apart(): boolean {
    return this.state === 'APART';
  }

  /** Before a round. Says whether it is to carry what was asked for alone; apart, a sweep closes one lease at a time. */
  restrain(ledger: Ledger, batch: readonly Pending[]): boolean {
    ledger.closings = CLOSED_AT_ONCE;
    ledger.passedOver = 0;
    if (!this.apart) return false;
    const here = isSweep(batch[0]);
    ledger.closings = here ? 1 : 0;
    // The first of them may be the one that the store refuses.
    ledger.passedOver = here && ledger.slots.waiting > 0 ? (this.refusals - 1) % ledger.slots.waiting : 0;
    return !here;
  }

  /** The store refused a round of one request. True: it is to be decided once more, after a sweep. */
  refused(batch: readonly Pending[]): boolean {
    const { state } = this;
    if (isSweep(batch[0])) {
      this.state = 'APART';
      this.refusals += 1;
      return false;
    }
    if (state !== 'APART') this.state = state === 'CLEARED' ? 'TOGETHER' : 'ASKED';
    return this.state === 'ASKED';
  }

  /** A round is durable, or there was nothing to write. Says whether leases are left that a sweep must close at once. */
  done(ledger: Ledger, batch: readonly Pending[]): boolean {
    const { waiting } = ledger.slots;
    const swept = isSweep(batch[0]);
    if (this.apart && !swept) return false;
    if (batch.length > 0) this.state = this.after(swept, waiting);
    return waiting > 0;
  }

  private after(swept: boolean, waiting: number): State {
    if (this.apart && waiting > 0) return 'APART';
    this.refusals = 0;
    if (this.state !== 'ASKED' || !swept) return 'TOGETHER';
    return waiting > 0 ? 'ASKED' : 'CLEARED';
  }
}
