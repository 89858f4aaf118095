import { viewOfAlert } from '../alerts/alert-view.js';
import { alertKey, leaseExpiredAlert } from '../alerts/alerts.js';
import { viewOfClosed } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { rememberEnded } from '../ledger/request-memory.js';
import { unspent } from '../ledger/slots.js';
import { bookTopUp } from '../ledger/top-ups.js';
import { leaseReceiptId } from '../model/receipt-id.js';
import type { BudgetRequest } from '../model/requests.js';
import type { ClosedLease, Receipt, ReleaseAnswer, StoredAlert, StoredLease } from '../model/state.js';
import { presume } from './presumed.js';

/** How leases end. A closed lease leaves the state as a receipt, by which late reports and repeats find it. */

/**
 * Ends every lease whose time is over: it frees its slot at once. So many in one commit; the others wait, no longer live, and
 * are closed in the commits right after, or when somebody asks for one of them.
 */
export function expireDue(ledger: Ledger): void {
  const { slots } = ledger;
  for (;;) {
    const first = slots.firstExpiry();
    if (first === undefined || first.expiresAt > ledger.clock) break;
    const lease = ledger.lease(first.fence);
    if (lease === undefined) break;
    slots.retire(lease, ledger.policy.onExpiry === 'CHARGE');
    ledger.loosened += 1;
  }
  if (slots.waiting > 0) closeOver(ledger);
}

/** Closes leases that are over, as many as the next commit may. */
export function closeOver(ledger: Ledger): void {
  for (; ledger.closings > 0; ledger.closings -= 1) {
    const lease = ledger.slots.firstOver(ledger.passedOver);
    if (lease === undefined) break;
    closeOne(ledger, lease);
  }
  // What a deletion leaves is judged by its policy to the last.
  if (ledger.deleted && ledger.slots.waiting === 0) ledger.tables.settings.reset();
}

/** Closes the lease that a request is about, if it is over and waits. */
export function closeAsked(ledger: Ledger, request: BudgetRequest): void {
  const lease = askedFor(ledger, request);
  if (lease !== undefined) closeOne(ledger, lease);
}

function askedFor({ slots, epoch }: Ledger, request: BudgetRequest): StoredLease | undefined {
  const key = request.kind === 'get-lease' ? request.key : request;
  if ('lease' in key) return key.lease.epoch === epoch ? slots.overLease(key.lease.fence) : undefined;
  return 'requestId' in key ? slots.overOf(key.aiId, key.requestId) : undefined;
}

function closeOne(ledger: Ledger, lease: StoredLease): void {
  if (ledger.deleted) {
    expire(ledger, lease, lease.expiresAt > ledger.clock ? 'REVOKED' : 'EXPIRED');
    return;
  }
  const closed = expire(ledger, lease, 'EXPIRED');
  raiseOnce(ledger, leaseExpiredAlert(ledger, lease, closed.presumed));
}

/** Ends a lease that was not released: under CHARGE, what it had reserved and not reported is presumed spent. */
export function expire(
  ledger: Ledger,
  lease: StoredLease,
  status: 'EXPIRED' | 'REVOKED',
  revokedAt = ledger.clock,
): ClosedLease {
  // It was over at its end, however late somebody looked.
  const closedAt = status === 'EXPIRED' ? lease.expiresAt : revokedAt;
  const presumed = ledger.policy.onExpiry === 'CHARGE' ? unspent(lease) : 0;
  const closed = withPresumed(ledger, { kind: 'lease', lease, status, presumed, closedAt });
  endLease(ledger, closed);
  const kind = status === 'EXPIRED' ? 'expired' : 'revoked';
  ledger.note({ kind, at: ledger.clock, lease: viewOfClosed(ledger, closed) });
  return closed;
}

/** What is not reported is presumed, for as long as the grace. */
function withPresumed(ledger: Ledger, ending: Omit<ClosedLease, 'settleUntil'>): ClosedLease {
  const { lease, presumed, closedAt } = ending;
  const settleUntil = closedAt + ledger.policy.lateReportGraceMs;
  if (presumed === 0) return { ...ending, settleUntil };
  const presumedKey = presume(ledger, lease, presumed);
  bookTopUp(ledger, lease, presumed, settleUntil);
  keepOpen(ledger, lease.day, settleUntil);
  return { ...ending, presumedKey, settleUntil };
}

/** Ends a live lease by a release that leaves what is not reported presumed, whatever expiries do. */
export function closePresuming(ledger: Ledger, lease: StoredLease, presuming: ReleaseAnswer): void {
  const { clock } = ledger;
  const ending = { kind: 'lease', lease, status: 'RELEASED', closedAt: clock, presuming } as const;
  const closed = withPresumed(ledger, { ...ending, presumed: unspent(lease) });
  endLease(ledger, closed);
  ledger.note({ kind: 'released', at: clock, lease: viewOfClosed(ledger, closed) });
}

/** The day may not leave the state while a late release can still free what was presumed in it. */
function keepOpen({ tables }: Ledger, day: string, until: number): void {
  const totals = tables.days.get(day);
  if (totals !== undefined && totals.settleUntil < until)
    tables.days.set(day, { ...totals, settleUntil: until });
}

/** Ends a live lease by its release. */
export function closeReleased(ledger: Ledger, lease: StoredLease, release: ReleaseAnswer): void {
  const { clock } = ledger;
  const closed: ClosedLease = {
    kind: 'lease',
    lease,
    status: 'RELEASED',
    presumed: 0,
    closedAt: clock,
    settleUntil: clock,
    release,
  };
  endLease(ledger, closed);
  ledger.note({ kind: 'released', at: ledger.clock, lease: viewOfClosed(ledger, closed) });
}

function endLease(ledger: Ledger, closed: ClosedLease): void {
  ledger.setLease(closed.lease.fence, undefined);
  rememberEnded(ledger, closed.lease);
  putClosed(ledger, closed);
}

/** Brings the new form of a closed lease into the state. */
export function putClosed(ledger: Ledger, closed: ClosedLease): void {
  putReceipt(ledger, leaseReceiptId(ledger.epoch, closed.lease.fence), closed);
}

/** A receipt waits in the state until it is known to be written. */
export function putReceipt(ledger: Ledger, id: string, body: Receipt['body']): void {
  // A closed lease is known for 7 days from its closing, however late it is reported on.
  const at = body.kind === 'lease' ? body.closedAt : ledger.clock;
  ledger.tables.outbox.set(id, { id, epoch: ledger.epoch, at, revision: ledger.nextRevision, body });
}

/** An alert of something that happened: once in its window. */
export function raiseOnce(ledger: Ledger, alert: StoredAlert): void {
  if (ledger.tables.alerts.has(alertKey(alert))) return;
  ledger.tables.alerts.set(alertKey(alert), alert);
  ledger.note({ kind: 'alert', at: ledger.clock, alert: viewOfAlert(ledger, alert), change: 'RAISED' });
}
