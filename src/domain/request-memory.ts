import type { Ledger } from './ledger.js';
import { LAST_GRANT_MEMORY_MS, REMEMBERED_REQUESTS, REQUEST_MEMORY_MS } from './limits.js';
import type { StoredRequest } from './state.js';

/** Which grant answered which request of an AI, so that a repeat gets the same lease; and when each AI got its last grant. */

export function rememberedRequest(
  ledger: Ledger,
  aiId: string,
  requestId: string,
): StoredRequest | undefined {
  return ledger.tables.requests.get(`${aiId} ${requestId}`);
}

export function rememberGrant(ledger: Ledger, aiId: string, requestId: string, request: StoredRequest): void {
  const { tables } = ledger;
  tables.ais.set(aiId, { lastGrantAt: request.at });
  tables.aisByGrant.use(aiId);
  const key = `${aiId} ${requestId}`;
  const ids = idsOf(ledger, aiId);
  const remembered = tables.requests.size;
  tables.requests.set(key, request);
  // An id that was used before, so long ago that it is free again, is now the newest.
  if (tables.requests.size === remembered) ids.splice(ids.indexOf(requestId), 1);
  ids.push(requestId);
  forgetOldRequests(ledger, aiId, ids);
  forgetOldAis(ledger);
}

function idsOf({ tables: { requestsOf } }: Ledger, aiId: string): string[] {
  const known = requestsOf.get(aiId);
  if (known !== undefined) return known;
  const none: string[] = [];
  requestsOf.set(aiId, none);
  return none;
}

/** As if the grant had not been: for one that nobody received. */
export function forgetGrant(ledger: Ledger, aiId: string, requestId: string, previousGrantAt?: number): void {
  const { tables } = ledger;
  tables.requests.delete(`${aiId} ${requestId}`);
  const before = tables.requestsOf.get(aiId) ?? [];
  const ids = before.filter((id) => id !== requestId);
  if (ids.length > 0) tables.requestsOf.set(aiId, ids);
  else tables.requestsOf.delete(aiId);
  ledger.loosened += 1;
  // A later grant of this AI stands, and its cooldown with it.
  if (before.at(-1) !== requestId) return;
  if (previousGrantAt === undefined) {
    tables.ais.delete(aiId);
    tables.aisByGrant.delete(aiId);
  } else tables.ais.set(aiId, { lastGrantAt: previousGrantAt });
}

/** The newest ids stay, and those whose lease is live: a repeat of such a request must find it, however old. */
function forgetOldRequests(ledger: Ledger, aiId: string, ids: string[]): void {
  const { requests } = ledger.tables;
  for (let at = 0; ids.length > REMEMBERED_REQUESTS && at < ids.length; ) {
    const request = requests.entry(`${aiId} ${ids[at]}`);
    const fence = request?.value?.fence;
    if (fence !== undefined && ledger.lease(fence) !== undefined) at += 1;
    else {
      if (request !== undefined) requests.remove(request);
      if (at === 0) ids.shift();
      else ids.splice(at, 1);
    }
  }
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
    for (const requestId of tables.requestsOf.get(aiId) ?? []) tables.requests.delete(`${aiId} ${requestId}`);
    tables.requestsOf.delete(aiId);
  }
}
