import { ArbiterError } from '../../arbiter/service-port.js';
import type { BudgetView } from '../../domain/model/outcomes.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { budgetCard } from './budget-card.js';
import { signOut } from './budget-stream.js';
import type { EventStream } from './event-stream.js';
import type { Followed, LiveBudgets } from './live-budgets.js';
import type { BudgetCard, OverviewUpdate } from './page-data.js';
import type { Visitor } from './visitors.js';

const TICK_MS = 1_000;
/** The first figures come as soon as the watches have read them. */
const FIRST_TICKS = 5;
const FIRST_TICK_MS = 150;
/** So long news of one budget waits for that of others: with the second that its watch takes, far below two. */
const GATHER_MS = 200;
/** Budgets come and go seldom. */
const LIST_EVERY = 2;
/** The even line and the forecast move by themselves. Not all cards at once: each costs a month's arithmetic. */
const REFRESH_MS = 20_000;
export const PAGE_SIZE = 200;

export interface OverviewOptions {
  readonly budgets: LiveBudgets;
  readonly visitor: Visitor;
  readonly scheduler: Scheduler;
  /** The budgets of this page that the visitor may see, and one more if there are more. */
  readonly list: () => Promise<BudgetView[]>;
  readonly now: () => number;
}

/** Tells a page of many budgets which of them have changed, soon after it is seen; and once a second that it is live. */
export class OverviewStream {
  private readonly followed = new Map<string, Followed>();
  /** What was sent of each budget, and when. */
  private readonly sent = new Map<string, { readonly version: string; readonly at: number }>();
  private listed = '';
  private problem: string | undefined;
  private ticks = 0;
  private cancel: (() => void) | undefined;
  private cancelNews: (() => void) | undefined;

  constructor(
    private readonly stream: EventStream,
    private readonly options: OverviewOptions,
  ) {
    stream.onGone(() => this.close());
  }

  async run(): Promise<void> {
    if (this.stream.isGone) return;
    if (!this.options.visitor.stillIn()) return signOut(this.stream);
    const listing = this.ticks % LIST_EVERY === 0 ? await this.list() : {};
    this.ticks += 1;
    this.tell(listing);
    const delayMs = this.ticks < FIRST_TICKS ? FIRST_TICK_MS : TICK_MS;
    this.cancel = this.options.scheduler.after(delayMs, () => {
      this.run().catch((error: unknown) => this.stream.fail(error));
    });
  }

  private close(): void {
    this.cancel?.();
    this.cancelNews?.();
    for (const { leave } of this.followed.values()) leave();
    this.followed.clear();
  }

  /** Ids and the next page, if they are others than before. */
  private async list(): Promise<Pick<OverviewUpdate, 'budgetIds' | 'next'>> {
    try {
      const found = await this.options.list();
      const budgetIds = found.slice(0, PAGE_SIZE).map(({ budgetId }) => budgetId);
      const next = found.length > PAGE_SIZE ? (budgetIds.at(-1) ?? '') : '';
      this.problem = await this.followAll(budgetIds);
      const text = `${next} ${budgetIds.join(' ')}`;
      if (text === this.listed) return {};
      this.listed = text;
      return { budgetIds, next };
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      this.problem = error.message;
      return {};
    }
  }

  /** Returns why not all of them are followed. */
  private async followAll(budgetIds: readonly string[]): Promise<string | undefined> {
    const wanted = new Set(budgetIds);
    for (const [budgetId, { leave }] of this.followed) {
      if (wanted.has(budgetId)) continue;
      leave();
      this.followed.delete(budgetId);
      this.sent.delete(budgetId);
    }
    for (const budgetId of budgetIds) {
      if (this.followed.has(budgetId)) continue;
      try {
        const followed = await this.options.budgets.follow(budgetId, () => this.noticed());
        if (this.stream.isGone) followed.leave();
        else this.followed.set(budgetId, followed);
      } catch (error) {
        if (!(error instanceof ArbiterError)) throw error;
        return error.message;
      }
    }
    return undefined;
  }

  private noticed(): void {
    if (this.stream.isGone) return;
    this.cancelNews ??= this.options.scheduler.after(GATHER_MS, () => {
      this.cancelNews = undefined;
      if (this.options.visitor.stillIn()) this.tell(undefined);
    });
  }

  /** Without a listing nothing is sent but news. */
  private tell(listing: Pick<OverviewUpdate, 'budgetIds' | 'next'> | undefined): void {
    const cards: BudgetCard[] = [];
    const stale: string[] = [];
    const versions: [string, { version: string; at: number }][] = [];
    for (const [budgetId, { live, leave }] of this.followed) {
      if (live.gone) {
        // The next list says so, or that it was created again.
        leave();
        this.followed.delete(budgetId);
        this.sent.delete(budgetId);
        continue;
      }
      if (live.told && live.stale) stale.push(budgetId);
      const { seen } = live;
      const known = this.sent.get(budgetId);
      const version = `${seen?.snapshot.revision} ${seen?.waiters}`;
      if (seen === undefined || (known?.version === version && seen.at - known.at < REFRESH_MS)) continue;
      cards.push(budgetCard(seen));
      versions.push([budgetId, { version, at: seen.at }]);
    }
    if (listing === undefined && cards.length === 0) return;
    const problem = this.problem === undefined ? {} : { problem: this.problem };
    const told = this.stream.send('overview', {
      ...{ at: this.options.now(), ...listing, cards, stale, ...problem },
    } satisfies OverviewUpdate);
    // What a page that is behind was not told, it is told later.
    if (told) for (const [budgetId, version] of versions) this.sent.set(budgetId, version);
    else this.listed = '';
  }
}
