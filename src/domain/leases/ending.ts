import { findLease, viewOfClosed, viewOfLive } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { forgetGrant } from '../ledger/request-memory.js';
import { type NeedsLookup, type OutcomeOf, type Revoked, refused } from '../model/outcomes.js';
import type { Evidence, RevokeRequest, UndoGrantRequest } from '../model/requests.js';
import type { LeaseView } from '../model/types.js';
import { expire } from './closing.js';

/** An operator ends a lease: an expiry now. Of a closed lease it changes nothing. */
export function revoke(
  ledger: Ledger,
  request: RevokeRequest,
  evidence: Evidence,
): OutcomeOf['revoke'] | NeedsLookup {
  const found = findLease(ledger, request.lease, evidence);
  switch (found.kind) {
    case 'unknown':
      return found;
    case 'missing':
      return refused({ reason: 'LEASE_NOT_FOUND', leaseId: request.lease.leaseId });
    case 'closed':
      return revoked(viewOfClosed(ledger, found.closed));
    case 'live': {
      const before = viewOfLive(ledger, found.lease);
      return revoked(before, viewOfClosed(ledger, expire(ledger, found.lease, 'REVOKED')));
    }
  }
}

function revoked(before: LeaseView, lease = before): Revoked {
  return { kind: 'revoked', before, lease };
}

/** Takes back a grant that nobody received and nobody can ask for again. One that was used after all stays. */
export function undoGrant(ledger: Ledger, { lease: ref, stream }: UndoGrantRequest): OutcomeOf['undo-grant'] {
  const lease = ledger.epoch === ref.epoch ? ledger.lease(ref.fence) : undefined;
  // Whoever took the session up meanwhile was given this lease.
  if (lease?.session?.stream !== stream) return { kind: 'done' };
  if (lease === undefined || lease.leaseId !== ref.leaseId || lease.used > 0) return { kind: 'done' };
  ledger.setLease(lease.fence, undefined);
  forgetGrant(ledger, lease);
  // Watchers were told of the grant.
  const ended = {
    status: 'RELEASED',
    presumed: 0,
    closedAt: ledger.clock,
    settleUntil: ledger.clock,
  } as const;
  ledger.note({
    kind: 'released',
    at: ledger.clock,
    lease: viewOfClosed(ledger, { kind: 'lease', lease, ...ended }),
  });
  return { kind: 'done' };
}
