import type { Ledger } from '../ledger/ledger.js';
import type { Standing } from '../ledger/standing.js';
import { leftOf } from '../ledger/top-ups.js';
import type { StoredTopUp } from '../model/state.js';
import type { Blocker, Rule } from '../model/types.js';
import { admission } from './admission.js';
import type { Asker } from './rules/caps.js';

/**
 * Which top-ups lift a rule. ANY: each that is for whoever asks, since the rule is the budget's own. OWN: only one that names whom the
 * rule binds. NONE: what it protects is no amount of tokens, or an operator's order.
 */
const LIFTED_BY: { readonly [R in Rule]: 'ANY' | 'OWN' | 'NONE' } = {
  PAUSED: 'NONE',
  EMERGENCY: 'ANY',
  REQUEST_TOO_LARGE: 'NONE',
  COOLDOWN: 'NONE',
  CONCURRENCY: 'NONE',
  AI_CONCURRENCY: 'NONE',
  TEAM_CONCURRENCY: 'NONE',
  MODEL_CONCURRENCY: 'NONE',
  HOURLY_CAP: 'ANY',
  DAILY_CAP: 'ANY',
  AI_DAILY_CAP: 'OWN',
  TEAM_CAP: 'OWN',
  MODEL_CAP: 'OWN',
  KEPT_FOR_OTHERS: 'OWN',
  MONTHLY_CAP: 'ANY',
};

/** What a slot asks for: whole, or at least so much, where caps leave no more. */
interface Amounts {
  readonly requested: number;
  readonly least: number;
}

/**
 * The top-up that a slot is granted from which only caps refuse: of those that are for whoever asks, lift every rule that refuses the
 * whole of it, and have that much left, the one that ends first. Undefined if there is none, or nothing refuses.
 */
export function topUpOver(
  ledger: Ledger,
  standing: Standing,
  asker: Asker,
  { requested, least }: Amounts,
  blockers: readonly Blocker[],
): string | undefined {
  const { topUps, policy } = ledger;
  if (blockers.length === 0 || topUps.overCaps.length === 0 || policy.mode === 'OBSERVE') return undefined;
  // A rule may admit the least and refuse the whole.
  const refusing = least === requested ? blockers : admission(ledger, standing, asker, requested, requested);
  for (const { key, value } of topUps.overCaps) {
    if (value === undefined || !isFor(ledger, value, asker) || !liftsAll(value, refusing)) continue;
    if (leftOf(value, ledger.slots.ofTopUp(key)) >= requested) return key;
  }
  return undefined;
}

/** Whether some top-up in force could lift this rule for whoever asks, if others gave back what they hold of it. */
export function mayBeLifted(ledger: Ledger, asker: Asker, blocker: Blocker): boolean {
  const { topUps, policy } = ledger;
  if (policy.mode === 'OBSERVE') return false;
  return topUps.overCaps.some(({ value }) => {
    if (value === undefined || !isFor(ledger, value, asker) || !lifts(value, blocker)) return false;
    return value.tokens >= blocker.requested;
  });
}

function isFor(ledger: Ledger, topUp: StoredTopUp, asker: Asker): boolean {
  const { aiId = '', teamId, expiresAt = 0 } = topUp;
  if (ledger.clock >= expiresAt || (teamId !== undefined && ledger.teamIdOf(asker.aiId) !== teamId))
    return false;
  return aiId === '' || aiId === asker.aiId;
}

function liftsAll(topUp: StoredTopUp, blockers: readonly Blocker[]): boolean {
  return blockers.every((blocker) => lifts(topUp, blocker));
}

/** Of one that is for whoever asks. */
function lifts({ aiId, teamId }: StoredTopUp, { rule, window }: Blocker): boolean {
  // Slots are kept, too, and no tokens make another.
  if (rule === 'KEPT_FOR_OTHERS' && window === undefined) return false;
  const by = LIFTED_BY[rule];
  return by === 'ANY' || (by === 'OWN' && (aiId ?? teamId) !== undefined);
}
