import { type Booked, bookLate, bookOnLive, bookUnleased, chargeFor, reportRefusal } from './booking.js';
import { putReceipt } from './closing.js';
import { findLease, findReceipt, type LeaseLookup, viewOfClosed, viewOfLive } from './lease-lookup.js';
import type { Ledger } from './ledger.js';
import { outboxRefusal } from './outbox.js';
import type { Recorded, Refused, Unknown } from './outcomes.js';
import { usageReceiptId } from './receipt-id.js';
import { refused } from './refused.js';
import type { Evidence, RecordRequest, RecordUnleasedRequest } from './requests.js';
import type { BookedUsage, Receipt } from './state.js';
import type { LeaseView, UsageReport } from './types.js';

/** Books a report on a lease, live or closed, once per usage id. What was really spent is never refused for a rule. */
export function record(
  ledger: Ledger,
  request: RecordRequest,
  evidence: Evidence,
): Recorded | Refused | Unknown {
  const { usage } = request;
  const found = findLease(ledger, request.lease, evidence);
  if (found.kind === 'missing') return refused({ reason: 'LEASE_NOT_FOUND', leaseId: request.lease.leaseId });
  const aiId = aiOf(found);
  const usageReceipt = aiId && usageReceiptId(ledger.epoch, aiId, usage.usageId);
  const before = usageReceipt && findReceipt(ledger, usageReceipt, evidence);
  if (found.kind === 'unknown') return { kind: 'unknown', receiptIds: [found.receiptId], days: [] };
  if (before === 'unknown') return { kind: 'unknown', receiptIds: [usageReceipt ?? ''], days: [] };
  if (before) return replay(usage.fingerprint, usage.usageId, before, leaseView(ledger, found));
  const charge = chargeFor(ledger, usage);
  const lease = found.kind === 'live' ? found.lease : found.closed.lease;
  const refusal = reportRefusal(ledger, charge, lease.used) ?? outboxRefusal(ledger);
  if (refusal !== undefined) return refused(refusal);
  const booked =
    found.kind === 'live'
      ? bookOnLive(ledger, found.lease, usage, charge)
      : bookLate(ledger, found.closed, usage, charge);
  rememberUsage(ledger, lease.aiId, usage, booked, lease.fence);
  const view = 'lease' in booked ? viewOfLive(ledger, booked.lease) : viewOfClosed(ledger, booked.closed);
  return recorded(booked, false, view);
}

/** Books a report that has no lease, once per usage id. */
export function recordUnleased(
  ledger: Ledger,
  request: RecordUnleasedRequest,
  evidence: Evidence,
): Recorded | Refused | Unknown {
  const { usage, aiId } = request;
  const receiptId = usageReceiptId(ledger.epoch, aiId, usage.usageId);
  const before = findReceipt(ledger, receiptId, evidence);
  if (before === 'unknown') return { kind: 'unknown', receiptIds: [receiptId], days: [] };
  if (before !== undefined) return replay(usage.fingerprint, usage.usageId, before, undefined);
  const charge = chargeFor(ledger, usage);
  const refusal = reportRefusal(ledger, charge) ?? outboxRefusal(ledger);
  if (refusal !== undefined) return refused(refusal);
  const booked = bookUnleased(ledger, aiId, usage, charge);
  rememberUsage(ledger, aiId, usage, booked);
  return recorded(booked, false, undefined);
}

/** Keeps the answer under the usage id, so that the same usage is never booked again. */
export function rememberUsage(
  ledger: Ledger,
  aiId: string,
  usage: UsageReport,
  booked: Booked,
  fence?: number,
): void {
  if (usage.usageId === undefined) return;
  const { fingerprint, model, requestType, failed } = usage;
  const { chargedTokens, overrunTokens, late } = booked;
  putReceipt(ledger, usageReceiptId(ledger.epoch, aiId, usage.usageId), {
    kind: 'usage',
    ...{ fingerprint, chargedTokens, overrunTokens, late, model, requestType, failed },
    ...(fence === undefined ? {} : { fence }),
  });
}

/** The figures of the first answer, if the content is the same. */
function replay(
  fingerprint: string,
  usageId: string,
  receipt: Receipt,
  lease: LeaseView | undefined,
): Recorded | Refused {
  const before = receipt.body as BookedUsage;
  if (before.fingerprint !== fingerprint) {
    return refused({ reason: 'ID_REUSED', field: 'usage.usage_id', id: usageId });
  }
  return recorded(before, true, lease);
}

function recorded(booked: Booked, replayed: boolean, lease: LeaseView | undefined): Recorded {
  const { chargedTokens, overrunTokens, late } = booked;
  return {
    kind: 'recorded',
    ...{ chargedTokens, overrunTokens, late, replayed },
    ...(lease === undefined ? {} : { lease }),
  };
}

function aiOf(found: LeaseLookup): string | undefined {
  if (found.kind === 'live') return found.lease.aiId;
  return found.kind === 'closed' ? found.closed.lease.aiId : undefined;
}

function leaseView(ledger: Ledger, found: LeaseLookup): LeaseView | undefined {
  if (found.kind === 'live') return viewOfLive(ledger, found.lease);
  return found.kind === 'closed' ? viewOfClosed(ledger, found.closed) : undefined;
}
