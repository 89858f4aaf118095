import { expireDue } from './closing.js';
import { viewOfLive } from './lease-lookup.js';
import type { Ledger } from './ledger.js';
import type { CarriedLeases, Done } from './outcomes.js';
import { extended } from './renew.js';
import type { BreakSessionsRequest, KeepLeasesRequest, TakeUpSessionRequest } from './requests.js';
import type { SessionRef, StoredLease } from './state.js';

/**
 * A session's leases live as long as its stream: the copy of the service that holds the stream renews them, and when it ends
 * they have the grace to be taken up by another. What no copy says any more, since it died, their own `expiresAt` ends.
 */

export function takeUpSession(ledger: Ledger, { aiId, session }: TakeUpSessionRequest): CarriedLeases {
  const leases = [];
  for (const fence of [...ledger.slots.fencesOf(aiId)]) {
    const lease = ledger.lease(fence);
    if (lease !== undefined && belongsTo(lease, session)) {
      leases.push(viewOfLive(ledger, carriedBy(ledger, lease, session)));
    }
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
export function breakSessions(ledger: Ledger, { streams }: BreakSessionsRequest): Done {
  const graceEnd = ledger.clock + ledger.policy.sessionGraceMs;
  for (const lease of [...ledger.tables.leases.values()]) {
    if (lease.session === undefined || !streams.has(lease.session.stream)) continue;
    putIfNew(ledger, lease, { ...lease, expiresAt: Math.min(lease.expiresAt, graceEnd) });
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
