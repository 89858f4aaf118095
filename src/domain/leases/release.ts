import { findLease, findReceipt, unknownReceipts, viewOfClosed, viewOfLive } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { outboxRefusal } from '../ledger/outbox.js';
import { returnCooldown } from '../ledger/request-memory.js';
import { bytesOfItsDay, withItsDay } from '../ledger/returning-days.js';
import { unspent } from '../ledger/slots.js';
import { type NeedsLookup, type Refusal, type Refused, type Released, refused } from '../model/outcomes.js';
import { leaseReceiptId, usageReceiptId } from '../model/receipt-id.js';
import type { Evidence, ReleaseRequest } from '../model/requests.js';
import type { BookedUsage, ClosedLease, ReleaseAnswer, StoredLease } from '../model/state.js';
import type { Unreported, UsageReport, Writable } from '../model/types.js';
import type { TokenCharge } from '../policy/token-charge.js';
import { type Booked, bookLate, bookOnLive, chargeFor, reportRefusal } from './booking.js';
import { closePresuming, closeReleased, putClosed } from './closing.js';
import { freePresumed } from './presumed.js';
import { rememberUsage } from './record.js';
import { isTakenFrom } from './session-streams.js';

/** Gives a slot back, with a last report if there is one. */
export function release(
  ledger: Ledger,
  request: ReleaseRequest,
  evidence: Evidence,
): Released | Refused | NeedsLookup {
  const found = findLease(ledger, request.lease, evidence);
  if (found.kind === 'unknown') return found;
  if (found.kind === 'missing') return refused({ reason: 'LEASE_NOT_FOUND', leaseId: request.lease.leaseId });
  if (found.kind === 'live' && isTakenFrom(found.lease, request.session)) {
    // With its usage, which is not booked: it can be reported by itself.
    return refused({ reason: 'SESSION_TAKEN_UP' });
  }
  const closed = found.kind === 'closed' ? found.closed : undefined;
  if (closed?.presuming !== undefined && isSame(request, closed.presuming)) return replay(closed.presuming);
  if (closed?.release !== undefined || (closed?.presuming && request.unreported === 'PRESUME')) {
    return repeat(request, closed.release);
  }
  if (closed !== undefined && request.usage === undefined && ledger.clock >= closed.settleUntil) {
    return refused({ reason: 'LEASE_CLOSED', lease: viewOfClosed(ledger, closed) });
  }
  const lease = found.kind === 'live' ? found.lease : found.closed.lease;
  if (request.unreported === 'UNUSED' && lease.used > 0) {
    return refused({
      reason: 'USAGE_REPORTED',
      lease: found.kind === 'live' ? viewOfLive(ledger, lease) : viewOfClosed(ledger, found.closed),
      unit: ledger.policy.unit,
    });
  }
  const returning = closed === undefined ? 0 : bytesOfItsDay(ledger, closed, evidence);
  const refusal =
    closed && request.usage === undefined ? returnRefusal(ledger, closed, returning) : undefined;
  if (refusal !== undefined) return refused(refusal);
  const report = lastReport(ledger, lease, request.usage, evidence, returning);
  if (report.kind !== 'report') return report;
  if (request.unreported === 'UNUSED') returnCooldown(ledger, lease);
  if (closed === undefined) return settleLive(ledger, lease, report, request.unreported);
  return settleClosed(ledger, withItsDay(ledger, closed, evidence), report, request.unreported);
}

/** A closed lease that comes back into the state, perhaps with its day, needs room there, as a report does. */
function returnRefusal(ledger: Ledger, { lease }: ClosedLease, returning: number): Refusal | undefined {
  const isThere = ledger.tables.outbox.has(leaseReceiptId(ledger.epoch, lease.fence));
  return isThere && returning === 0 ? undefined : outboxRefusal(ledger, returning);
}

/** The first answer again, for the same content. */
function repeat(request: ReleaseRequest, before: ReleaseAnswer | undefined): Released | Refused {
  if (before !== undefined && isSame(request, before)) return replay(before);
  return refused({ reason: 'ID_REUSED', field: 'lease_id', id: request.lease.leaseId });
}

function isSame({ usage, unreported }: ReleaseRequest, before: ReleaseAnswer): boolean {
  const sameId = before.usageId === undefined || before.usageId === (usage?.usageId ?? '');
  return sameId && (usage?.fingerprint ?? '') === before.fingerprint && unreported === before.unreported;
}

function replay(before: ReleaseAnswer): Released {
  const { usedTokens, freedTokens, overrunTokens } = before;
  return { kind: 'released', usedTokens, freedTokens, overrunTokens, replayed: true };
}

