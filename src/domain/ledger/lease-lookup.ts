import { presumedDayOf, stillPresumed } from '../leases/presumed.js';
import { RECEIPT_MEMORY_MS } from '../model/limits.js';
import type { BudgetSnapshot, NeedsLookup } from '../model/outcomes.js';
import { leaseReceiptId } from '../model/receipt-id.js';
import type { Evidence, LeaseRef } from '../model/requests.js';
import type { ClosedLease, Receipt, StoredLease } from '../model/state.js';
import type { Labels, LeaseView } from '../model/types.js';
import { teamIdOf } from '../policy/team-patterns.js';
import type { Ledger } from './ledger.js';

/** What is known of a lease id. `unknown`: its receipt, or the day of its grant, must be looked up in the store. */
export type LeaseLookup =
  | { readonly kind: 'live'; readonly lease: StoredLease }
  | { readonly kind: 'closed'; readonly closed: ClosedLease }
  | { readonly kind: 'missing' }
  | NeedsLookup;

const MISSING: LeaseLookup = { kind: 'missing' };

/**
 * The state is asked before the receipts: a closed lease that is back in the state is newer there. A lease of an earlier epoch
 * may be known after a restore, which takes leases along into an epoch of its own; fences go on rising over all of them.
 */
export function findLease(ledger: Ledger, ref: LeaseRef, evidence: Evidence): LeaseLookup {
  const { epoch, fence, leaseId } = ref;
  if (epoch > ledger.epoch || fence > ledger.fence) return MISSING;
  const found = leaseByFence(ledger, fence, evidence);
  if (found.kind === 'live') return found.lease.leaseId === leaseId ? found : MISSING;
  if (found.kind === 'closed') return found.closed.lease.leaseId === leaseId ? found : MISSING;
  return found;
}

/** The lease of this epoch that has the fence. */
export function leaseByFence(ledger: Ledger, fence: number, evidence: Evidence): LeaseLookup {
  const live = ledger.lease(fence);
  if (live !== undefined) return { kind: 'live', lease: live };
  const receiptId = leaseReceiptId(ledger.epoch, fence);
  const found = findReceipt(ledger, receiptId, evidence);
  if (found === 'unknown') return unknownReceipts(receiptId);
  return found?.body.kind === 'lease' ? asItStands(ledger, found.body, evidence) : MISSING;
}

/** A closed lease with what is still presumed of it: the receipt does not know of corrections. */
function asItStands(ledger: Ledger, closed: ClosedLease, evidence: Evidence): LeaseLookup {
  if (closed.presumed === 0) return { kind: 'closed', closed };
  const { day } = closed.lease;
  const open = presumedDayOf(ledger, day);
  if (open === undefined && !evidence.days.has(day)) return { kind: 'unknown', receiptIds: [], days: [day] };
  const presumed = stillPresumed(closed, open ?? evidence.days.get(day));
  return { kind: 'closed', closed: presumed === closed.presumed ? closed : { ...closed, presumed } };
}

/** A receipt by its id: from the state, or from what was looked up. Older than their time they do not count. */
export function findReceipt(ledger: Ledger, id: string, evidence: Evidence): Receipt | undefined | 'unknown' {
  const inState = ledger.tables.outbox.get(id);
  if (inState !== undefined) return inState;
  if (!evidence.receipts.has(id)) return 'unknown';
  const stored = evidence.receipts.get(id);
  if (stored === undefined || stored.at + RECEIPT_MEMORY_MS <= ledger.agedTo) return undefined;
  return stored;
}

export function unknownReceipts(...receiptIds: string[]): NeedsLookup {
  return { kind: 'unknown', receiptIds, days: [] };
}

/** Whose lease, as of when, and which team its AI is in. */
type ViewContext = Pick<Ledger, 'budgetId' | 'clock' | 'teamIdOf'>;

/** For leases that are looked at outside of a decision. */
export function viewContextOf({ budget, now }: Pick<BudgetSnapshot, 'budget' | 'now'>): ViewContext {
  const { budgetId, policy } = budget;
  return { budgetId, clock: now, teamIdOf: (aiId) => teamIdOf(policy, aiId) };
}

const NO_LABELS: Labels = {};

// Both views are written out, field by field: one is made with nearly every decision, and spreads make it many times dearer.

export function viewOfLive(ledger: ViewContext, lease: StoredLease): LeaseView {
  return {
    leaseId: lease.leaseId,
    fence: lease.fence,
    requestId: lease.requestId,
    budgetId: ledger.budgetId,
    aiId: lease.aiId,
    status: 'LIVE',
    reservedTokens: lease.reserved,
    usedTokens: lease.used,
    presumedTokens: 0,
    grantedAt: lease.grantedAt,
    expiresAt: lease.expiresAt,
    renewableUntil: lease.renewableUntil,
    reportedAt: lease.reportedAt,
    labels: lease.labels ?? NO_LABELS,
    teamId: ledger.teamIdOf(lease.aiId),
    model: lease.model,
    sessionId: lease.session?.id,
    topUpId: lease.topUpId,
    asOf: ledger.clock,
  };
}

export function viewOfClosed(ledger: ViewContext, closed: ClosedLease): LeaseView {
  const { lease } = closed;
  return {
    leaseId: lease.leaseId,
    fence: lease.fence,
    requestId: lease.requestId,
    budgetId: ledger.budgetId,
    aiId: lease.aiId,
    status: closed.status,
    reservedTokens: lease.reserved,
    usedTokens: lease.used,
    presumedTokens: closed.presumed,
    grantedAt: lease.grantedAt,
    expiresAt: lease.expiresAt,
    renewableUntil: lease.renewableUntil,
    closedAt: closed.closedAt,
    reportedAt: lease.reportedAt,
    labels: lease.labels ?? NO_LABELS,
    teamId: ledger.teamIdOf(lease.aiId),
    model: lease.model,
    sessionId: lease.session?.id,
    topUpId: lease.topUpId,
    asOf: ledger.clock,
  };
}
