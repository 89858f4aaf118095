import type { Ledger } from './ledger.js';
import { adjustmentReceiptId, leaseReceiptId, usageReceiptId } from './receipt-id.js';
import type { BudgetRequest, LeaseRef } from './requests.js';

/**
 * Ids of receipts that the state does not know and a decision of this request will ask for. A guess, to look them up early:
 * `decide` has the last word, and says `unknown` if something is missing after all.
 */
export function wantedReceipts(ledger: Ledger, request: BudgetRequest): string[] {
  switch (request.kind) {
    case 'record':
      return wantedOfLease(ledger, request.lease, request.usage.usageId);
    case 'release':
      return wantedOfLease(ledger, request.lease, request.usage?.usageId);
    case 'renew':
    case 'revoke':
      return wantedOfLease(ledger, request.lease, undefined);
    case 'get-lease':
      return 'lease' in request.key ? wantedOfLease(ledger, request.key.lease, undefined) : [];
    case 'record-unleased':
      return unlessKnown(ledger, usageReceiptId(ledger.epoch, request.aiId, request.usage.usageId));
    case 'adjust':
      return unlessKnown(ledger, adjustmentReceiptId(ledger.epoch, request.adjustmentId));
    default:
      return [];
  }
}

function wantedOfLease(ledger: Ledger, ref: LeaseRef, usageId: string | undefined): string[] {
  if (ref.epoch !== ledger.epoch || ref.fence > ledger.fence) return [];
  const live = ledger.lease(ref.fence);
  if (live === undefined) return unlessKnown(ledger, leaseReceiptId(ref.epoch, ref.fence));
  return usageId === undefined ? [] : unlessKnown(ledger, usageReceiptId(ledger.epoch, live.aiId, usageId));
}

function unlessKnown({ tables }: Ledger, id: string): string[] {
  return tables.outbox.has(id) ? [] : [id];
}
