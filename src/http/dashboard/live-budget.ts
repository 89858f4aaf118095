import type { ServicePort, WatchUpdate } from '../../arbiter/service-port.js';
import { ArbiterError } from '../../arbiter/service-port.js';
import type { BudgetSnapshot } from '../../domain/model/outcomes.js';
import type { UsageDay } from '../../domain/model/state.js';
import { firstDayOf, lastDayOf } from '../../domain/time/calendar.js';
import type { Log } from '../../platform/log.js';
import { happeningOf, happeningsOf, type SeenNow } from './live-data.js';
import type { HappeningData } from './page-data.js';

/** As many as a page shows. */
const MOST_HAPPENINGS = 50;

/** One budget that somebody looks at. Its watch is opened once, however many look. */
export class LiveBudget {
  readonly listeners = new Set<() => void>();
  private last: WatchUpdate | undefined;
  private happenings: readonly HappeningData[] = [];
  /** Days of the current month; those that left the state stay here as they were last seen in it. */
  private readonly days = new Map<string, UsageDay>();
  private daysOf: string | undefined;
  private hasPast = false;
  private opening: Promise<void> | undefined;
  private stop: (() => void) | undefined;
  private closed = false;

  constructor(
    readonly budgetId: string,
    private readonly servicePort: ServicePort,
    private readonly log: Log,
  ) {}

  /** Everybody who comes meanwhile waits for the same opening. */
  open(): Promise<void> {
    this.opening ??= this.watch();
    return this.opening;
  }

  private async watch(): Promise<void> {
    const stop = await this.servicePort.watch(this.budgetId, (update) => {
      this.take(update).catch((error: unknown) => {
        this.log.error({ budget: this.budgetId, err: error }, 'the dashboard could not take an update');
      });
    });
    if (this.closed) stop();
    else this.stop = stop;
  }

  close(): void {
    this.closed = true;
    this.stop?.();
  }

  /** Undefined until the store has answered once. */
  get seen(): SeenNow | undefined {
    if (this.last?.snapshot === undefined) return undefined;
    const { at, stale, waiters, snapshot, deniedRules = [], headline } = this.last;
    const { days, happenings } = this;
    return { at, stale, waiters, snapshot, days, happenings, denied: deniedRules, headline };
  }

  /** No answer of the store, or only an old one. */
  get stale(): boolean {
    return this.last?.stale ?? true;
  }

  /** There is no such budget any more: nothing more will be told. */
  get gone(): boolean {
    return this.last?.gone ?? false;
  }

  get told(): boolean {
    return this.last !== undefined;
  }

  private async take(update: WatchUpdate): Promise<void> {
    const { snapshot, events } = update;
    const news = events.flatMap((event) => happeningOf(event) ?? []).reverse();
    if (news.length > 0) this.happenings = [...news, ...this.happenings].slice(0, MOST_HAPPENINGS);
    this.last = update;
    if (snapshot !== undefined) {
      await Promise.all([this.readDays(snapshot), this.readPast(snapshot)]);
      for (const day of snapshot.openDays) this.days.set(day.day, day);
    }
    for (const listener of this.listeners) listener();
  }

  /** What happened before anybody looked: the latest fences are the latest grants. */
  private async readPast(snapshot: BudgetSnapshot): Promise<void> {
    if (this.hasPast) return;
    this.hasPast = true;
    try {
      const after = Math.max(0, snapshot.fence - MOST_HAPPENINGS);
      const closed = await this.servicePort.closedLeases(snapshot, after, MOST_HAPPENINGS);
      const known = new Set(this.happenings.map(nameOf));
      const past = happeningsOf([...closed, ...snapshot.liveLeases]).filter(
        (each) => !known.has(nameOf(each)),
      );
      this.happenings = [...this.happenings, ...past].slice(0, MOST_HAPPENINGS);
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      this.hasPast = false;
    }
  }

  /** The month's closed days change no more: they are read once. */
  private async readDays(snapshot: BudgetSnapshot): Promise<void> {
    const { key } = snapshot.month;
    const wanted = `${snapshot.epoch} ${key}`;
    if (this.daysOf === wanted) return;
    this.daysOf = wanted;
    this.days.clear();
    try {
      const found = await this.servicePort.usageDays(snapshot, firstDayOf(key), lastDayOf(key));
      for (const day of found) if (!this.days.has(day.day)) this.days.set(day.day, day);
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      this.daysOf = undefined;
    }
  }
}

function nameOf({ kind, fence }: HappeningData): string {
  return `${kind} ${fence}`;
}
