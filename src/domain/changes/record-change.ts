import type { Ledger } from '../ledger/ledger.js';
import { KEPT_CHANGES, MAX_WAITING_CHANGE_BYTES, type StoredChange } from '../model/changes.js';
import type { NeedsLookup, Outcome, Refusal } from '../model/outcomes.js';
import type { BudgetRequest } from '../model/requests.js';
import { changeOf } from './change-of.js';

/** Records what a request has changed, if anything, in the commit that carries the change. */
export function recordChange(ledger: Ledger, request: BudgetRequest, outcome: Outcome | NeedsLookup): void {
  const body = changeOf(request, outcome);
  if (body === undefined) return;
  const { principal, reason } = request as { readonly principal?: string; readonly reason?: string };
  ledger.changeCount += 1;
  const change: StoredChange = {
    ...{ number: ledger.changeCount, epoch: ledger.epoch, revision: ledger.nextRevision, at: ledger.clock },
    ...(principal && { principal }),
    ...(reason && { reason }),
    body,
  };
  const { changes } = ledger.tables;
  changes.set(String(change.number), change);
  // Those that would be trimmed when they are written.
  if (changes.size <= KEPT_CHANGES) return;
  for (const [key, { number }] of [...changes.entries()])
    if (number <= ledger.changeCount - KEPT_CHANGES) changes.delete(key);
}

/** Before a change whose record carries a policy: so many may wait in the state, and those of other changes beside them. */
export function changesRefusal({ tables }: Ledger): Refusal | undefined {
  return tables.changes.bytes > MAX_WAITING_CHANGE_BYTES ? { reason: 'OUTBOX_FULL' } : undefined;
}
