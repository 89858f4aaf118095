import type { Ledger } from '../ledger/ledger.js';
import { closedGrants } from '../ledger/request-memory.js';
import { adjustmentReceiptId, leaseReceiptId, topUpReceiptId, usageReceiptId } from '../model/receipt-id.js';
import type { BudgetRequest, LeaseRef } from '../model/requests.js';

/**
 * Ids of receipts that the state does not know and a decision of this request will ask for. A guess, to look them up early:
 * `decide` has the last word, and says `unknown` if something is missing after all.
 */
export function wantedReceipts(ledger: Ledger, request: BudgetRequest): string[] {
  switch (request.kind) {
    case 'acquire':
      return wantedOfRequest(ledger, request.aiId, request.requestId);
    case 'record':
      return wantedOfLease(ledger, request.lease, request.usage.usageId);
    case 'release':
      return wantedOfLease(ledger, request.lease, request.usage?.usageId);
    case 'renew':
    case 'revoke':
      return wantedOfLease(ledger, request.lease, undefined);
    case 'get-lease':
      return 'lease' in request.key
        ? wantedOfLease(ledger, request.key.lease, undefined)
        : wantedOfRequest(ledger, request.key.aiId, request.key.requestId);
    case 'record-unleased':
      return unlessKnown(ledger, usageReceiptId(ledger.epoch, request.aiId, request.usage.usageId));
    case 'adjust':
      return unlessKnown(ledger, adjustmentReceiptId(ledger.epoch, request.adjustmentId));
    case 'add-top-up':
      return ledger.topUps.get(request.topUpId) === undefined
        ? unlessKnown(ledger, topUpReceiptId(ledger.epoch, request.topUpId))
        : [];
    default:
      return [];
  }
}

function wantedOfRequest(ledger: Ledger, aiId: string, requestId: string): string[] {
  const fences = closedGrants(ledger, aiId, requestId);
  return fences.flatMap((fence) => unlessKnown(ledger, leaseReceiptId(ledger.epoch, fence)));
}

function wantedOfLease(ledger: Ledger, ref: LeaseRef, usageId: string | undefined): string[] {
  if (ref.epoch > ledger.epoch || ref.fence > ledger.fence) return [];
  const live = ledger.lease(ref.fence);
  if (live === undefined) return unlessKnown(ledger, leaseReceiptId(ledger.epoch, ref.fence));
  return usageId === undefined ? [] : unlessKnown(ledger, usageReceiptId(ledger.epoch, live.aiId, usageId));
}

function unlessKnown({ tables }: Ledger, id: string): string[] {
  return tables.outbox.has(id) ? [] : [id];
}
