import { MAX_COMMIT_BYTES, MAX_FULL_STATE_BYTES, MAX_OUTBOX } from '../model/limits.js';
import type { Refusal } from '../model/outcomes.js';
import type { DropWrittenRequest } from '../model/requests.js';
import type { Ledger } from './ledger.js';
import { regroupDay } from './scope-counts.js';

/** Receipts wait in the state until they are known to be written; when too many wait, what would add one must come again. */
export function outboxRefusal({ tables }: Ledger, moreBytes = 0): Refusal | undefined {
  const isFull = tables.outbox.size >= MAX_OUTBOX || tables.bytes + moreBytes > MAX_FULL_STATE_BYTES;
  return isFull ? { reason: 'OUTBOX_FULL' } : undefined;
}

/** The next commit carries so much that what can wait is for the one after it. */
export function isCommitFull({ tables }: Ledger): boolean {
  return tables.changedBytes > MAX_COMMIT_BYTES;
}

/**
 * Drops receipts and closed days that are known to be written as they stand. One that changed since stays: it must be
 * written again first.
 */
export function dropWritten(ledger: Ledger, { receipts, days, changes }: DropWrittenRequest): void {
  const { tables } = ledger;
  for (const [key, revision] of changes ?? [])
    if (tables.changes.get(key)?.revision === revision) tables.changes.delete(key);
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
    if (isCommitFull(ledger)) continue;
    if (totals !== undefined && totals.changedAt <= revision && isDayClosed(ledger, day)) {
      tables.dropDay(day);
      // In a zone in which it ended earlier, today may be over.
      if (day === ledger.today.day) regroupDay(ledger);
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
