import type { GuaranteedTeam, Guarantees } from '../../ledger/guarantees.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Scope } from '../../ledger/scopes.js';
import type { Blocker } from '../../model/types.js';
import type { Asker } from './caps.js';
import { until } from './concurrency.js';
import { listed } from './kept-for-others.js';

/** Slots that are kept for teams which hold fewer than are guaranteed to them. */
export function keptSlotsBlocker(ledger: Ledger, { aiId }: Asker): Blocker | undefined {
  const { guarantees, policy, slots, scopes } = ledger;
  if (guarantees === undefined || guarantees.ofSlots.length === 0) return undefined;
  const own = scopes?.teamOf(aiId);
  let kept = 0;
  for (const guaranteed of guarantees.ofSlots) if (guaranteed.team !== own) kept += keptFor(guaranteed);
  const free = policy.maxConcurrent - slots.live - kept;
  if (kept === 0 || free >= 1) return undefined;
  const keeping = guarantees.ofSlots.filter((one) => one.team !== own && keptFor(one) > 0);
  const are = kept === 1 ? 'slot is' : 'slots are';
  return {
    ...{ rule: 'KEPT_FOR_OTHERS', ...(own && { scope: own.id }) },
    limit: Math.max(0, policy.maxConcurrent - kept),
    spent: slots.live,
    reserved: 0,
    requested: 1,
    message:
      `${kept} ${are} kept for ${listed(keeping.map(({ team }) => team.id))}, and ` +
      `${slots.live} of ${policy.maxConcurrent} are live: none is free for ${own?.id ?? aiId} now`,
    ...until(whenFree(ledger, guarantees, own, 1 - free)),
  };
}

function keptFor({ team, slots }: GuaranteedTeam): number {
  return Math.max(0, slots - team.live);
}

/** The end of the lease after which so many slots more are free. A team that would hold fewer than are kept for it frees none. */
function whenFree(
  { slots, scopes }: Ledger,
  { ofSlots }: Guarantees,
  own: Scope | undefined,
  needed: number,
): number | undefined {
  const above = new Map<Scope, number>();
  for (const { team, slots: kept } of ofSlots) if (team !== own) above.set(team, team.live - kept);
  let left = needed;
  for (const { aiId, expiresAt } of [...slots.leasesLive()].sort((a, b) => a.expiresAt - b.expiresAt)) {
    const team = scopes?.teamOf(aiId);
    const frees = (team && above.get(team)) ?? 1;
    if (team !== undefined && above.has(team)) above.set(team, frees - 1);
    if (frees > 0) left -= 1;
    if (left === 0) return expiresAt;
  }
  return undefined;
}
