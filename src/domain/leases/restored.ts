import type { Ledger } from '../ledger/ledger.js';
import type { Receipt } from '../model/state.js';
import { expire } from './closing.js';

/** Numbers above all that can have been handed out since a backup was made. */
export interface RaisedNumbers {
  readonly epoch: number;
  readonly fence: number;
  readonly revision: number;
}

/** Millionths of a second since 1970: no budget makes a grant or a commit in every one of them. It is a safe integer until 2255. */
const PER_MS = 1_000;

/**
 * A backup does not know what was granted after it. An epoch made of the time is above that of every earlier restore too, also of
 * one from the same backup; the same for fences and revisions.
 */
export function raisedNumbers(head: RaisedNumbers & { readonly clock: number }, now: number): RaisedNumbers {
  const moment = Math.ceil(Math.max(now, head.clock));
  return {
    epoch: Math.max(head.epoch + 1, moment),
    fence: Math.max(head.fence, moment * PER_MS),
    revision: Math.max(head.revision, moment * PER_MS),
  };
}

/**
 * The budget of a backup begins to live again. Its leases are over, as if revoked at this moment: who holds one was not asked, and
 * what it spent since is not known. What was booked before keeps its ids, so that a repeat is found; and leases keep theirs, so
 * that what is reported of them takes the place of what is presumed.
 */
export function restoreBudget(ledger: Ledger, raised: RaisedNumbers, at: number): void {
  const before = ledger.epoch;
  ledger.epoch = raised.epoch;
  ledger.fence = raised.fence;
  ledger.revision = raised.revision;
  ledger.touchHead();
  for (const lease of [...ledger.tables.leases.values()]) expire(ledger, lease, 'REVOKED', at);
  const { outbox } = ledger.tables;
  for (const [id, receipt] of [...outbox.entries()]) {
    if (receipt.epoch !== before) continue;
    const moved = receiptInEpoch(receipt, raised.epoch);
    outbox.delete(id);
    outbox.set(moved.id, { ...moved, revision: ledger.nextRevision });
  }
}

/** Ids of receipts begin with their epoch: see `receipt-id.ts`. */
export function receiptInEpoch(receipt: Receipt, epoch: number): Receipt {
  return { ...receipt, epoch, id: `${epoch}${receipt.id.slice(receipt.id.indexOf(':'))}` };
}
