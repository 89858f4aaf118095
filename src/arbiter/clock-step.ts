import type { OutcomeOf } from '../domain/model/outcomes.js';
import type { ResetClockRequest } from '../domain/model/requests.js';
import type { Clock } from '../platform/clock.js';

/**
 * Decides a `reset-clock`. Only where the time is not trusted is the process made to believe it: after the budget was found, since
 * that concerns all budgets, and for a caller who may act on all of them.
 */
export async function resettingClock(
  clock: Pick<Clock, 'acceptStep'>,
  { ofSomeBudgets }: ResetClockRequest,
  decide: () => Promise<OutcomeOf['reset-clock']>,
): Promise<OutcomeOf['reset-clock']> {
  const outcome = await decide();
  const distrusted = outcome.kind === 'refused' && outcome.refusal.reason === 'CLOCK_NOT_TRUSTED';
  if (!distrusted || ofSomeBudgets) return outcome;
  clock.acceptStep();
  return decide();
}
