import { expireDue } from './closing.js';
import { viewOfLive } from './lease-lookup.js';
import type { Ledger } from './ledger.js';
import { isCommitFull } from './outbox.js';
import { AGAIN, type CarriedLeases, type Done, type Unknown } from './outcomes.js';
import { extended } from './renew.js';
import type { BreakSessionsRequest, KeepLeasesRequest, TakeUpSessionRequest } from './requests.js';
import type { SessionRef, StoredLease } from './state.js';

/**
 * A session's leases live as long as its stream: the copy of the service that holds the stream renews them, and when it ends
 * they have the grace to be taken up by another. What no copy says any more, since it died, their own `expiresAt` ends.
 */

export function takeUpSession(
  ledger: Ledger,
  { aiId, session }: TakeUpSessionRequest,
): CarriedLeases | Unknown {
  const leases = [];
  for (const fence of [...ledger.slots.fencesOf(aiId)]) {
    const lease = ledger.lease(fence);
    if (lease === undefined || !belongsTo(lease, session)) continue;
    // Of many, those that an earlier commit gave to the stream stay as they are.
    const carried = lease.session?.stream === session.stream ? lease : carriedBy(ledger, lease, session);
    leases.push(viewOfLive(ledger, carried));
    if (isCommitFull(ledger)) return AGAIN;
  }
  return { kind: 'carried-leases', leases };
}

/** To know a session's id is not enough: it is another principal's, for whom nothing is found. */
function belongsTo({ session }: StoredLease, { id, owner }: SessionRef): boolean {
  return session?.id === id && session.owner === owner;
}

/** The lease as the stream carries it from now on, with its whole time to live. */
export function carriedBy(ledger: Ledger, lease: StoredLease, session: SessionRef): StoredLease {
  return putIfNew(ledger, lease, { ...lease, session, expiresAt: extended(ledger, lease) });
}

export function keepLeases(ledger: Ledger, { streams }: KeepLeasesRequest): CarriedLeases {
  const leases = [];
  for (const [fence, stream] of streams) {
    const lease = ledger.lease(fence);
    if (lease?.session?.stream !== stream) continue;
    const kept = putIfNew(ledger, lease, { ...lease, expiresAt: extended(ledger, lease) });
    leases.push(viewOfLive(ledger, kept));
  }
  return { kind: 'carried-leases', leases };
}

/** By their streams, since a grant may have crossed the break: the copy that decided it does not know its fence. */
export function breakSessions(ledger: Ledger, { streams }: BreakSessionsRequest): Done | Unknown {
  const graceEnd = ledger.clock + ledger.policy.sessionGraceMs;
  for (const lease of [...ledger.slots.leasesLive()]) {
    if (lease.session === undefined || !streams.has(lease.session.stream)) continue;
    putIfNew(ledger, lease, { ...lease, expiresAt: Math.min(lease.expiresAt, graceEnd) });
    if (isCommitFull(ledger)) return AGAIN;
  }
  // Without a grace they are over now.
  expireDue(ledger);
  return { kind: 'done' };
}

/** A commit for what is as it was would be for nothing. */
function putIfNew(ledger: Ledger, before: StoredLease, after: StoredLease): StoredLease {
  if (before.expiresAt === after.expiresAt && before.session?.stream === after.session?.stream) return before;
  ledger.setLease(after.fence, after);
  return after;
}
