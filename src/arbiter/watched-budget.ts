import { parseLeaseId } from '../domain/model/lease-id.js';
import type { BudgetSnapshot } from '../domain/model/outcomes.js';
import type { LeaseView } from '../domain/model/types.js';
import { budgetHeadline } from '../domain/statistics/budget-headline.js';
import type { Headline } from '../domain/statistics/headline.js';
import type { AnswerListener } from './answers.js';
import type { BudgetQueue } from './budget-queue.js';
import type { Context } from './context.js';
import { recentDenials } from './denial-listing.js';
import { NOBODY } from './pending.js';
import { ArbiterError, type BudgetEvent, type ServicePort } from './service-port.js';
import { endOf, foreignEvents, ToldEvents, undone } from './told-events.js';
import type { CommonUpdate, DeniedSoFar, Watch } from './watch.js';
import { WatchedEvents } from './watched-events.js';

/** More grants of others between two looks are not looked up one by one. */
const MOST_UNSEEN = 1_000;
/** Not the arbiter's own request, which may commit for housekeeping: a watcher only looks. */
const NOBODY_WATCHING = { ...NOBODY };

type Found = 'fresh' | 'stale' | 'gone';

/**
 * A budget that somebody watches, or watched a moment ago. What this replica commits is heard of as it happens; what others
 * commit is found by comparing snapshots, once a second. Both have their place among the budget's revisions, so that each
 * watcher, also one that comes back, is told each event once.
 */
export class WatchedBudget implements AnswerListener {
  private readonly watches = new Set<Watch>();
  private readonly events = new WatchedEvents();
  private readonly told = new ToldEvents();
  private last: BudgetSnapshot | undefined;
  private looking: Promise<Found> | undefined;
  private ticks = 0;
  /** The tick at which the look under way should be over. */
  private lookDueAt = 0;
  private closed = false;
  /** When its last watcher left, by the monotonic clock. */
  leftAt = 0;
  private readonly stopListening: () => void;

  constructor(
    readonly budgetId: string,
    private readonly context: Context,
    private readonly queue: BudgetQueue,
    private readonly servicePort: ServicePort,
  ) {
    this.stopListening = queue.answers.listen(this);
  }

  get size(): number {
    return this.watches.size;
  }

  add(watch: Watch): void {
    this.watches.add(watch);
    void this.greet(watch);
  }

  remove(watch: Watch): void {
    this.watches.delete(watch);
    this.leftAt = this.context.clock.monotonic();
  }

  close(): void {
    this.closed = true;
    this.watches.clear();
    this.stopListening();
  }

  happened(events: readonly BudgetEvent[], revision: number): void {
    if (!this.context.store.exclusive) for (const event of events) this.told.add(event);
    this.events.add(events, revision);
  }

  /** By a look of its own: one that is under way may be older than what the watcher was told elsewhere. */
  private async greet(watch: Watch): Promise<void> {
    while (this.looking !== undefined) await this.looking;
    this.lookDueAt = this.ticks + 2;
    await this.lookAndTell(() => [watch]);
  }

  /** Once a second: looks, and tells. */
  tick(): void {
    this.ticks += 1;
    // Where nobody else commits there is nothing to be found.
    if (this.closed || (this.watches.size === 0 && this.context.store.exclusive)) return;
    if (this.looking === undefined) {
      this.lookDueAt = this.ticks + 1;
      void this.lookAndTell(() => this.watches);
    } else if (this.ticks < this.lookDueAt) {
      void this.looking.then(() => this.lookAndTell(() => this.watches));
    } else {
      // The store is slow: what is known is told, and that it is old.
      for (const watch of this.watches) watch.tellStale(this.common(true));
    }
  }

  private async lookAndTell(whom: () => Iterable<Watch>): Promise<void> {
    this.looking ??= this.look();
    const found = await this.looking;
    if (this.closed) return;
    if (found === 'gone') return this.tellGone([...this.watches]);
    for (const watch of [...whom()]) {
      if (!this.watches.has(watch)) continue;
      if (found === 'fresh') watch.tell(this.common(false), this.events);
      else watch.tellStale(this.common(true));
    }
  }

