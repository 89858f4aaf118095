import type { Ledger } from '../ledger/ledger.js';
import { left, type Standing } from '../ledger/standing.js';
import { ceilDiv } from '../policy/pacing.js';
import { aiDayFigures } from './rules/caps.js';

/** What the tightest window has left for this AI, whether or not it may ask now. */
export function availableTokens(ledger: Ledger, standing: Standing, aiId: string): number {
  const ofAi = aiDayFigures(ledger, standing, aiId);
  const available = Math.min(left(standing.hour), left(standing.day), left(standing.month));
  return ofAi === undefined ? available : Math.min(available, left(ofAi));
}

/**
 * What a request asks for: its estimate, or what the policy reserves for callers that cannot estimate. Never less than the least
 * estimate, however little is asked, or nothing said: what is reserved is all that holds back those who come after.
 */
export function requestedTokens(
  ledger: Ledger,
  standing: Standing,
  request: { readonly aiId: string; readonly estimatedTokens?: number },
): number {
  const { policy } = ledger;
  if (request.estimatedTokens !== undefined) return Math.max(request.estimatedTokens, policy.minEstimate);
  const unasked =
    policy.defaultReservation > 0 ? policy.defaultReservation : share(ledger, standing, request.aiId);
  const most = policy.maxRequestTokens > 0 ? policy.maxRequestTokens : Number.POSITIVE_INFINITY;
  return Math.max(Math.min(unasked, most), policy.minEstimate);
}

/** An equal part of what is left for each free slot; where less than the minimum is left, the window denies. */
function share(ledger: Ledger, standing: Standing, aiId: string): number {
  const { policy, slots } = ledger;
  const freeSlots = Math.max(1, policy.maxConcurrent - slots.live);
  return Math.max(policy.minReservation, ceilDiv(availableTokens(ledger, standing, aiId), freeSlots));
}
