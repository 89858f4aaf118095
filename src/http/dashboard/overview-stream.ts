import { ArbiterError } from '../../arbiter/service-port.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { budgetCard } from './budget-card.js';
import { signOut } from './budget-stream.js';
import type { EventStream } from './event-stream.js';
import type { LiveBudget } from './live-budget.js';
import type { Followed, LiveBudgets } from './live-budgets.js';
import { inOrder } from './overview-order.js';
import type { Matching, OverviewQuery } from './overview-query.js';
import type { BudgetCard, OverviewUpdate } from './page-data.js';
import type { Visitor } from './visitors.js';

const TICK_MS = 1_000;
/** The first figures come as soon as the watches have read them. */
const FIRST_TICKS = 8;
const FIRST_TICK_MS = 150;
/** So long news of one budget waits for that of others: with the second that its watch takes, far below two. */
const GATHER_MS = 200;
/** Budgets come and go seldom, and rows that change places with each report could not be read. */
const LIST_EVERY = 2;
/** The even line and the forecast move by themselves. */
const REFRESH_MS = 20_000;
/** A card costs a month's arithmetic: not all of them at once, which would hold everybody else up. */
const MOST_AT_ONCE = 40;
export const PAGE_SIZE = 50;

export interface OverviewOptions {
  readonly budgets: LiveBudgets;
  readonly visitor: Visitor;
  readonly scheduler: Scheduler;
  readonly query: OverviewQuery;
  /** The budgets that the visitor may see, and asked for. */
  readonly list: () => Promise<Matching>;
  readonly now: () => number;
}

/** A card as it was made, of the figures of that version. */
interface Made {
  readonly version: string;
  readonly at: number;
  readonly card: BudgetCard;
}

type Listing = Pick<OverviewUpdate, 'budgetIds' | 'total' | 'more'>;

/** Tells a page of many budgets which of them have changed, soon after it is seen; and once a second that it is live. */
export class OverviewStream {
  private readonly followed = new Map<string, Followed>();
  private readonly made = new Map<string, Made>();
  /** The versions that the page has. */
  private readonly sent = new Map<string, Made>();
  /** Undefined until it could be read: nothing is known then, which is not that there is nothing. */
  private matching: Matching | undefined;
  private unlisted: string | undefined;
  private page: readonly string[] = [];
  private listed = '';
  private problem: string | undefined;
  private ticks = 0;
  private mayMake = 0;
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
    this.mayMake = MOST_AT_ONCE;
    const isFirst = this.ticks < FIRST_TICKS;
    const listing = isFirst || this.ticks % LIST_EVERY === 0 ? await this.list() : {};
    this.ticks += 1;
    this.tell(listing);
    this.cancel = this.options.scheduler.after(isFirst ? FIRST_TICK_MS : TICK_MS, () => {
      this.run().catch((error: unknown) => this.stream.fail(error));
    });
  }

  private close(): void {
    this.cancel?.();
    this.cancelNews?.();
    for (const { leave } of this.followed.values()) leave();
    this.followed.clear();
  }

  /** Ids in their order, if they are others than before. */
  private async list(): Promise<Partial<Listing>> {
    if (this.matching === undefined || this.ticks % LIST_EVERY === 0) await this.readList();
    if (this.matching === undefined) return {};
    try {
      const { budgets, more } = this.matching;
      const ids = budgets.map(({ budgetId }) => budgetId);
      const { order, page } = this.options.query;
      const onPage = (all: readonly string[]) => all.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
      // By name it is known which ones the page shows; else all of them have to be looked at.
      this.problem = await this.followAll(order === 'name' ? onPage(ids) : ids);
      this.page = order === 'name' ? onPage(ids) : onPage(this.ordered(ids));
      const text = `${ids.length} ${more} ${this.page.join(' ')}`;
      if (text === this.listed) return {};
      this.listed = text;
      return { budgetIds: this.page, total: ids.length, more };
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      this.problem = error.message;
      return {};
    }
  }

  private async readList(): Promise<void> {
    try {
      this.matching = await this.options.list();
      this.unlisted = undefined;
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      this.unlisted = error.message;
    }
  }

  /** Those of which nothing is known yet come last. */
  private ordered(ids: readonly string[]): string[] {
    const cards = [...this.followed].flatMap(
      ([budgetId, { live }]) => this.madeOf(budgetId, live)?.card ?? [],
    );
    const known = inOrder(cards, this.options.query.order).map(({ budgetId }) => budgetId);
    const isKnown = new Set(known);
    return [...known, ...ids.filter((budgetId) => !isKnown.has(budgetId))];
  }

  /** Returns why not all of them are followed. */
  private async followAll(budgetIds: readonly string[]): Promise<string | undefined> {
    const wanted = new Set(budgetIds);
    for (const budgetId of [...this.followed.keys()]) if (!wanted.has(budgetId)) this.leave(budgetId);
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

  private leave(budgetId: string): void {
    this.followed.get(budgetId)?.leave();
    for (const known of [this.followed, this.made, this.sent]) known.delete(budgetId);
  }

  private noticed(): void {
    if (this.stream.isGone) return;
    this.cancelNews ??= this.options.scheduler.after(GATHER_MS, () => {
      this.cancelNews = undefined;
      if (this.options.visitor.stillIn()) this.tell(undefined);
    });
  }

  private madeOf(budgetId: string, { seen }: LiveBudget): Made | undefined {
    if (seen === undefined) return undefined;
    const known = this.made.get(budgetId);
    const version = `${seen.snapshot.revision} ${seen.waiters} ${seen.headline?.text} ${seen.headline?.observed}`;
    if (known?.version === version && seen.at - known.at < REFRESH_MS) return known;
    if (this.mayMake === 0) return known;
    this.mayMake -= 1;
    const made = { version, at: seen.at, card: budgetCard(seen) };
    this.made.set(budgetId, made);
    return made;
  }

  /** Without a listing nothing is sent but news. */
  private tell(listing: Partial<Listing> | undefined): void {
    const news: Made[] = [];
    const stale: string[] = [];
    // The next list says of those that are gone that they are, or were created again.
    for (const [budgetId, { live }] of this.followed) if (live.gone) this.leave(budgetId);
    for (const budgetId of this.page) {
      const live = this.followed.get(budgetId)?.live;
      if (live === undefined) continue;
      if (live.told && live.stale) stale.push(budgetId);
      const made = this.madeOf(budgetId, live);
      if (made !== undefined && made !== this.sent.get(budgetId)) news.push(made);
    }
    if (listing === undefined && news.length === 0) return;
    const wrong = this.unlisted ?? this.problem;
    const problem = wrong === undefined ? {} : { problem: wrong };
    const told = this.stream.send('overview', {
      ...{ at: this.options.now(), ...listing, cards: news.map(({ card }) => card), stale, ...problem },
    } satisfies OverviewUpdate);
    // What a page that is behind was not told, it is told later.
    if (told) for (const made of news) this.sent.set(made.card.budgetId, made);
    else this.listed = '';
  }
}
