import type { Ledger } from '../domain/ledger.js';
import { CLOSED_AT_ONCE } from '../domain/limits.js';
import type { Pending } from './pending.js';
import { isSweep } from './ready-list.js';

/**
 * What time asks for goes along with the requests of the moment: leases are closed, alerts are settled. Once the store refused a
 * commit, it has rounds of its own, in which nobody's request can fail with it, one lease at a time, until all is done.
 */
export class Sweeping {
  private refusals = 0;

  /** It goes along with no request. */
  get apart(): boolean {
    return this.refusals > 0;
  }

  /** The round that begins is to leave it alone. */
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

  /** The store refused a round of one request. True: it may have been for what went along, so it is to be tried without. */
  refused(batch: readonly Pending[]): boolean {
    const first = !this.apart;
    if (first || isSweep(batch[0])) this.refusals += 1;
    return first;
  }

  /** A round is durable, or there was nothing to write. Says whether another is needed at once. */
  done(ledger: Ledger, batch: readonly Pending[]): boolean {
    const { waiting } = ledger.slots;
    if (!this.apart) return waiting > 0;
    if (!isSweep(batch[0])) return false;
    if (waiting === 0) this.refusals = 0;
    return waiting > 0;
  }
}
