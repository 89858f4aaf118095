import { parseLeaseId } from '../domain/model/lease-id.js';
import type { BudgetSnapshot } from '../domain/model/outcomes.js';
import type { LeaseView, Rule } from '../domain/model/types.js';
import type { AnswerListener } from './answers.js';
import type { BudgetQueue } from './budget-queue.js';
import type { Context } from './context.js';
import { ArbiterError, type BudgetEvent, type Door, type WatchUpdate } from './door.js';
import { NOBODY } from './pending.js';
import { endOf, foreignEvents, ToldEvents } from './told-events.js';

const MAX_EVENTS = 1_000;

/**
 * One watcher of a budget. What this copy commits is told as it happens; what other copies commit is found by comparing
 * snapshots once a second.
 */
export class Watch implements AnswerListener {
  private events: BudgetEvent[] = [];
  private merged = 0;
  private denials = new Map<Rule, number>();
  private last: BudgetSnapshot | undefined;
  private readonly told = new ToldEvents();
  private closed = false;
  private readonly stopListening: () => void;
  private looking = false;

  constructor(
    readonly budgetId: string,
    private readonly context: Context,
    private readonly queue: BudgetQueue,
    private readonly door: Door,
    private readonly listener: (update: WatchUpdate) => void,
  ) {
    this.stopListening = queue.answers.listen(this);
    void this.tick();
  }

  close(): void {
    this.closed = true;
    this.stopListening();
  }

  happened(events: readonly BudgetEvent[]): void {
    for (const event of events) this.push(event);
  }

  denied(rules: readonly Rule[]): void {
    for (const rule of rules) this.denials.set(rule, (this.denials.get(rule) ?? 0) + 1);
  }

  private push(event: BudgetEvent): void {
    if (!this.told.add(event)) return;
    if (this.events.length < MAX_EVENTS) this.events.push(event);
    else this.merged += 1;
  }

  /** Once a second: looks, and tells. */
  async tick(): Promise<void> {
    if (this.closed) return;
    // The store is slow: what is known is told, and that it is old.
    if (this.looking) return this.tell(true);
    this.looking = true;
    try {
      const before = this.last;
      const found = await this.look();
      if (found === 'gone') return this.tellGone();
      if (found === 'fresh' && before !== undefined && this.last !== undefined) {
        await this.findForeign(before, this.last);
      }
      if (!this.closed) this.tell(found === 'stale');
    } catch (error) {
      this.context.log.error({ budget: this.budgetId, err: error }, 'watching went wrong');
    } finally {
      this.looking = false;
    }
  }

  private async look(): Promise<'fresh' | 'stale' | 'gone'> {
    try {
      const outcome = await this.door.submit(this.budgetId, { kind: 'get-snapshot' }, NOBODY_WATCHING);
      if (outcome.kind === 'refused') return 'gone';
      this.last = outcome.snapshot;
      return 'fresh';
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
      return 'stale';
    }
  }

  /** A watcher that was told figures of a budget that is no more would take them for its own. */
  private tellGone(): void {
    this.last = undefined;
    if (!this.closed) this.tell(false, { gone: true });
  }

  private tell(stale: boolean, end: { readonly gone?: true } = {}): void {
    const update: WatchUpdate = {
      at: this.last?.now ?? this.context.clock.read().now,
      events: this.events,
      mergedEvents: this.merged,
      denials: this.denials,
      deniedRules: this.queue.answers.denied.rules(),
      waiters: this.queue.waiters.size,
      snapshot: this.last,
      stale,
      ...end,
    };
    this.events = [];
    this.merged = 0;
    this.denials = new Map();
    this.listener(update);
  }

  private async findForeign(before: BudgetSnapshot, after: BudgetSnapshot): Promise<void> {
    const { events, gone } = foreignEvents(before, after);
    for (const event of events) this.push(event);
    for (const lease of gone) if (!this.told.hasEnd(lease.fence)) await this.findEnd(lease);
    this.told.turn();
  }

  /** How a lease ended that another copy closed: its receipt says so. */
  private async findEnd({ leaseId }: LeaseView): Promise<void> {
    const lease = parseLeaseId(leaseId);
    if (lease === undefined) return;
    try {
      const outcome = await this.door.submit(
        this.budgetId,
        { kind: 'get-lease', key: { lease } },
        NOBODY_WATCHING,
      );
      if (outcome.kind !== 'lease' || outcome.lease.status === 'LIVE') return;
      this.push(endOf(outcome.lease));
    } catch (error) {
      if (!(error instanceof ArbiterError)) throw error;
    }
  }
}

/** Not the arbiter's own request, which may commit for housekeeping: a watcher only looks. */
const NOBODY_WATCHING = { ...NOBODY };
