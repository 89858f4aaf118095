import type { Ledger } from '../../ledger/ledger.js';
import type { Blocker } from '../../model/types.js';

/**
 * Live slots of the whole budget. More than the policy allows may be live, since a lowered limit ends none: then as many must end
 * until one is free.
 */
export function concurrencyBlocker(ledger: Ledger): Blocker | undefined {
  const { slots, policy } = ledger;
  if (slots.live < policy.maxConcurrent) return undefined;
  return {
    rule: 'CONCURRENCY',
    limit: policy.maxConcurrent,
    spent: slots.live,
    reserved: 0,
    requested: 1,
    message: `${slots.live} of ${policy.maxConcurrent} slots are live`,
    ...until(slots.nthExpiry(slots.live - policy.maxConcurrent + 1)),
  };
}

/** Live slots of one AI, so that one AI cannot hold them all. */
export function aiConcurrencyBlocker(ledger: Ledger, aiId: string): Blocker | undefined {
  const { slots, policy } = ledger;
  const live = slots.liveOf(aiId);
  if (live < policy.maxConcurrentPerAi) return undefined;
  return {
    rule: 'AI_CONCURRENCY',
    limit: policy.maxConcurrentPerAi,
    spent: live,
    reserved: 0,
    requested: 1,
    message: `${aiId} holds ${live} of its ${policy.maxConcurrentPerAi} slots`,
    ...until(slots.nthExpiryOf(aiId, live - policy.maxConcurrentPerAi + 1)),
  };
}

/** Of slots, when one is free. */
export function until(availableAt: number | undefined): { availableAt?: number } {
  return availableAt === undefined ? {} : { availableAt };
}
