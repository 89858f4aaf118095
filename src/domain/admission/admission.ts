import type { Ledger } from '../ledger/ledger.js';
import type { Standing } from '../ledger/standing.js';
import type { Blocker, Denial, Writable } from '../model/types.js';
import { addCapBlockers } from './room.js';
import type { Asker } from './rules/caps.js';
import { aiConcurrencyBlocker, concurrencyBlocker } from './rules/concurrency.js';
import { cooldownBlocker } from './rules/cooldown.js';
import { keptSlotsBlocker } from './rules/kept-slots.js';
import { modelConcurrencyBlocker, teamConcurrencyBlocker } from './rules/scope-concurrency.js';
import { emergencyBlocker, pausedBlocker, requestSizeBlocker } from './rules/switches.js';

/**
 * The ladder of refusals for a new slot. Every rule that refuses is collected; an empty list admits. Caps need to admit no more than
 * the `least` that is enough.
 */
export function admission(
  ledger: Ledger,
  standing: Standing,
  asker: Asker,
  requested: number,
  least: number,
): Blocker[] {
  const { aiId } = asker;
  const blockers = refusing([
    pausedBlocker(ledger),
    emergencyBlocker(ledger, requested),
    requestSizeBlocker(ledger, requested),
    cooldownBlocker(ledger, aiId),
    concurrencyBlocker(ledger),
    aiConcurrencyBlocker(ledger, aiId),
    teamConcurrencyBlocker(ledger, asker),
    modelConcurrencyBlocker(ledger, asker),
    keptSlotsBlocker(ledger, asker),
  ]);
  addCapBlockers(blockers, ledger, standing, asker, { requested: least, inAll: least });
  return blockers;
}

/** The rules that a live lease's raised reservation must pass: it has its slot already. */
export function raiseAdmission(
  ledger: Ledger,
  standing: Standing,
  asker: Asker,
  raise: { readonly reserveTokens: number; readonly newlyHeld: number },
): Blocker[] {
  const { reserveTokens, newlyHeld } = raise;
  const blockers = refusing([
    pausedBlocker(ledger),
    emergencyBlocker(ledger, newlyHeld),
    requestSizeBlocker(ledger, reserveTokens),
  ]);
  addCapBlockers(blockers, ledger, standing, asker, { requested: newlyHeld, inAll: reserveTokens });
  return blockers;
}

function refusing(checks: readonly (Blocker | undefined)[]): Blocker[] {
  const blockers: Blocker[] = [];
  for (const blocker of checks) if (blocker !== undefined) blockers.push(blocker);
  return blockers;
}

/** Whether a cap that pacing lowered is among those that refuse: the day would have taken more. */
export function isPacedRefusal({ hour, day }: Standing, blockers: readonly Blocker[]): boolean {
  return blockers.some(
    ({ rule }) =>
      (rule === 'HOURLY_CAP' && hour.cap.loweredBy !== undefined) ||
      (rule === 'DAILY_CAP' && day.cap.loweredBy !== undefined),
  );
}

/** The answer that lists them all, and says when to come back. */
export function denialOf(ledger: Ledger, blockers: readonly Blocker[]): Denial {
  const availableAt = latestEnd(blockers);
  const denial: Writable<Denial> = {
    blockers,
    permanent: blockers.some((blocker) => blocker.permanent),
    fallbackBudgetIds: ledger.policy.fallbackBudgetIds,
  };
  if (availableAt !== undefined) {
    denial.availableAt = availableAt;
    denial.retryAfterMs = Math.max(0, availableAt - ledger.clock);
  }
  return denial;
}

/** When the last of them no longer refuses; undefined if one of them says no time. */
function latestEnd(blockers: readonly Blocker[]): number | undefined {
  let latest = Number.NEGATIVE_INFINITY;
  for (const { availableAt } of blockers) {
    if (availableAt === undefined) return undefined;
    if (availableAt > latest) latest = availableAt;
  }
  return latest;
}
