import type { Blocker, Denial, Rule } from '../domain/model/types.js';
import type { DeniedRule } from './service-port.js';

interface Denials {
  count: number;
  at: number;
  aiId: string;
  blocker: Blocker;
}

/** More than operators look at; those that came into use longest ago give way first. */
const MOST_BUDGETS = 2_000;

/** Outlives a budget's stay in memory, which ends a minute after its last use. */
export class DenialMemories {
  private readonly byBudget = new Map<string, DenialMemory>();

  of(budgetId: string): DenialMemory {
    const memory = this.byBudget.get(budgetId) ?? new DenialMemory();
    this.byBudget.delete(budgetId);
    this.byBudget.set(budgetId, memory);
    if (this.byBudget.size > MOST_BUDGETS) {
      const [oldest] = this.byBudget.keys();
      if (oldest !== undefined) this.byBudget.delete(oldest);
    }
    return memory;
  }
}

/** The last denial by each rule, for operators who come after it. Denials are many: one makes nothing new but its first. */
export class DenialMemory {
  private readonly byRule = new Map<Rule, Denials>();
  private epoch: number | undefined;

  /** A budget that was deleted and begins again has denied nobody. */
  ofEpoch(epoch: number): void {
    if (this.epoch !== undefined && this.epoch !== epoch) this.byRule.clear();
    this.epoch = epoch;
  }

  note(aiId: string, { blockers }: Denial, at: number): void {
    for (const blocker of blockers) {
      const known = this.byRule.get(blocker.rule);
      if (known === undefined) {
        this.byRule.set(blocker.rule, { count: 1, at, aiId, blocker });
        continue;
      }
      known.count += 1;
      known.at = at;
      known.aiId = aiId;
      known.blocker = blocker;
    }
  }

  /** The latest first. */
  rules(): DeniedRule[] {
    return [...this.byRule]
      .map(([rule, { count, at, aiId, blocker }]) => ({
        ...{ rule, count, lastAt: at, lastAiId: aiId, lastMessage: blocker.message },
      }))
      .sort((a, b) => b.lastAt - a.lastAt);
  }
}
