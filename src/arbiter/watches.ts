import type { BudgetQueue } from './budget-queue.js';
import type { Context } from './context.js';
import { ArbiterError, type ServicePort, type WatchUpdate } from './service-port.js';
import { Watch } from './watch.js';
import { WatchedBudget } from './watched-budget.js';

/** What happens is kept so long for a watcher that left, and of so many budgets that nobody watches. */
const KEPT_MS = 60_000;
const KEPT_BUDGETS = 100;

/** Everybody who watches a budget on this replica. */
export class Watches {
  private readonly watched = new Map<string, WatchedBudget>();
  private open = 0;

  constructor(
    private readonly context: Context,
    private readonly queue: (budgetId: string) => BudgetQueue,
    private readonly servicePort: ServicePort,
  ) {}

  /** Returns how to stop. A watch of a budget that is gone stops by itself, and says so. */
  add(budgetId: string, listener: (update: WatchUpdate) => void, afterRevision?: number): () => void {
    const { bounds, counts } = this.context;
    if ((this.watched.get(budgetId)?.size ?? 0) >= bounds.watchersPerBudget || this.open >= bounds.watchers) {
      throw new ArbiterError('QUEUE_FULL', 'too many watchers at once; close one', 5_000);
    }
    const budget = this.watchedBudget(budgetId);
    let isOpen = true;
    const stop = (gone: boolean): void => {
      if (!isOpen) return;
      isOpen = false;
      this.open -= 1;
      counts.watchers -= 1;
      budget.remove(watch);
      if (budget.size === 0) this.leave(budget, gone);
    };
    const watch = new Watch(
      (update) => {
        if (update.gone) stop(true);
        listener(update);
      },
      afterRevision,
      budget.deniedSoFar(),
    );
    this.open += 1;
    counts.watchers += 1;
    budget.add(watch);
    return () => stop(false);
  }

  private watchedBudget(budgetId: string): WatchedBudget {
    const found = this.watched.get(budgetId);
    if (found !== undefined) return found;
    const made = new WatchedBudget(budgetId, this.context, this.queue(budgetId), this.servicePort);
    this.watched.set(budgetId, made);
    return made;
  }

  private leave(budget: WatchedBudget, gone: boolean): void {
    if (gone) {
      this.drop(budget);
      return;
    }
    const left = [...this.watched.values()].filter(({ size }) => size === 0);
    const earliest = left.sort((a, b) => a.leftAt - b.leftAt)[0];
    if (left.length > KEPT_BUDGETS && earliest !== undefined) this.drop(earliest);
  }

  private drop(budget: WatchedBudget): void {
    budget.close();
    if (this.watched.get(budget.budgetId) === budget) this.watched.delete(budget.budgetId);
  }

  /** Budgets that must stay in memory. */
  budgets(): Set<string> {
    return new Set(this.watched.keys());
  }

  tick(): void {
    const now = this.context.clock.monotonic();
    for (const budget of [...this.watched.values()]) {
      if (budget.size === 0 && now - budget.leftAt >= KEPT_MS) this.drop(budget);
      else budget.tick();
    }
  }

  close(): void {
    for (const budget of this.watched.values()) budget.close();
  }
}
