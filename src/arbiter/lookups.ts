import { type Ledger, refuseNewer } from '../domain/ledger/ledger.js';
import { LazySet } from '../domain/model/lazy-set.js';
import type { Receipt, UsageDay } from '../domain/model/state.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { BudgetStore, StateVersion } from '../store/store.js';
import type { Lookup, Pending } from './pending.js';
import type { Search } from './queue-events.js';

const DAY_MS = 86_400_000;
const NOTHING: ReadonlyMap<string, undefined> = new Map();

/**
 * Looks up what the state does not know: one read at a time, each for every request that gathered since the last.
 *
 *   request ──ask──▶ wanted ──(one read at a time)──▶ reading ──found──▶ evidence, until the request is decided: `release`
 *                                                       └──failed──▶ told with the error
 *
 * A read says nothing of what changed after its sending. So each carries what was known then, its `Lookup`:
 *
 * - `version`, of the committed state. Receipts that left the state in a commit after it (`receiptsDroppedAt > revision`) may be missed by
 *   the read and by the state: what was found and not found counts no more, and is looked up again. The same of days.
 * - `lineage`, the loading of the ledger. As long as it is the same every drop since was this replica's own, and such a drop waits:
 * - `order`, its place among this replica's lookups (each takes the next number at its sending) and acknowledged writes of receipts
 *   and days (each takes one when it is acknowledged). What was written at `n` is not dropped while a lookup below `n` is in use
 *   (`heldBack`): that lookup may have been sent before the write, and its miss counts.
 *
 *        lookup 4 sent ──▶ (misses r) ─────────────────▶ decided: released
 *                 r acknowledged: 5 ──── drop of r held back ───┴──▶ r may leave the state
 */
export class Lookups {
  private wanted: Search[] = [];
  /** What the read under way was sent for. */
  private reading: readonly Search[] = [];
  private running = false;
  private readonly active = new LazySet<Lookup>();
  private order = 0;

  constructor(
    private readonly budgetId: string,
    private readonly context: { readonly store: BudgetStore; readonly scheduler: Scheduler },
    private readonly now: () => { version: StateVersion; lineage: number },
    private readonly done: (pending: Pending, error?: unknown) => void,
  ) {}

  /** The place of an event after every lookup sent so far. */
  nextOrder(): number {
    this.order += 1;
    return this.order;
  }

  get size(): number {
    return this.wanted.length + this.active.size;
  }

  /** Requests that wait for a read. */
  underWay(): Pending[] {
    return [...this.wanted, ...this.reading].map(({ pending }) => pending);
  }

  ask(search: Search): void {
    this.wanted.push(search);
    if (!this.running) void this.run();
  }

  /** The request is decided or gone: its lookup no longer holds a drop back. */
  release(pending: Pending): void {
    const { lookup } = pending;
    pending.lookup = undefined;
    pending.evidence = undefined;
    if (lookup === undefined) return;
    lookup.users -= 1;
    if (lookup.users === 0) this.active.delete(lookup);
  }

  /**
   * Whether the receipts that were found, and not found, still hold. A receipt that was dropped from the state since may have been written
   * after the read; but a drop of this replica's own waits for every lookup that was sent before the write was acknowledged.
   */
  areReceiptsValid(lookup: Lookup, ledger: Ledger, lineage: number): boolean {
    if (lookup.lineage === lineage) return lookup.version.epoch === ledger.epoch;
    return lookup.version.epoch === ledger.epoch && ledger.receiptsDroppedAt <= lookup.version.revision;
  }

  /**
   * The same of usage documents: a day that is not in the state, and of which none was dropped since, was not there at the sending
   * either; so nobody has brought it back and changed it.
   */
  areDaysValid(lookup: Lookup, ledger: Ledger, lineage: number): boolean {
    if (lookup.version.epoch !== ledger.epoch) return false;
    return lookup.lineage === lineage || ledger.daysDroppedAt <= lookup.version.revision;
  }

  /** Whether a lookup that was sent before this place in the order is still in use. */
  heldBack(order: number): boolean {
    for (const lookup of this.active) if (lookup.order < order) return true;
    return false;
  }

  private async run(): Promise<void> {
    this.running = true;
    // What one reading of the sockets brought shares a read: each call comes in a microtask of its own.
    await new Promise<void>((resolve) => this.context.scheduler.soon(resolve));
    while (this.wanted.length > 0) {
      this.reading = this.wanted;
      this.wanted = [];
      const { version, lineage } = this.now();
      const lookup: Lookup = { order: this.nextOrder(), version, lineage, users: this.reading.length };
      this.active.add(lookup);
      const error = await this.look(this.reading, lookup);
      const back = this.reading;
      this.reading = [];
      for (const { pending } of back) this.done(pending, error);
    }
    this.running = false;
  }

  /** Gives each request its part of what was found; or says what went wrong. */
  private async look(group: readonly Search[], lookup: Lookup): Promise<unknown> {
    try {
      const wantedDays = [...new Set(group.flatMap((w) => w.days))];
      const reading = this.findReceipts([...new Set(group.flatMap((w) => w.receiptIds))]);
      const [receipts, days] =
        wantedDays.length === 0
          ? [await reading, NOTHING]
          : await Promise.all([reading, this.findDays(wantedDays, lookup.version.epoch)]);
      for (const { pending, ...asked } of group) {
        this.release(pending);
        pending.lookup = lookup;
        pending.evidence = { receipts: pick(asked.receiptIds, receipts), days: pick(asked.days, days) };
      }
      return undefined;
    } catch (error) {
      this.active.delete(lookup);
      return error;
    }
  }

  private async findReceipts(ids: string[]): Promise<ReadonlyMap<string, Receipt>> {
    return ids.length === 0 ? new Map() : this.context.store.findReceipts(this.budgetId, ids);
  }

  private async findDays(days: string[], epoch: number): Promise<ReadonlyMap<string, UsageDay>> {
    const runs = await Promise.all(
      runsOf(days.sort()).map(({ from, to }) => this.context.store.readDays(this.budgetId, epoch, from, to)),
    );
    const documents = runs.flat();
    for (const document of documents) refuseNewer(this.budgetId, document);
    return new Map(documents.map((document) => [document.day, document]));
  }
}

/** Days that follow each other are read at once; those between two that do not are nobody's business. */
function runsOf(days: readonly string[]): { from: string; to: string }[] {
  const runs: { from: string; to: string }[] = [];
  for (const day of days) {
    const last = runs[runs.length - 1];
    if (last !== undefined && Date.parse(day) - Date.parse(last.to) <= DAY_MS) last.to = day;
    else runs.push({ from: day, to: day });
  }
  return runs;
}

function pick<V>(keys: readonly string[], found: ReadonlyMap<string, V>): ReadonlyMap<string, V | undefined> {
  return keys.length === 0 ? NOTHING : new Map(keys.map((key) => [key, found.get(key)]));
}
