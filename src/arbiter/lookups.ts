import type { Ledger } from '../domain/ledger.js';
import type { Receipt, UsageDay } from '../domain/state.js';
import type { BudgetStore, StateVersion } from '../store/store.js';
import type { Pending } from './pending.js';

/** One read of receipts and usage documents. It counts for the requests that it was sent for until they are decided. */
export interface Lookup {
  /** Its place among this copy's lookups and acknowledged receipt writes. */
  readonly order: number;
  /** The committed state that it was sent at. */
  readonly version: StateVersion;
  /** The loading of the ledger that it was sent at. */
  readonly lineage: number;
  users: number;
}

interface Wanted {
  readonly pending: Pending;
  readonly receiptIds: readonly string[];
  readonly days: readonly string[];
}

/** Looks up what the state does not know: one read at a time, each for every request that gathered since the last. */
export class Lookups {
  private wanted: Wanted[] = [];
  private running = false;
  private readonly active = new Set<Lookup>();
  private order = 0;

  constructor(
    private readonly budgetId: string,
    private readonly store: BudgetStore,
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

  ask(pending: Pending, receiptIds: readonly string[], days: readonly string[]): void {
    this.wanted.push({ pending, receiptIds, days });
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
   * Whether what was found, and not found, still holds. A receipt that was dropped from the state since may have been written
   * after the read; but a drop of this copy's own waits for every lookup that was sent before the write was acknowledged.
   */
  isValid(lookup: Lookup, ledger: Ledger, lineage: number): boolean {
    if (lookup.lineage === lineage) return lookup.version.epoch === ledger.epoch;
    return lookup.version.epoch === ledger.epoch && ledger.receiptsDroppedAt <= lookup.version.revision;
  }

  /** Whether a lookup that was sent before this place in the order is still in use. */
  heldBack(order: number): boolean {
    for (const lookup of this.active) if (lookup.order < order) return true;
    return false;
  }

  private async run(): Promise<void> {
    this.running = true;
    // Requests of one tick share a read.
    await Promise.resolve();
    while (this.wanted.length > 0) {
      const group = this.wanted;
      this.wanted = [];
      const lookup: Lookup = { order: this.nextOrder(), ...this.now(), users: group.length };
      this.active.add(lookup);
      await this.look(group, lookup);
    }
    this.running = false;
  }

  private async look(group: Wanted[], lookup: Lookup): Promise<void> {
    try {
      const [receipts, days] = await Promise.all([
        this.findReceipts([...new Set(group.flatMap((w) => w.receiptIds))]),
        this.findDays([...new Set(group.flatMap((w) => w.days))], lookup.version.epoch),
      ]);
      for (const { pending, ...asked } of group) {
        this.release(pending);
        pending.lookup = lookup;
        pending.evidence = { receipts: pick(asked.receiptIds, receipts), days: pick(asked.days, days) };
      }
      for (const { pending } of group) this.done(pending);
    } catch (error) {
      this.active.delete(lookup);
      for (const { pending } of group) this.done(pending, error);
    }
  }

  private async findReceipts(ids: string[]): Promise<ReadonlyMap<string, Receipt>> {
    return ids.length === 0 ? new Map() : this.store.findReceipts(this.budgetId, ids);
  }

  private async findDays(days: string[], epoch: number): Promise<ReadonlyMap<string, UsageDay>> {
    if (days.length === 0) return new Map();
    days.sort();
    const found = await this.store.readDays(this.budgetId, epoch, days[0] ?? '', days[days.length - 1] ?? '');
    return new Map(found.map((document) => [document.day, document]));
  }
}

function pick<V>(keys: readonly string[], found: ReadonlyMap<string, V>): ReadonlyMap<string, V | undefined> {
  return new Map(keys.map((key) => [key, found.get(key)]));
}
