import {
  findLease,
  findReceipt,
  type LeaseLookup,
  unknownReceipts,
  viewOfClosed,
  viewOfLive,
} from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { outboxRefusal } from '../ledger/outbox.js';
import { takeCooldown } from '../ledger/request-memory.js';
import { bytesOfItsDay, withItsDay } from '../ledger/returning-days.js';
import { type NeedsLookup, type Recorded, type Refused, refused } from '../model/outcomes.js';
import { usageReceiptId } from '../model/receipt-id.js';
import type { Evidence, RecordRequest, RecordUnleasedRequest } from '../model/requests.js';
import type { BookedUsage, Receipt } from '../model/state.js';
import type { LeaseView, UsageReport, Writable } from '../model/types.js';
import { type Booked, bookLate, bookOnLive, bookUnleased, chargeFor, reportRefusal } from './booking.js';
import { putReceipt } from './closing.js';

type KnownLease = Extract<LeaseLookup, { kind: 'live' | 'closed' }>;

/** Books a report on a lease, live or closed, once per usage id. What was really spent is never refused for a rule. */
export function record(
  ledger: Ledger,
  request: RecordRequest,
  evidence: Evidence,
): Recorded | Refused | NeedsLookup {
  const { usage } = request;
  const found = findLease(ledger, request.lease, evidence);
  if (found.kind === 'missing') return refused({ reason: 'LEASE_NOT_FOUND', leaseId: request.lease.leaseId });
  if (found.kind === 'unknown') return found;
  const lease = found.kind === 'live' ? found.lease : found.closed.lease;
  const receiptId = usageReceiptId(ledger.epoch, lease.aiId, usage.usageId);
  const before = findReceipt(ledger, receiptId, evidence);
  if (before === 'unknown') return unknownReceipts(receiptId);
  if (before !== undefined) return replay(usage, before, leaseView(ledger, found));
  const charge = chargeFor(ledger, usage);
  const returning = found.kind === 'live' ? 0 : bytesOfItsDay(ledger, found.closed, evidence);
  const refusal = reportRefusal(ledger, charge, lease.used) ?? outboxRefusal(ledger, returning);
  if (refusal !== undefined) return refused(refusal);
  const booked =
    found.kind === 'live'
      ? bookOnLive(ledger, found.lease, usage, charge)
      : bookLate(ledger, withItsDay(ledger, found.closed, evidence), usage, charge);
  rememberUsage(ledger, receiptId, usage, booked, lease.fence);
  if (found.kind === 'closed' && found.closed.release?.unreported === 'UNUSED') takeCooldown(ledger, lease);
  const view = 'lease' in booked ? viewOfLive(ledger, booked.lease) : viewOfClosed(ledger, booked.closed);
  return recorded(booked, false, view);
}

/** Books a report that has no lease, once per usage id. */
export function recordUnleased(
  ledger: Ledger,
  request: RecordUnleasedRequest,
  evidence: Evidence,
): Recorded | Refused | NeedsLookup {
  const { usage, aiId } = request;
  const receiptId = usageReceiptId(ledger.epoch, aiId, usage.usageId);
  const before = findReceipt(ledger, receiptId, evidence);
  if (before === 'unknown') return unknownReceipts(receiptId);
  if (before !== undefined) return replay(usage, before, undefined);
  const charge = chargeFor(ledger, usage);
  const refusal = reportRefusal(ledger, charge) ?? outboxRefusal(ledger);
  if (refusal !== undefined) return refused(refusal);
  const booked = bookUnleased(ledger, aiId, usage, charge);
  rememberUsage(ledger, receiptId, usage, booked);
  return recorded(booked, false, undefined);
}

/** Keeps the answer under the usage id, so that the same usage is never booked again. */
export function rememberUsage(
  ledger: Ledger,
  receiptId: string,
  usage: UsageReport,
  booked: Booked,
  fence?: number,
): void {
  const body: Writable<BookedUsage> = {
    kind: 'usage',
    fingerprint: usage.fingerprint,
    chargedTokens: booked.chargedTokens,
    overrunTokens: booked.overrunTokens,
    late: booked.late,
    model: usage.model,
    requestType: usage.requestType,
    failed: usage.failed,
  };
  if (usage.calls !== undefined) body.calls = usage.calls;
  if (fence !== undefined) body.fence = fence;
  putReceipt(ledger, receiptId, body);
}

/** The figures of the first answer, if the content is the same. */
function replay(
  { fingerprint, usageId }: RecordRequest['usage'],
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
  const { chargedTokens, overrunTokens, late, unpriced } = booked;
  const answer: Writable<Recorded> = { kind: 'recorded', chargedTokens, overrunTokens, late, replayed };
  if (unpriced && !replayed) answer.unpriced = unpriced;
  if (lease !== undefined) answer.lease = lease;
  return answer;
}

function leaseView(ledger: Ledger, found: KnownLease): LeaseView {
  return found.kind === 'live' ? viewOfLive(ledger, found.lease) : viewOfClosed(ledger, found.closed);
}
