import type { BudgetQueue } from './budget-queue.js';
import type { Context } from './context.js';
import { ArbiterError, type Door, type WatchUpdate } from './door.js';
import { Watch } from './watch.js';

/** Everybody who watches a budget on this copy. */
export class Watches {
  private readonly open = new Set<Watch>();

  constructor(
    private readonly context: Context,
    private readonly queue: (budgetId: string) => BudgetQueue,
    private readonly door: Door,
  ) {}

  /** Returns how to stop. A watch of a budget that is gone stops by itself, and says so. */
  add(budgetId: string, listener: (update: WatchUpdate) => void): () => void {
    const { bounds } = this.context;
    const ofBudget = [...this.open].filter((watch) => watch.budgetId === budgetId).length;
    if (ofBudget >= bounds.watchersPerBudget || this.open.size >= bounds.watchers) {
      throw new ArbiterError('QUEUE_FULL', 'too many watchers at once; close one', 5_000);
    }
    const watch = new Watch(budgetId, this.context, this.queue(budgetId), this.door, (update) => {
      if (update.gone) this.stop(watch);
      listener(update);
    });
    this.open.add(watch);
    this.context.counts.watchers += 1;
    return () => this.stop(watch);
  }

  private stop(watch: Watch): void {
    if (!this.open.delete(watch)) return;
    this.context.counts.watchers -= 1;
    watch.close();
  }

  /** Budgets that must stay in memory. */
  budgets(): Set<string> {
    return new Set([...this.open].map((watch) => watch.budgetId));
  }

  tick(): void {
    for (const watch of this.open) void watch.tick();
  }

  close(): void {
    for (const watch of this.open) watch.close();
  }
}
