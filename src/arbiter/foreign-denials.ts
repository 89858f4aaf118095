import { RECENT_MS, type RecentDenials } from '../domain/denials/recent.js';
import type { DenialHead } from '../domain/denials/records.js';
import { recentOf } from '../domain/denials/records.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { type BudgetStore, StoreError } from '../store/store.js';

/** Others write every 5 s; more often there is nothing new. */
const FRESH_MS = 5_000;
const MOST_HEADS = 2_000;

interface Means {
  readonly store: BudgetStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly ownWriter: string;
}

/**
 * What others refused of late, of every budget in one read, which is made while somebody asks: other replicas, and this one before it
 * was started again. Where the store has one writer it is asked once.
 */
export class ForeignDenials {
  private heads: ReadonlyMap<string, readonly DenialHead[]> = new Map();
  private askedAt = Number.NEGATIVE_INFINITY;
  private asking: Promise<void> | undefined;

  constructor(private readonly means: Means) {}

  /** As they were known a moment ago; what is newer comes with the next question. */
  known(budgetId: string, epoch: number): RecentDenials[] {
    void this.refresh();
    const since = this.means.clock.read().now - RECENT_MS;
    const own = (this.heads.get(budgetId) ?? []).filter(
      (head) => head.epoch === epoch && head.lastAt >= since,
    );
    return own.map((head) => recentOf(head, since));
  }

  /** Never fails: what cannot be had stays what it was. */
  refresh(): Promise<void> {
    const { clock, store } = this.means;
    const now = clock.monotonic();
    if (now - this.askedAt < (store.exclusive ? Number.POSITIVE_INFINITY : FRESH_MS))
      return Promise.resolve();
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
      this.askedAt = clock.monotonic();
    });
    return this.asking;
  }

  private async ask(): Promise<void> {
    const { clock, store, log, ownWriter } = this.means;
    try {
      const found = await store.recentDenials(clock.read().now - RECENT_MS, MOST_HEADS);
      const heads = new Map<string, DenialHead[]>();
      for (const head of found) {
        if (head.writer.startsWith(`${ownWriter}-`)) continue;
        const others = heads.get(head.budgetId);
        if (others === undefined) heads.set(head.budgetId, [head]);
        else others.push(head);
      }
      this.heads = heads;
    } catch (error) {
      if (error instanceof StoreError)
        log.debug({ reason: error.message }, 'denials of others could not be read');
      else log.error({ err: error }, 'denials of others could not be read');
    }
  }
}
