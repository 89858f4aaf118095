import { Lending, type Policy } from '../../../src/gen/budgetarbiter/v1/budget.js';
import { toDuration } from '../durations.js';
import { AI_IDS, type Trace, totalOf } from '../trace.js';

export const GUARDED = 'guardian';
export const GREEDY = AI_IDS.filter((aiId) => aiId !== GUARDED);
export const GUARANTEED_PERCENT = 40;
/** What is guaranteed is somewhat more than the guardian will spend. */
const SPARE = 1.1;
/** Of which one is kept for the guardian. */
const SLOTS = 4;

export interface Scene {
  readonly budgetId: string;
  readonly title: string;
  readonly policy: Partial<Policy>;
}

/** What an hour may spend. */
export function hourTokens({ prompts }: Trace): number {
  const tokens = totalOf(prompts.filter(({ aiId }) => aiId === GUARDED));
  return Math.ceil((SPARE * tokens) / (GUARANTEED_PERCENT / 100));
}

/** The same budget twice: with the guarantee, and without. */
export function scenes(trace: Trace): readonly Scene[] {
  const policy = {
    ...{ monthlyLimit: 10 * hourTokens(trace), enforcedPercent: 100, emergencyPercent: 100 },
    ...{ maxHourlyPercent: 10, maxDailyPercent: 20, minDailyPercent: 0, cooldown: toDuration(0) },
    ...{ maxConcurrent: SLOTS, maxConcurrentPerAi: SLOTS },
    // What is kept melts through the second half of an hour, unless it is never lent: the demo is for any minute.
    lending: Lending.LENDING_NEVER,
  };
  const greedy = { aiIds: GREEDY };
  const guarantee = { guaranteedPercent: GUARANTEED_PERCENT, guaranteedSlots: 1 };
  const guardian = { aiIds: [GUARDED] };
  return [
    {
      ...{ budgetId: 'guaranteed', title: `${GUARANTEED_PERCENT} percent guaranteed` },
      policy: { ...policy, teams: { greedy, guardian: { ...guardian, ...guarantee } } },
    },
    { budgetId: 'unguarded', title: 'without', policy: { ...policy, teams: { greedy, guardian } } },
  ];
}
