import { admission, denialOf, isPacedRefusal } from '../admission/admission.js';
import {
  askedViolation,
  estimateOf,
  grantedTokens,
  leastTokens,
  requestedTokens,
} from '../admission/asked.js';
import { roomFor } from '../admission/room.js';
import { topUpOver } from '../admission/top-up.js';
import { mayReserve, openDay } from '../ledger/accounts.js';
import { noteLapsed } from '../ledger/kept-windows.js';
import { type LeaseLookup, viewOfClosed, viewOfLive } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { leaseOfRequest, rememberGrant } from '../ledger/request-memory.js';
import { type Standing, standingAfter, standingOf } from '../ledger/standing.js';
import { formatLeaseId } from '../model/lease-id.js';
import { MAX_STATE_BYTES } from '../model/limits.js';
import { type Denied, type Granted, type NeedsLookup, type OutcomeOf, refused } from '../model/outcomes.js';
import type { AcquireRequest, Evidence } from '../model/requests.js';
import type { StoredLease } from '../model/state.js';
import type { Denial, Writable } from '../model/types.js';
import { isTakenFrom } from './session-streams.js';
import { carriedBy, isTakenUp } from './sessions.js';

/** Grants a slot, or says which rules refuse. */
export function acquire(
  ledger: Ledger,
  request: AcquireRequest,
  evidence: Evidence,
  distrust: string | undefined,
): OutcomeOf['acquire'] | NeedsLookup {
  if (isTakenUp(ledger, request)) return refused({ reason: 'SESSION_TAKEN_UP' });
  const before = leaseOfRequest(ledger, request.aiId, request.requestId, evidence);
  if (before.kind === 'unknown') return before;
  if (before.kind === 'lost') return refused({ reason: 'LEASE_NOT_FOUND', leaseId: '' });
  if (before.kind !== 'missing') return repeat(ledger, request, before);
  if (distrust !== undefined) return refused({ reason: 'CLOCK_NOT_TRUSTED', detail: distrust });
  const bytes = ledger.tables.bytes;
  if (bytes > MAX_STATE_BYTES) return refused({ reason: 'STATE_FULL', bytes });
  const estimate = estimateOf(ledger, request);
  const violation = askedViolation(ledger, request, estimate);
  if (violation !== undefined) return refused({ reason: 'INVALID_FIELD', violations: [violation] });
  return ask(ledger, request, estimate);
}

function ask(ledger: Ledger, request: AcquireRequest, estimate: number | undefined): OutcomeOf['acquire'] {
  const standing = standingOf(ledger);
  const requested = requestedTokens(ledger, standing, request, estimate);
  const least = leastTokens(ledger, request, requested);
  const blockers = admission(ledger, standing, request, requested, least);
  const denial = blockers.length === 0 ? undefined : denialOf(ledger, blockers);
  // A pause is an operator's order, not a rule on trial: it holds in mode OBSERVE too.
  const holds = ledger.policy.mode === 'ENFORCE' || ledger.pause !== undefined;
  const topUpId = topUpOver(ledger, standing, request, { requested, least }, blockers);
  if (denial !== undefined && holds && topUpId === undefined) return denied(ledger, standing, denial);
  // On trial a policy takes nothing from anybody: all that is asked for is granted. From a top-up it is, too.
  const isWhole = ledger.policy.mode === 'OBSERVE' || topUpId !== undefined;
  const reserved = isWhole ? requested : grantedTokens(ledger, standing, request, requested, least);
  if (!mayReserve(ledger, reserved)) {
    const field = request.expected === undefined ? 'estimated_tokens' : 'expected';
    return refused({ reason: 'AMOUNT_OVERFLOW', field });
  }
  const decided = { standing, requested, reserved, topUpId };
  return grant(ledger, request, decided, topUpId === undefined ? denial : undefined);
}

/** It changes nothing: what is to be remembered of it is told. */
function denied({ today }: Ledger, standing: Standing, denial: Denial): Denied {
  const outcome = { kind: 'denied', denial } as const;
  return isPacedRefusal(standing, denial.blockers) ? { ...outcome, pacedOn: today.day } : outcome;
}

