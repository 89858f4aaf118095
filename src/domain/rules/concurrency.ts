import type { Ledger } from '../ledger.js';
import type { Blocker } from '../types.js';

/** Live slots of the whole budget. */
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
    ...until(slots.firstExpiry()?.expiresAt),
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
    ...until(firstExpiryOf(ledger, aiId)),
  };
}

function firstExpiryOf(ledger: Ledger, aiId: string): number | undefined {
  let first: number | undefined;
  for (const fence of ledger.slots.fencesOf(aiId)) {
    const expiresAt = ledger.lease(fence)?.expiresAt ?? Number.POSITIVE_INFINITY;
    if (first === undefined || expiresAt < first) first = expiresAt;
  }
  return first;
}

function until(availableAt: number | undefined): { availableAt?: number } {
  return availableAt === undefined ? {} : { availableAt };
}
