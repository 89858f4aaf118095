import { ArbiterError, type ServicePort } from '../../arbiter/service-port.js';
import type { Log } from '../../platform/log.js';
import { LiveBudget } from './live-budget.js';

/** Fewer than the arbiter's watchers, so that `WatchBudget` finds room beside the dashboard. */
const MOST = 400;

/** The budgets that somebody looks at. */
export class LiveBudgets {
  private readonly budgets = new Map<string, LiveBudget>();

  constructor(
    private readonly servicePort: ServicePort,
    private readonly log: Log,
    private readonly most = MOST,
  ) {}

  /** Calls `listener` at least once a second, until the returned budget is left again. Throws QUEUE_FULL. */
  async follow(budgetId: string, listener: () => void): Promise<Followed> {
    const found = this.budgets.get(budgetId);
    // Of one that was deleted nothing more is heard; it may have been created again since.
    const live = found === undefined || found.gone ? this.added(budgetId) : found;
    live.listeners.add(listener);
    const leave = () => this.leave(live, listener);
    try {
      await live.open();
    } catch (error) {
      leave();
      throw error;
    }
    return { live, leave };
  }

  get size(): number {
    return this.budgets.size;
  }

  private added(budgetId: string): LiveBudget {
    if (this.budgets.size >= this.most) {
      throw new ArbiterError(
        'QUEUE_FULL',
        'the dashboard shows too many budgets at once; close a page',
        5_000,
      );
    }
    const live = new LiveBudget(budgetId, this.servicePort, this.log);
    this.budgets.set(budgetId, live);
    return live;
  }

  private leave(live: LiveBudget, listener: () => void): void {
    live.listeners.delete(listener);
    if (live.listeners.size > 0 || this.budgets.get(live.budgetId) !== live) return;
    this.budgets.delete(live.budgetId);
    live.close();
  }
}

export interface Followed {
  readonly live: LiveBudget;
  readonly leave: () => void;
}