/** The same request again: it gets the lease that it got, while that is live. */
function repeat(
  ledger: Ledger,
  request: AcquireRequest,
  before: Extract<LeaseLookup, { kind: 'live' | 'closed' }>,
): OutcomeOf['acquire'] {
  const { fingerprint } = before.kind === 'live' ? before.lease : before.closed.lease;
  if (fingerprint !== request.fingerprint) {
    return refused({ reason: 'ID_REUSED', field: 'request_id', id: request.requestId });
  }
  if (before.kind === 'closed') {
    return refused({ reason: 'LEASE_CLOSED', lease: viewOfClosed(ledger, before.closed) });
  }
  // Whoever asks in a session relies on it to keep the lease alive.
  const { session } = request;
  if (isTakenFrom(before.lease, session)) return refused({ reason: 'SESSION_TAKEN_UP' });
  const lease = session === undefined ? before.lease : carriedBy(ledger, before.lease, session);
  const availableTokens = roomFor(ledger, standingOf(ledger), lease);
  return { kind: 'granted', lease: viewOfLive(ledger, lease), replayed: true, availableTokens };
}

/** What a grant was decided on: where the budget stood before it, what was asked for, and what of that it gets. */
interface Decided {
  readonly standing: Standing;
  readonly requested: number;
  readonly reserved: number;
  /** It comes from there, and counts in no window. */
  readonly topUpId: string | undefined;
}

/** From here nothing may fail. */
function grant(
  ledger: Ledger,
  request: AcquireRequest,
  { standing, requested, reserved, topUpId }: Decided,
  wouldDeny?: Denial,
): Granted {
  openDay(ledger, ledger.today);
  noteLapsed(ledger, request.aiId, standing);
  ledger.fence += 1;
  const lease = newLease(ledger, request, reserved, topUpId);
  ledger.setLease(lease.fence, lease);
  rememberGrant(ledger, lease);
  const view = viewOfLive(ledger, lease);
  const granted = { kind: 'granted', at: ledger.clock, lease: view } as const;
  ledger.note(reserved < requested ? { ...granted, askedTokens: requested } : granted);
  const inWindows = topUpId === undefined ? reserved : 0;
  const availableTokens = roomFor(ledger, standingAfter(ledger, standing, inWindows), request);
  const outcome = { kind: 'granted', lease: view, replayed: false, availableTokens } as const;
  return wouldDeny === undefined ? outcome : { ...outcome, wouldDeny };
}

function newLease(
  ledger: Ledger,
  request: AcquireRequest,
  reserved: number,
  topUpId: string | undefined,
): StoredLease {
  const { policy, clock, fence } = ledger;
  const ttlMs = Math.min(request.leaseTtlMs ?? policy.leaseTtlMs, policy.maxLeaseDurationMs);
  const previousGrantAt = ledger.tables.ais.get(request.aiId)?.lastGrantAt;
  // Spreads would make it many times dearer.
  const lease: Writable<StoredLease> = {
    leaseId: formatLeaseId(ledger.budgetId, ledger.epoch, fence, request.nonce),
    fence,
    aiId: request.aiId,
    requestId: request.requestId,
    fingerprint: request.fingerprint,
    reserved,
    used: 0,
    roundedUp: 0,
    grantedAt: clock,
    expiresAt: clock + ttlMs,
    renewableUntil: clock + policy.maxLeaseDurationMs,
    ttlMs,
    day: ledger.today.day,
    hourStart: ledger.hour.start,
  };
  const { labels, model, session } = request;
  if (previousGrantAt !== undefined) lease.previousGrantAt = previousGrantAt;
  if (labels !== undefined) lease.labels = labels;
  if (model !== undefined) lease.model = model;
  if (session !== undefined) lease.session = session;
  if (topUpId !== undefined) lease.topUpId = topUpId;
  return lease;
}
