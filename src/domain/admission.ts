import type { Ledger } from './ledger.js';
import { aiDailyCapBlocker, dailyCapBlocker, hourlyCapBlocker, monthlyCapBlocker } from './rules/caps.js';
import { aiConcurrencyBlocker, concurrencyBlocker } from './rules/concurrency.js';
import { cooldownBlocker } from './rules/cooldown.js';
import { emergencyBlocker, pausedBlocker, requestSizeBlocker } from './rules/switches.js';
import type { Standing } from './standing.js';
import type { Blocker, Denial } from './types.js';

/** The ladder of refusals for a new slot. Every rule that refuses is collected; an empty list admits. */
export function admission(ledger: Ledger, standing: Standing, aiId: string, requested: number): Blocker[] {
  const demand = { requested, inAll: requested };
  return refusing([
    pausedBlocker(ledger),
    emergencyBlocker(ledger, requested),
    requestSizeBlocker(ledger, requested),
    cooldownBlocker(ledger, aiId),
    concurrencyBlocker(ledger),
    aiConcurrencyBlocker(ledger, aiId),
    hourlyCapBlocker(ledger, standing, demand),
    dailyCapBlocker(ledger, standing, demand),
    aiDailyCapBlocker(ledger, standing, aiId, demand),
    monthlyCapBlocker(ledger, standing, demand),
  ]);
}

/** The rules that a live lease's raised reservation must pass: it has its slot already. */
export function raiseAdmission(
  ledger: Ledger,
  standing: Standing,
  raise: { readonly aiId: string; readonly reserveTokens: number; readonly newlyHeld: number },
): Blocker[] {
  const { aiId, reserveTokens, newlyHeld } = raise;
  const demand = { requested: newlyHeld, inAll: reserveTokens };
  return refusing([
    pausedBlocker(ledger),
    emergencyBlocker(ledger, newlyHeld),
    requestSizeBlocker(ledger, reserveTokens),
    hourlyCapBlocker(ledger, standing, demand),
    dailyCapBlocker(ledger, standing, demand),
    aiDailyCapBlocker(ledger, standing, aiId, demand),
    monthlyCapBlocker(ledger, standing, demand),
  ]);
}

function refusing(checks: readonly (Blocker | undefined)[]): Blocker[] {
  return checks.filter((blocker) => blocker !== undefined);
}

/** The answer that lists them all, and says when to come back. */
export function denialOf(ledger: Ledger, blockers: readonly Blocker[]): Denial {
  const ends = blockers.map((blocker) => blocker.availableAt);
  const known = ends.every((at) => at !== undefined);
  const availableAt = known ? Math.max(...ends.map((at) => at ?? 0)) : undefined;
  return {
    blockers,
    ...(availableAt === undefined
      ? {}
      : { availableAt, retryAfterMs: Math.max(0, availableAt - ledger.clock) }),
    permanent: blockers.some((blocker) => blocker.permanent),
    fallbackBudgetIds: ledger.policy.fallbackBudgetIds,
  };
}
