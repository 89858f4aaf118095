import type { Ledger } from '../../ledger/ledger.js';
import type { Blocker } from '../../model/types.js';
import { moment } from '../../model/wording.js';

/** An AI that got a grant must wait before the next, so that no AI bursts. */
export function cooldownBlocker(ledger: Ledger, aiId: string): Blocker | undefined {
  const lastGrantAt = ledger.tables.ais.get(aiId)?.lastGrantAt;
  const availableAt = cooldownEnd(ledger, aiId);
  if (lastGrantAt === undefined || ledger.clock >= availableAt) return undefined;
  return {
    rule: 'COOLDOWN',
    limit: Math.ceil(ledger.policy.cooldownMs / 1000),
    spent: Math.floor((ledger.clock - lastGrantAt) / 1000),
    reserved: 0,
    requested: 0,
    availableAt,
    message: `${aiId} got its last grant at ${moment(lastGrantAt)}; it may ask again from ${moment(availableAt)}`,
  };
}

/** When the cooldown of an AI is over; long ago if it never got a grant. */
export function cooldownEnd({ policy, tables }: Ledger, aiId: string): number {
  return (tables.ais.get(aiId)?.lastGrantAt ?? Number.NEGATIVE_INFINITY) + policy.cooldownMs;
}
