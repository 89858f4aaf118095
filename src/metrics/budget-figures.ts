import type { Caller, ServicePort } from '../arbiter/service-port.js';
import type { BudgetSnapshot } from '../domain/model/outcomes.js';
import { budgetHeadline } from '../domain/statistics/budget-headline.js';
import type { Headline } from '../domain/statistics/headline.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { BudgetTallies } from './budget-tallies.js';

/** Prometheus gives up after 10 s unless it is told otherwise; a budget that has not answered by then is left out. */
const LONGEST_MS = 3_000;
/** Several who scrape at once share one look. */
const FRESH_MS = 1_000;

/** Not the arbiter's own caller, whose requests may commit for housekeeping: a scrape only looks. */
const SCRAPE: Caller = { gone: false, onGone: () => {} };

export interface BudgetFiguresOptions {
  readonly servicePort: ServicePort;
  readonly tallies: BudgetTallies;
  readonly scheduler: Scheduler;
  readonly monotonic: () => number;
  readonly maxBudgets: number;
}

/** Where each budget stands, asked for when somebody scrapes: through the same port, by the same snapshot that watchers see. */
export class BudgetFigures {
  snapshots = new Map<string, BudgetSnapshot>();
  headlines = new Map<string, Headline>();
  /** Budgets whose figures could not be had. */
  missing = 0;
  /** There are more budgets than may have series of their own. */
  tooMany = false;
  private readonly asked = new Map<string, Promise<void>>();
  private looking: Promise<void> | undefined;
  private lookedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: BudgetFiguresOptions) {}

  /** Never fails: what cannot be had is missing. */
  async refresh(): Promise<void> {
    if (this.options.monotonic() - this.lookedAt < FRESH_MS) return;
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
      this.lookedAt = this.options.monotonic();
    });
    await this.looking;
  }

  private async look(): Promise<void> {
    this.snapshots = new Map();
    this.headlines = new Map();
    await new Promise<void>((resolve) => {
      const cancel = this.options.scheduler.after(LONGEST_MS, resolve);
      void this.askAll().then(() => {
        cancel();
        resolve();
      });
    });
    this.missing = this.options.tallies.names.filter((name) => !this.snapshots.has(name)).length;
  }

  private async askAll(): Promise<void> {
    await this.findNames();
    await Promise.all(this.options.tallies.names.map((name) => this.ask(name)));
  }

  /** Budgets in which nothing has happened yet have figures, too. */
  private async findNames(): Promise<void> {
    const { servicePort, tallies, maxBudgets } = this.options;
    const listed = await servicePort.listBudgets('', maxBudgets + 1).catch(() => []);
    for (const { budgetId } of listed) tallies.of(budgetId);
    this.tooMany = listed.some(({ budgetId }) => !tallies.has(budgetId));
  }

  /** One question at a time for each budget: a store that hangs must not be asked again with every scrape. */
  private ask(budgetId: string): Promise<void> {
    const underWay = this.asked.get(budgetId);
    if (underWay !== undefined) return underWay;
    const asking = this.askOnce(budgetId).finally(() => this.asked.delete(budgetId));
    this.asked.set(budgetId, asking);
    return asking;
  }

  private async askOnce(budgetId: string): Promise<void> {
    const { servicePort, tallies } = this.options;
    const outcome = await servicePort
      .submit(budgetId, { kind: 'get-snapshot' }, SCRAPE)
      .catch(() => undefined);
    if (outcome?.kind === 'snapshot') {
      const { snapshot } = outcome;
      this.headlines.set(budgetId, budgetHeadline(snapshot, await servicePort.recentDenials(snapshot)));
      this.snapshots.set(budgetId, snapshot);
    } else if (outcome?.refusal.reason === 'BUDGET_NOT_FOUND') tallies.forget(budgetId);
  }
}
