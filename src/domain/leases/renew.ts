import { denialOf, isPacedRefusal, raiseAdmission } from '../admission/admission.js';
import { pausedBlocker, requestSizeBlocker } from '../admission/rules/switches.js';
import { markRefused, mayReserve } from '../ledger/accounts.js';
import { noteLapsed } from '../ledger/kept-windows.js';
import { findLease, viewOfClosed, viewOfLive } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { unspent } from '../ledger/slots.js';
import { standingOf } from '../ledger/standing.js';
import { endedAt, leftOf } from '../ledger/top-ups.js';
import { type NeedsLookup, type OutcomeOf, refused } from '../model/outcomes.js';
import type { Evidence, RenewRequest } from '../model/requests.js';
import type { StoredLease } from '../model/state.js';
import type { Blocker, Denial } from '../model/types.js';
import { withUnit } from '../model/unit.js';
import { moment } from '../model/wording.js';
import { copyOf } from './lease-copy.js';
import { isTakenFrom } from './session-streams.js';

/** The heartbeat of a live lease. Pause, cooldown or emergency never end a running AI. */
export function renew(
  ledger: Ledger,
  request: RenewRequest,
  evidence: Evidence,
): OutcomeOf['renew'] | NeedsLookup {
  const found = findLease(ledger, request.lease, evidence);
  if (found.kind === 'unknown') return found;
  if (found.kind === 'missing') return refused({ reason: 'LEASE_NOT_FOUND', leaseId: request.lease.leaseId });
  if (found.kind === 'closed') {
    return refused({ reason: 'LEASE_CLOSED', lease: viewOfClosed(ledger, found.closed) });
  }
  if (isTakenFrom(found.lease, request.session)) return refused({ reason: 'SESSION_TAKEN_UP' });
  const raise = raised(ledger, found.lease, request.reserveTokens);
  if (raise.change !== undefined && !mayReserve(ledger, raise.change.newlyHeld)) {
    return refused({ reason: 'AMOUNT_OVERFLOW', field: 'reserve_tokens' });
  }
  if (raise.change !== undefined) noteLapsed(ledger, found.lease.aiId);
  const lease = copyOf(found.lease);
  if (raise.change !== undefined) lease.reserved = raise.change.reserved;
  lease.expiresAt = extended(ledger, found.lease, request.leaseTtlMs);
  lease.renewed = true;
  ledger.setLease(lease.fence, lease);
  return {
    kind: 'renewed',
    lease: viewOfLive(ledger, lease),
    ...(raise.denied === undefined ? {} : { raiseDenied: raise.denied }),
  };
}

/** Never shortened, and never beyond the lease's longest life. */
export function extended({ clock }: Ledger, lease: StoredLease, ttlMs = lease.ttlMs): number {
  return Math.max(lease.expiresAt, Math.min(clock + ttlMs, lease.renewableUntil));
}

function raised(
  ledger: Ledger,
  lease: StoredLease,
  reserveTokens: number | undefined,
): { change?: { reserved: number; newlyHeld: number }; denied?: Denial } {
  if (reserveTokens === undefined || reserveTokens <= Math.max(lease.reserved, lease.used)) return {};
  if (lease.hourStart !== ledger.hour.start)
    return { denied: denialOf(ledger, [hourIsOver(lease, reserveTokens)]) };
  const newlyHeld = reserveTokens - Math.max(lease.reserved, lease.used);
  if (lease.topUpId !== undefined)
    return raisedFromTopUp(ledger, lease, lease.topUpId, { reserveTokens, newlyHeld });
  const standing = standingOf(ledger);
  const blockers = raiseAdmission(ledger, standing, lease, { reserveTokens, newlyHeld });
  const holds = ledger.policy.mode === 'ENFORCE' || ledger.pause !== undefined;
  if (blockers.length > 0 && holds) {
    if (isPacedRefusal(standing, blockers)) markRefused(ledger, ledger.today.day);
    return { denied: denialOf(ledger, blockers) };
  }
  return { change: { reserved: reserveTokens, newlyHeld } };
}

/** What was granted from a top-up draws on the same one; no cap is asked, and no mode lets it pass. */
function raisedFromTopUp(
  ledger: Ledger,
  lease: StoredLease,
  topUpId: string,
  raise: { readonly reserveTokens: number; readonly newlyHeld: number },
): { change?: { reserved: number; newlyHeld: number }; denied?: Denial } {
  const { reserveTokens, newlyHeld } = raise;
  const checks = [
    pausedBlocker(ledger),
    requestSizeBlocker(ledger, reserveTokens),
    topUpBlocker(ledger, lease, topUpId, newlyHeld),
  ];
  const blockers = checks.filter((blocker) => blocker !== undefined);
  if (blockers.length > 0) return { denied: denialOf(ledger, blockers) };
  return { change: { reserved: reserveTokens, newlyHeld } };
}

/** The top-up has ended, or too little left. It stands for the hour's cap, which it lifted. */
function topUpBlocker(
  ledger: Ledger,
  lease: StoredLease,
  topUpId: string,
  requested: number,
): Blocker | undefined {
  const topUp = ledger.topUps.get(topUpId);
  const inForce = topUp !== undefined && endedAt(ledger, topUp) === undefined;
  const { reserved } = ledger.slots.ofTopUp(topUpId);
  const left = inForce ? leftOf(topUp, { reserved }) : 0;
  if (requested <= left) return undefined;
  const state = inForce ? `has ${withUnit(ledger.policy.unit, left)} left` : 'has ended';
  return {
    rule: 'HOURLY_CAP',
    limit: topUp?.tokens ?? lease.reserved,
    spent: topUp?.spent ?? lease.used,
    reserved,
    requested,
    ...(inForce ? {} : { permanent: true }),
    message: `the top-up ${topUpId}, which this lease was granted from, ${state}: release it and acquire a new one`,
  };
}

/** A reservation counts in the hour of its grant, and a closed hour takes nothing more. */
function hourIsOver(lease: StoredLease, requested: number): Blocker {
  return {
    rule: 'HOURLY_CAP',
    limit: lease.reserved,
    spent: lease.used,
    reserved: unspent(lease),
    requested,
    permanent: true,
    message: `the hour of the grant (${moment(lease.hourStart)}) is over: release this lease and acquire a new one`,
  };
}