/** The usage that is yet to be booked; absent if there is none, or if it was booked before under its id. */
interface LastReport {
  readonly kind: 'report';
  readonly fingerprint: string;
  /** The usage's id, empty if it has none; absent without usage. */
  readonly usageId?: string;
  readonly usage?: ChargedUsage;
  /** Under which the usage will be known; absent if it has no id. */
  readonly receiptId?: string;
  readonly before?: BookedUsage;
}

interface ChargedUsage {
  readonly report: UsageReport;
  readonly charge: TokenCharge;
}

const NO_REPORT: LastReport = { kind: 'report', fingerprint: '' };

function lastReport(
  ledger: Ledger,
  lease: StoredLease,
  usage: UsageReport | undefined,
  evidence: Evidence,
  /** Bytes that come back into the state with it. */
  returning: number,
): LastReport | Refused | NeedsLookup {
  if (usage === undefined) return NO_REPORT;
  const { fingerprint, usageId } = usage;
  const receiptId = usageId === undefined ? undefined : usageReceiptId(ledger.epoch, lease.aiId, usageId);
  if (usageId !== undefined && receiptId !== undefined) {
    const before = findReceipt(ledger, receiptId, evidence);
    if (before === 'unknown') return unknownReceipts(receiptId);
    if (before !== undefined) {
      const body = before.body as BookedUsage;
      if (body.fingerprint === fingerprint) return { kind: 'report', fingerprint, usageId, before: body };
      return refused({ reason: 'ID_REUSED', field: 'usage.usage_id', id: usageId });
    }
  }
  const charge = chargeFor(ledger, usage);
  const refusal = reportRefusal(ledger, charge, lease.used) ?? outboxRefusal(ledger, returning);
  if (refusal !== undefined) return refused(refusal);
  const report = {
    kind: 'report',
    fingerprint,
    usageId: usageId ?? '',
    usage: { report: usage, charge },
  } as const;
  return receiptId === undefined ? report : { ...report, receiptId };
}

function settleLive(
  ledger: Ledger,
  lease: StoredLease,
  report: LastReport,
  unreported: Unreported | undefined,
): Released {
  const { usage } = report;
  const booked = usage && bookOnLive(ledger, lease, usage.report, usage.charge);
  const settled = booked?.lease ?? lease;
  const freed = unreported === 'PRESUME' ? 0 : unspent(settled);
  const answer = answerOf(report, settled, freed, booked, unreported);
  if (unreported === 'PRESUME') closePresuming(ledger, settled, answer);
  else closeReleased(ledger, settled, answer);
  remember(ledger, report, booked, lease);
  return released(answer, lease.aiId, booked);
}

/**
 * Of a lease that is over already: books what comes late, and within the grace frees what is still presumed, unless it is to stay
 * so.
 */
function settleClosed(
  ledger: Ledger,
  closed: ClosedLease,
  report: LastReport,
  unreported: Unreported | undefined,
): Released {
  const { usage } = report;
  const booked = usage && bookLate(ledger, closed, usage.report, usage.charge);
  const after = booked?.closed ?? closed;
  const stays = unreported === 'PRESUME' || ledger.clock >= after.settleUntil;
  const freed = stays ? 0 : freePresumed(ledger, after);
  const answer = answerOf(report, after.lease, freed, booked, unreported);
  const answered = unreported === 'PRESUME' ? { presuming: answer } : { release: answer };
  putClosed(ledger, { ...after, presumed: after.presumed - freed, ...answered });
  remember(ledger, report, booked, after.lease);
  return released(answer, after.lease.aiId, booked);
}

function remember(
  ledger: Ledger,
  { usage, receiptId }: LastReport,
  booked: Booked | undefined,
  { fence }: StoredLease,
): void {
  if (usage && receiptId !== undefined && booked)
    rememberUsage(ledger, receiptId, usage.report, booked, fence);
}

function answerOf(
  { fingerprint, usageId, before }: LastReport,
  lease: StoredLease,
  freedTokens: number,
  booked: Booked | undefined,
  unreported: Unreported | undefined,
): ReleaseAnswer {
  const overrunTokens = booked?.overrunTokens ?? before?.overrunTokens ?? 0;
  const answer: Writable<ReleaseAnswer> = { fingerprint, usedTokens: lease.used, freedTokens, overrunTokens };
  if (usageId !== undefined) answer.usageId = usageId;
  if (unreported !== undefined) answer.unreported = unreported;
  return answer;
}

function released(answer: ReleaseAnswer, aiId: string, booked: Booked | undefined): Released {
  const { usedTokens, freedTokens, overrunTokens } = answer;
  const outcome = { kind: 'released', usedTokens, freedTokens, overrunTokens, replayed: false } as const;
  if (booked === undefined) return outcome;
  const { chargedTokens, late, unpriced } = booked;
  return { ...outcome, booked: { aiId, chargedTokens, late, ...(unpriced && { unpriced }) } };
}
