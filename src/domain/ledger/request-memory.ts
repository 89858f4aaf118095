import { FNV_START, fnv } from '../model/fnv.js';
import {
  LAST_GRANT_MEMORY_MS,
  RECEIPT_MEMORY_MS,
  REMEMBERED_REQUESTS,
  REQUEST_MEMORY_MS,
} from '../model/limits.js';
import type { Evidence } from '../model/requests.js';
import type { StoredAi, StoredLease } from '../model/state.js';
import { type LeaseLookup, leaseByFence } from './lease-lookup.js';
import type { Ledger } from './ledger.js';

/**
 * Which grant answered which request of an AI, so that a repeat gets the same lease; and when each AI got its last grant.
 *
 * A lease says which request it answered, while it lives and in its receipt. So the state need only say where to look: for each of
 * the newest grants of an AI a digest of the request id, the fence, and the second of the grant. Whole ids would be most of a busy
 * budget's state.
 */

const NO_GRANTS: readonly number[] = [];
/** A remembered grant takes three places in `StoredAi.grants`. */
const PLACES = 3;
const FENCE = 1;
const SECOND = 2;
/** Besides the newest, grants whose leases outlived 16 newer ones, from their end to the next grant. */
const MOST_GRANTS = 2 * REMEMBERED_REQUESTS;

/** The lease that a request of an AI was granted; `missing` if none is remembered, `lost` if its receipt is gone before its time. */
export function leaseOfRequest(
  ledger: Ledger,
  aiId: string,
  requestId: string,
  evidence: Evidence,
): LeaseLookup | { readonly kind: 'lost' } {
  const lease = ledger.slots.leaseOf(aiId, requestId);
  if (lease !== undefined) return { kind: 'live', lease };
  for (const fence of closedGrants(ledger, aiId, requestId)) {
    const found = leaseByFence(ledger, fence, evidence);
    if (found.kind === 'unknown') return found;
    if (found.kind === 'missing') return { kind: 'lost' };
    if (found.kind === 'closed' && found.closed.lease.requestId === requestId) return found;
  }
  return { kind: 'missing' };
}

/** Fences of closed leases that may have answered a request, newest first. After 7 days an id is free again. */
export function closedGrants(ledger: Ledger, aiId: string, requestId: string): number[] {
  const grants = grantsOf(ledger, aiId);
  const digest = digestOf(requestId);
  const fences: number[] = [];
  for (let at = grants.length - PLACES; at >= 0; at -= PLACES) {
    if (grants[at] !== digest) continue;
    const { [at + FENCE]: fence = 0, [at + SECOND]: second = 0 } = grants;
    const remembered = second * 1_000 + RECEIPT_MEMORY_MS > ledger.agedTo;
    if (remembered && !ledger.slots.has(fence)) fences.push(fence);
  }
  return fences;
}

export function rememberGrant(ledger: Ledger, lease: StoredLease): void {
  const { tables } = ledger;
  const { aiId, grantedAt: lastGrantAt } = lease;
  const known = tables.ais.get(aiId);
  const before = (known?.grants ?? NO_GRANTS).slice(-PLACES * (REMEMBERED_REQUESTS - 1));
  // Not pushed: it would take half as much room again as they need.
  const grants = before.concat(grantOf(ledger, lease));
  const unusedAt = known?.unusedAt;
  tables.ais.set(aiId, unusedAt === undefined ? { lastGrantAt, grants } : { lastGrantAt, grants, unusedAt });
  tables.aisByGrant.use(aiId);
  forgetOldAis(ledger);
}

/** A lease that outlived the memory of its grant has ended: a late repeat of its request must find that. */
export function rememberEnded(ledger: Ledger, lease: StoredLease): void {
  const { ais } = ledger.tables;
  const known = ais.get(lease.aiId);
  if (known === undefined || placeOf(known.grants, lease.fence) >= 0) return;
  let at = 0;
  while ((known.grants[at + FENCE] ?? lease.fence) < lease.fence) at += PLACES;
  const grants = known.grants.toSpliced(at, 0, ...grantOf(ledger, lease)).slice(-PLACES * MOST_GRANTS);
  ais.set(lease.aiId, { ...known, grants });
}

/** As if the grant had not been: for one that nobody received. */
export function forgetGrant(ledger: Ledger, { aiId, fence, previousGrantAt }: StoredLease): void {
  const { tables } = ledger;
  ledger.loosened += 1;
  const before = tables.ais.get(aiId);
  if (before === undefined) return;
  const isNewest = before.grants.at(FENCE - PLACES) === fence;
  if (isNewest && previousGrantAt === undefined) {
    tables.ais.delete(aiId);
    tables.aisByGrant.delete(aiId);
    return;
  }
  const at = placeOf(before.grants, fence);
  const grants = at < 0 ? before.grants : before.grants.toSpliced(at, PLACES);
  // A later grant of this AI stands, and its cooldown with it. One that was made while the clock ran ahead is not after now.
  const lastGrantAt = isNewest && previousGrantAt !== undefined ? previousGrantAt : before.lastGrantAt;
  tables.ais.set(aiId, { ...before, lastGrantAt: Math.min(lastGrantAt, ledger.clock), grants });
}

