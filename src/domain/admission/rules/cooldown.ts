import type { Ledger } from '../../ledger/ledger.js';
import type { Blocker } from '../../model/types.js';
import { moment } from '../../model/wording.js';

/** An AI that got a grant must wait before the next, so that no AI bursts. */
export function cooldownBlocker(ledger: Ledger, aiId: string): Blocker | undefined {
  const startedAt = cooldownStart(ledger, aiId);
  const availableAt = cooldownEnd(ledger, aiId);
  if (startedAt === undefined || ledger.clock >= availableAt) return undefined;
  return {
    rule: 'COOLDOWN',
    limit: Math.ceil(ledger.policy.cooldownMs / 1000),
    spent: Math.floor((ledger.clock - startedAt) / 1000),
    reserved: 0,
    requested: 0,
    availableAt,
    message: `${aiId} got its last grant at ${moment(startedAt)}; it may ask again from ${moment(availableAt)}`,
  };
}

/** When the cooldown of an AI is over; long ago if it never got a grant. */
export function cooldownEnd(ledger: Ledger, aiId: string): number {
  return (cooldownStart(ledger, aiId) ?? Number.NEGATIVE_INFINITY) + ledger.policy.cooldownMs;
}

/** Its last grant that was not given back unused. */
function cooldownStart({ tables }: Ledger, aiId: string): number | undefined {
  const ai = tables.ais.get(aiId);
  return ai?.cooldownFrom ?? ai?.lastGrantAt;
}
