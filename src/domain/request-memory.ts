import { type LeaseLookup, leaseByFence } from './lease-lookup.js';
import type { Ledger } from './ledger.js';
import { LAST_GRANT_MEMORY_MS, REMEMBERED_REQUESTS, REQUEST_MEMORY_MS } from './limits.js';
import type { Evidence } from './requests.js';
import type { StoredLease } from './state.js';

/**
 * Which grant answered which request of an AI, so that a repeat gets the same lease; and when each AI got its last grant.
 *
 * A lease says which request it answered, while it lives and in its receipt. So the state need only say where to look: for each of
 * the newest grants of an AI a digest of the request id, and the fence. Whole ids would be most of a busy budget's state.
 */

const NO_GRANTS: readonly number[] = [];
/** A remembered grant takes two places in `StoredAi.grants`. */
const PLACES = 2;

/** The lease that a request of an AI was granted; `missing` if none is remembered. */
export function leaseOfRequest(
  ledger: Ledger,
  aiId: string,
  requestId: string,
  evidence: Evidence,
): LeaseLookup {
  for (const fence of ledger.slots.fencesOf(aiId)) {
    const lease = ledger.lease(fence);
    if (lease?.requestId === requestId) return { kind: 'live', lease };
  }
  for (const fence of closedGrants(ledger, aiId, requestId)) {
    const found = leaseByFence(ledger, fence, evidence);
    if (found.kind === 'unknown') return found;
    if (found.kind === 'closed' && found.closed.lease.requestId === requestId) return found;
  }
  return { kind: 'missing' };
}

/** Fences of closed leases that may have answered a request, newest first: of an id that was free again the newest counts. */
export function closedGrants(ledger: Ledger, aiId: string, requestId: string): number[] {
  const grants = grantsOf(ledger, aiId);
  const digest = digestOf(requestId);
  const fences: number[] = [];
  for (let at = grants.length - PLACES; at >= 0; at -= PLACES) {
    const fence = grants[at + 1];
    if (grants[at] === digest && fence !== undefined && ledger.lease(fence) === undefined) fences.push(fence);
  }
  return fences;
}

export function rememberGrant(ledger: Ledger, { aiId, requestId, fence, grantedAt }: StoredLease): void {
  const { tables } = ledger;
  const newest = grantsOf(ledger, aiId).slice(-PLACES * (REMEMBERED_REQUESTS - 1));
  newest.push(digestOf(requestId), fence);
  tables.ais.set(aiId, { lastGrantAt: grantedAt, grants: newest });
  tables.aisByGrant.use(aiId);
  forgetOldAis(ledger);
}

/** As if the grant had not been: for one that nobody received. */
export function forgetGrant(ledger: Ledger, { aiId, fence, previousGrantAt }: StoredLease): void {
  const { tables } = ledger;
  ledger.loosened += 1;
  const before = tables.ais.get(aiId);
  if (before === undefined) return;
  const isNewest = before.grants.at(-1) === fence;
  if (isNewest && previousGrantAt === undefined) {
    tables.ais.delete(aiId);
    tables.aisByGrant.delete(aiId);
    return;
  }
  const at = before.grants.findIndex((place, index) => index % PLACES === 1 && place === fence);
  const grants = at < 0 ? before.grants : before.grants.toSpliced(at - 1, PLACES);
  // A later grant of this AI stands, and its cooldown with it.
  const lastGrantAt = isNewest && previousGrantAt !== undefined ? previousGrantAt : before.lastGrantAt;
  tables.ais.set(aiId, { lastGrantAt, grants });
}

/** AIs that got nothing for long leave the state, a few with every grant, so that no grant pays for many. */
function forgetOldAis(ledger: Ledger): void {
  const { tables, policy, clock } = ledger;
  const memory = Math.max(policy.cooldownMs, LAST_GRANT_MEMORY_MS, REQUEST_MEMORY_MS);
  let budget = 4;
  for (const aiId of tables.aisByGrant) {
    const lastGrantAt = tables.ais.get(aiId)?.lastGrantAt ?? 0;
    if (budget-- === 0 || clock - lastGrantAt <= memory) return;
    if (ledger.slots.liveOf(aiId) > 0) continue;
    tables.ais.delete(aiId);
    tables.aisByGrant.delete(aiId);
  }
}

function grantsOf({ tables }: Ledger, aiId: string): readonly number[] {
  return tables.ais.get(aiId)?.grants ?? NO_GRANTS;
}

/** FNV-1a of 32 bits. Ids that share one cost a look at a receipt more, never a wrong answer. */
export function digestOf(requestId: string): number {
  let digest = 0x811c9dc5;
  for (let at = 0; at < requestId.length; at += 1) {
    digest = Math.imul(digest ^ requestId.charCodeAt(at), 0x01000193);
  }
  return digest;
}
