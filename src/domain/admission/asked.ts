import type { Ledger } from '../ledger/ledger.js';
import type { Standing } from '../ledger/standing.js';
import { MAX_AMOUNT } from '../model/limits.js';
import type { FieldViolation } from '../model/outcomes.js';
import type { TokenCounts } from '../model/types.js';
import { inUnit } from '../model/unit.js';
import { ceilDiv } from '../policy/pacing.js';
import { addCharge, chargeOf } from '../policy/token-charge.js';
import { roomFor } from './room.js';
import type { Asker } from './rules/caps.js';

/** What a request for a slot says of how much it asks for. */
export interface Asked extends Asker {
  readonly estimatedTokens?: number;
  readonly expected?: TokenCounts;
  readonly atLeastTokens?: number;
}

/** Its estimate, or what it expects as the policy weighs it; undefined if it gives neither. */
export function estimateOf(
  { weights }: Ledger,
  { estimatedTokens, expected, model = '' }: Asked,
): number | undefined {
  if (expected === undefined) return estimatedTokens;
  // Rounded up as a charge is. Where the policy charges nothing for it, 1 is asked for: a slot reserves something.
  return Math.max(1, addCharge({ tokens: 0, roundedUp: 0 }, chargeOf(expected, weights.of(model))).tokens);
}

/**
 * What a request asks for: its estimate, or what the policy reserves for callers that cannot estimate. Never less than the least
 * estimate, however little is asked, or nothing said: what is reserved is all that holds back those who come after.
 */
export function requestedTokens(
  ledger: Ledger,
  standing: Standing,
  asked: Asked,
  estimate: number | undefined,
): number {
  const { policy } = ledger;
  if (estimate !== undefined) return Math.max(estimate, policy.minEstimate);
  const unasked = policy.defaultReservation > 0 ? policy.defaultReservation : share(ledger, standing, asked);
  const most = policy.maxRequestTokens > 0 ? policy.maxRequestTokens : Number.POSITIVE_INFINITY;
  // Whoever says how much is enough, and nothing else, asks for that much at least.
  return Math.max(Math.min(unasked, most), policy.minEstimate, asked.atLeastTokens ?? 0);
}

/** Of what it asks for, what is enough where caps leave no more: all of it, if it does not say. */
export function leastTokens({ policy }: Ledger, { atLeastTokens }: Asked, requested: number): number {
  return atLeastTokens === undefined ? requested : Math.max(atLeastTokens, policy.minEstimate);
}

/**
 * What a request that is admitted gets: all that it asks for, or where caps leave less, the part of that which one of the free slots
 * gets, if that is enough. So nobody takes all that is left by asking for more than there is.
 */
export function grantedTokens(
  ledger: Ledger,
  standing: Standing,
  asker: Asker,
  requested: number,
  least: number,
): number {
  if (least === requested) return requested;
  const room = roomFor(ledger, standing, asker);
  return requested <= room ? requested : Math.max(least, partOf(ledger, room));
}

/** What is wrong with how much a request asks for, which only its budget's weights can tell. */
export function askedViolation(
  { policy: { unit } }: Ledger,
  { expected, atLeastTokens = 0 }: Asked,
  weighed: number | undefined,
): FieldViolation | undefined {
  if (expected === undefined || weighed === undefined) return undefined;
  if (weighed > MAX_AMOUNT) {
    const description = `must be weighed at most ${inUnit(unit, MAX_AMOUNT)}; it is ${inUnit(unit, weighed)} by the policy's token weights`;
    return { field: 'expected', description };
  }
  if (atLeastTokens <= weighed) return undefined;
  const asked = `${inUnit(unit, weighed)}, as \`expected\` is weighed by the policy`;
  const description = `must be at most what is asked for: ${asked}; it is ${inUnit(unit, atLeastTokens)}`;
  return { field: 'at_least_tokens', description };
}

/** An equal part of what is left for each free slot; where less than the minimum is left, the window denies. */
function share(ledger: Ledger, standing: Standing, asker: Asker): number {
  return Math.max(ledger.policy.minReservation, partOf(ledger, roomFor(ledger, standing, asker)));
}

/** The part of what is left that one of the free slots gets. */
function partOf({ policy, slots }: Ledger, room: number): number {
  return ceilDiv(room, Math.max(1, policy.maxConcurrent - slots.live));
}