/** How young a lease must be to give its AI the cooldown back: who sat on a slot for longer kept it from others. */
const UNUSED_WITHIN_MS = 30_000;

/**
 * A slot was given back unused: its AI's cooldown runs from its grant before, unless it kept the slot, or gave one back like this
 * within the last cooldown, so that nobody takes slots at will.
 */
export function returnCooldown(ledger: Ledger, lease: StoredLease): void {
  const { tables, clock, policy } = ledger;
  const ai = tables.ais.get(lease.aiId);
  if (ai === undefined) return;
  const isShort = lease.renewed !== true && clock - lease.grantedAt < UNUSED_WITHIN_MS;
  const isFirst = ai.unusedAt === undefined || clock - ai.unusedAt >= policy.cooldownMs;
  const returns = isShort && isFirst && isNewestGrant(ai, lease);
  const back = returns ? { cooldownFrom: lease.previousGrantAt ?? 0 } : {};
  tables.ais.set(lease.aiId, { ...ai, ...back, unusedAt: clock });
  if (returns) ledger.loosened += 1;
}

/** It was used after all. */
export function takeCooldown({ tables }: Ledger, lease: StoredLease): void {
  const ai = tables.ais.get(lease.aiId);
  if (ai?.cooldownFrom === undefined || !isNewestGrant(ai, lease)) return;
  const { cooldownFrom: _, ...rest } = ai;
  tables.ais.set(lease.aiId, rest);
}

function isNewestGrant({ grants }: StoredAi, { fence }: StoredLease): boolean {
  return grants.at(FENCE - PLACES) === fence;
}

/**
 * After the clock was set back: no grant lies in the future, and a cooldown counts from now at the latest. A lease that lives is
 * remembered as if granted now, since its receipt will be known from its end on, and a memory that outlasts it is of no use; one
 * that was closed while the clock ran ahead has a receipt of that time.
 */
export function forgetFuture(ledger: Ledger): void {
  const { tables, clock } = ledger;
  const now = secondOf(clock);
  for (const [aiId, ai] of [...tables.ais.entries()]) {
    const { lastGrantAt, grants, cooldownFrom, unusedAt } = ai;
    const living = (place: number) => ledger.lease(grants[place + FENCE - SECOND] ?? 0) !== undefined;
    const changed = grants.map((value, place) =>
      place % PLACES === SECOND && value > now && living(place) ? now : value,
    );
    const isChanged =
      Math.max(lastGrantAt, cooldownFrom ?? 0, unusedAt ?? 0) > clock ||
      changed.some((value, place) => value !== grants[place]);
    if (!isChanged) continue;
    tables.ais.set(aiId, {
      lastGrantAt: Math.min(lastGrantAt, clock),
      grants: changed,
      ...(cooldownFrom === undefined ? {} : { cooldownFrom: Math.min(cooldownFrom, clock) }),
      ...(unusedAt === undefined ? {} : { unusedAt: Math.min(unusedAt, clock) }),
    });
  }
}

/** AIs that got nothing for long leave the state, a few with every grant, so that no grant pays for many. */
function forgetOldAis(ledger: Ledger): void {
  const { tables, policy, agedTo } = ledger;
  const memory = Math.max(policy.cooldownMs, LAST_GRANT_MEMORY_MS, REQUEST_MEMORY_MS);
  const { oldest = '' } = tables.aisByGrant;
  if (agedTo - (tables.ais.get(oldest)?.lastGrantAt ?? 0) <= memory) return;
  let budget = 4;
  for (const aiId of tables.aisByGrant) {
    const lastGrantAt = tables.ais.get(aiId)?.lastGrantAt ?? 0;
    if (budget-- === 0 || agedTo - lastGrantAt <= memory) return;
    if (ledger.slots.liveOf(aiId) > 0) continue;
    tables.ais.delete(aiId);
    tables.aisByGrant.delete(aiId);
  }
}

function grantsOf({ tables }: Ledger, aiId: string): readonly number[] {
  return tables.ais.get(aiId)?.grants ?? NO_GRANTS;
}

function grantOf(
  { clock }: Ledger,
  { requestId, fence, grantedAt }: StoredLease,
): [digest: number, fence: number, second: number] {
  return [digestOf(requestId), fence, secondOf(Math.min(grantedAt, clock))];
}

function secondOf(moment: number): number {
  return Math.floor(moment / 1_000);
}

/** Where the grant of a fence begins, or -1. */
function placeOf(grants: readonly number[], fence: number): number {
  for (let at = grants.length - PLACES; at >= 0; at -= PLACES) if (grants[at + FENCE] === fence) return at;
  return -1;
}

/** Ids that share one cost a look at a receipt more, never a wrong answer. */
export function digestOf(requestId: string): number {
  let digest = FNV_START;
  for (let at = 0; at < requestId.length; at += 1) digest = fnv(digest, requestId.charCodeAt(at));
  return digest;
}