  private async look(): Promise<Found> {
    try {
      const outcome = await this.servicePort.submit(this.budgetId, { kind: 'get-snapshot' }, NOBODY_WATCHING);
      if (outcome.kind === 'refused') return 'gone';
      await this.compare(outcome.snapshot);
      return 'fresh';
    } catch (error) {
      if (!(error instanceof ArbiterError))
        this.context.log.error({ budget: this.budgetId, err: error }, 'watching went wrong');
      return 'stale';
    } finally {
      this.looking = undefined;
    }
  }

  /** Takes the snapshot for the last one when all is known that happened between them. */
  private async compare(snapshot: BudgetSnapshot): Promise<void> {
    const before = this.last;
    if (before?.epoch === snapshot.epoch) {
      const { found, lost } = await this.foreign(before, snapshot);
      const news = found.filter((event) => this.told.add(event));
      this.told.compared();
      this.events.advance(snapshot.revision, news, lost);
    } else {
      // It was deleted and began again: who watched the one before hears that it is gone.
      if (before !== undefined) this.tellGone([...this.watches].filter(({ hasBegun }) => hasBegun));
      this.events.begin(snapshot.revision);
    }
    this.last = snapshot;
  }

  /** A watcher that was told figures of a budget that is no more would take them for its own. */
  private tellGone(watches: readonly Watch[]): void {
    this.events.end();
    const common = { ...this.common(false), snapshot: undefined, headline: undefined, gone: true as const };
    for (const watch of watches) watch.tell(common, this.events);
  }

  deniedSoFar(): DeniedSoFar {
    return new Map(this.queue.answers.denied.counts().map(({ rule, denied }) => [rule, denied]));
  }

  private headline(stale: boolean): Headline | undefined {
    if (this.last === undefined) return undefined;
    const now = Math.max(this.last.now, this.context.clock.read().now);
    const recent = recentDenials(this.context, this.budgetId, this.last.epoch);
    return budgetHeadline(this.last, recent, { now, stale });
  }

  private common(stale: boolean): CommonUpdate {
    return {
      at: this.last?.now ?? this.context.clock.read().now,
      deniedRules: this.queue.answers.denied.rules(),
      deniedSoFar: this.deniedSoFar(),
      waiters: this.queue.waiters.size,
      snapshot: this.last,
      headline: this.headline(stale),
      stale,
    };
  }

  /** What other replicas committed between two snapshots. */
  private async foreign(before: BudgetSnapshot, after: BudgetSnapshot) {
    if (this.context.store.exclusive) return { found: [], lost: false };
    const { events: found, gone } = foreignEvents(before, after);
    for (const lease of gone)
      if (!this.told.hasEnd(lease.fence)) found.push((await this.findEnd(lease)) ?? undone(lease, after.now));
    if (after.fence - before.fence > MOST_UNSEEN) return { found, lost: true };
    const unseen = this.unseenFences(before, after, found);
    if (unseen.size === 0) return { found, lost: false };
    for (const lease of await this.servicePort.closedLeases(after, before.fence, MOST_UNSEEN)) {
      if (unseen.delete(lease.fence))
        found.push({ kind: 'granted', at: lease.grantedAt, lease }, endOf(lease));
    }
    return { found, lost: unseen.size > 0 };
  }

  /** Leases granted since that the snapshots do not show, since they are over and written out by now. */
  private unseenFences(before: BudgetSnapshot, after: BudgetSnapshot, found: readonly BudgetEvent[]) {
    const unseen = new Set<number>();
    for (let fence = before.fence + 1; fence <= after.fence; fence += 1)
      if (!this.told.hasGrant(fence) || !this.told.hasEnd(fence)) unseen.add(fence);
    for (const { fence } of after.liveLeases) unseen.delete(fence);
    for (const event of found) if (event.kind === 'granted') unseen.delete(event.lease.fence);
    return unseen;
  }

  /** How a lease ended that another replica closed: its receipt says so. Undefined if there is none. */
  private async findEnd({ leaseId }: LeaseView): Promise<BudgetEvent | undefined> {
    const lease = parseLeaseId(leaseId);
    if (lease === undefined) return undefined;
    const request = { kind: 'get-lease', key: { lease } } as const;
    const outcome = await this.servicePort.submit(this.budgetId, request, NOBODY_WATCHING);
    return outcome.kind === 'lease' ? endOf(outcome.lease) : undefined;
  }
}
