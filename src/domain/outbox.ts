import type { Ledger } from './ledger.js';
import { MAX_OUTBOX } from './limits.js';
import type { Refusal } from './outcomes.js';
import type { DropWrittenRequest } from './requests.js';

/** Receipts wait in the state until they are known to be written; when too many wait, what would add one must come again. */
export function outboxRefusal({ tables }: Ledger): Refusal | undefined {
  return tables.outbox.size >= MAX_OUTBOX ? { reason: 'OUTBOX_FULL' } : undefined;
}

/**
 * Drops receipts and closed days that are known to be written as they stand. One that changed since stays: it must be
 * written again first.
 */
export function dropWritten(ledger: Ledger, { receipts, days }: DropWrittenRequest): void {
  const { tables } = ledger;
  for (const [id, revision] of receipts) {
    if (tables.outbox.get(id)?.revision !== revision) continue;
    tables.outbox.delete(id);
    // A lookup that was sent before this commit may have missed the receipt, and no longer finds it in the state.
    ledger.receiptsDroppedAt = ledger.nextRevision;
  }
  for (const [day, revision] of days) {
    const totals = tables.days.get(day);
    if (totals === undefined) ledger.writtenDays.delete(day);
    else ledger.writtenDays.set(day, revision);
    if (totals !== undefined && totals.changedAt <= revision && isDayClosed(ledger, day)) {
      tables.dropDay(day);
      ledger.writtenDays.delete(day);
      // A document that was looked up before this commit may be older than what the day came to.
      ledger.daysDroppedAt = ledger.nextRevision;
    }
  }
}

/** Nothing can be booked in the day any more: it is over, no live lease was granted in it, no late release can free anything. */
export function isDayClosed(ledger: Ledger, day: string): boolean {
  const totals = ledger.tables.days.get(day);
  if (totals === undefined || ledger.slots.holdsDay(day)) return false;
  return ledger.deleted || (ledger.clock >= totals.end && ledger.clock >= totals.settleUntil);
}
