import { viewOfLive } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { isCommitFull } from '../ledger/outbox.js';
import { AGAIN, type CarriedLeases, type Done, type NeedsLookup } from '../model/outcomes.js';
import type {
  AcquireRequest,
  BreakSessionsRequest,
  KeepLeasesRequest,
  TakeUpSessionRequest,
} from '../model/requests.js';
import type { SessionRef, StoredSession } from '../model/session-ref.js';
import type { StoredLease } from '../model/state.js';
import { expireDue } from './closing.js';
import { copyOf } from './lease-copy.js';
import { extended } from './renew.js';
import { belongsTo, givenBack, isTakenFrom, moved, withoutEnded } from './session-streams.js';

/**
 * A session's leases live as long as its stream: the replica that holds the stream renews them, and when it ends
 * they have the grace to be taken up by another. What no replica says any more, since it died, their own `expiresAt` ends.
 */

const NONE: ReadonlySet<string> = new Set();

export function takeUpSession(
  ledger: Ledger,
  { aiIds, session, onlyLook }: TakeUpSessionRequest,
): CarriedLeases | NeedsLookup {
  const leases = [];
  for (const lease of onlyLook ? [] : leasesOf(ledger, aiIds)) {
    if (!belongsTo(lease, session)) continue;
    // Of many, those that an earlier commit gave to the stream stay as they are.
    const carried = lease.session?.stream === session.stream ? lease : carriedBy(ledger, lease, session);
    leases.push(viewOfLive(ledger, carried));
    if (isCommitFull(ledger)) return AGAIN;
  }
  return { kind: 'carried-leases', leases };
}

function leasesOf({ slots }: Ledger, aiIds: ReadonlySet<string> | undefined): StoredLease[] {
  if (aiIds === undefined) return [...slots.leasesLive()];
  const fences = [...aiIds].flatMap((aiId) => [...slots.fencesOf(aiId)]);
  return fences.flatMap((fence) => slots.lease(fence) ?? []);
}

/** The lease as the stream carries it from now on, with its whole time to live. */
export function carriedBy(ledger: Ledger, lease: StoredLease, session: SessionRef): StoredLease {
  return putIfNew(ledger, lease, moved(lease.session, session), extended(ledger, lease));
}

/** Whether another stream goes on with the session of this request: its answer must not go to the one before. */
export function isTakenUp(ledger: Ledger, { aiId, session }: AcquireRequest): boolean {
  if (session === undefined) return false;
  for (const fence of ledger.slots.fencesOf(aiId)) {
    const lease = ledger.lease(fence);
    if (lease !== undefined && belongsTo(lease, session) && isTakenFrom(lease, session)) return true;
  }
  return false;
}

export function keepLeases(ledger: Ledger, { streams }: KeepLeasesRequest): CarriedLeases {
  const leases = [];
  for (const [fence, stream] of streams) {
    const lease = ledger.lease(fence);
    if (lease?.session?.stream !== stream) continue;
    leases.push(viewOfLive(ledger, putIfNew(ledger, lease, lease.session, extended(ledger, lease))));
  }
  return { kind: 'carried-leases', leases };
}

/** By their streams, since a grant may have crossed the break: the replica that decided it does not know its fence. */
export function breakSessions(
  ledger: Ledger,
  { streams, unopened = NONE }: BreakSessionsRequest,
): Done | NeedsLookup {
  const graceEnd = ledger.clock + ledger.policy.sessionGraceMs;
  for (const lease of [...ledger.slots.leasesLive()]) {
    if (lease.session === undefined) continue;
    const session = withoutEnded(givenBack(lease.session, unopened), streams);
    if (session === lease.session) continue;
    putIfNew(ledger, lease, session, session.ended ? Math.min(lease.expiresAt, graceEnd) : lease.expiresAt);
    if (isCommitFull(ledger)) return AGAIN;
  }
  // Without a grace they are over now.
  expireDue(ledger);
  return { kind: 'done' };
}

/** A commit for what is as it was would be for nothing. */
function putIfNew(
  ledger: Ledger,
  before: StoredLease,
  session: StoredSession,
  expiresAt: number,
): StoredLease {
  if (before.expiresAt === expiresAt && before.session === session) return before;
  const after = copyOf(before);
  after.session = session;
  after.expiresAt = expiresAt;
  if (expiresAt > before.expiresAt) after.renewed = true;
  ledger.setLease(after.fence, after);
  return after;
}
