import { KEPT_CHANGES, type StoredChange } from '../../src/domain/model/changes.js';
import type {
  Receipt,
  StatePatch,
  StoredLease,
  StoredState,
  UsageDay,
} from '../../src/domain/model/state.js';
import type { Cut, TidyMark } from '../../src/domain/time/tidy-mark.js';
import { MemoryDenials } from '../../src/store/memory/memory-denials.js';
import {
  type BudgetStore,
  type Freshness,
  type ListedBudget,
  type StateVersion,
  StoreError,
  type Tidied,
} from '../../src/store/store.js';
import { applied, deepFreeze } from './sim-state.js';

type CommitListener = (budgetId: string, before: StoredState | undefined, after: StoredState) => void;

interface Node {
  readonly budgets: Map<string, StoredState>;
  /** By `budget epoch day`. */
  readonly days: Map<string, UsageDay>;
  /** By `budget id`. */
  readonly receipts: Map<string, Receipt>;
  /** By `budget number`. */
  readonly changes: Map<string, StoredChange>;
  tidyMark?: TidyMark | undefined;
}

/** What a fail-over leaves behind: a primary that shows an older state, until it learns what a majority has. */
export interface Lag {
  /** What it shows lacks so many of the last writes that were acknowledged; at most `MOST_LAG`. */
  readonly writes: number;
  /** Collections that lag: all of them, or those of one shard. */
  readonly parts: readonly (keyof Node)[];
  /** How many reads may meet it. Each may as well come by another way, which does not lag. */
  readonly reads: number;
  /** The next acknowledged write ends it, as in one replica set; by another way, an older primary may still be asked. */
  readonly endsByWrite: boolean;
}

/** What was there before a write. */
interface Before {
  readonly part: keyof Node;
  readonly key: string;
  readonly value: unknown;
}

export const MOST_LAG = 12;
/** Some collections are written more often than others. */
const REMEMBERED_WRITES = 100;
const ASKS_THE_LAGGING = 0.7;
/** While nothing is confirmed, some reads that must be current are answered still, by what was confirmed before. */
const UNCONFIRMED = 0.5;

/**
 * A replica set as MongoDB is one: writes go to the primary and are acknowledged when a majority has them; reads see what a
 * majority has. While replication stalls, a write's outcome is a write-concern error, and a fail-over loses it. After one,
 * reads that need not be current may go back for a moment, to any mixture of what was and what is. One that is exclusive has one node.
 */
export class SimStore extends MemoryDenials implements BudgetStore {
  readonly name = 'mongo';
  readonly exclusive: boolean;
  readonly receiptsInCommit: boolean;
  private majority: Node = {
    ...{ budgets: new Map(), days: new Map(), receipts: new Map(), changes: new Map() },
  };
  private primary = this.majority;
  /** Of the last acknowledged writes, the newest last. */
  private readonly undo: Before[] = [];
  private behind: Node | undefined;
  private lag: Lag | undefined;
  private laggingReads = 0;

  constructor(
    private readonly now: () => number,
    private readonly random: () => number,
    private readonly onCommit: CommitListener,
    { exclusive, receiptsInCommit }: { readonly exclusive: boolean; readonly receiptsInCommit: boolean },
  ) {
    super();
    this.exclusive = exclusive;
    this.receiptsInCommit = receiptsInCommit;
  }

  get stalled(): boolean {
    return this.primary !== this.majority;
  }

  /** From now on nothing reaches the majority. */
  stall(): void {
    if (this.stalled || this.exclusive) return;
    this.primary = copyOf(this.majority);
  }

  /** The majority catches up: what was not acknowledged has happened after all. */
  heal(): void {
    if (this.stalled) this.undo.length = 0;
    this.majority = this.primary;
    this.lag = undefined;
  }

  /** A node of the majority becomes the primary: what was not acknowledged has never happened. */
  failOver(lag: Lag): void {
    if (this.exclusive) return;
    this.primary = this.majority;
    this.lag = lag;
    this.laggingReads = lag.reads;
    this.behind = this.nodeBehind(lag);
  }

  private nodeBehind({ writes, parts }: Lag): Node {
    const node = copyOf(this.majority);
    const missing = this.undo.filter(({ part }) => parts.includes(part)).slice(-writes);
    for (const { part, key, value } of missing.reverse()) {
      const map = node[part] as Map<string, unknown>;
      if (value === undefined) map.delete(key);
      else map.set(key, value);
    }
    return node;
  }

  /** What a read sees that need not be current. */
  private get recent(): Node {
    if (this.lag === undefined || this.behind === undefined) return this.majority;
    if (this.random() > ASKS_THE_LAGGING) return this.majority;
    this.laggingReads -= 1;
    if (this.laggingReads <= 0) this.lag = undefined;
    return this.behind;
  }

  /** What a read sees that must be: confirmed by a majority, or there is no answer. */
  private get current(): Node {
    if (this.stalled && this.random() < UNCONFIRMED)
      throw new StoreError('unavailable', 'no majority confirms that this is the primary');
    return this.majority;
  }

  private put<P extends keyof Node>(part: P, key: string, value: unknown): void {
    const map = this.primary[part] as Map<string, unknown>;
    if (!this.stalled) {
      this.undo.push({ part, key, value: map.get(key) });
      if (this.undo.length > REMEMBERED_WRITES) this.undo.shift();
      if (this.lag?.endsByWrite) this.lag = undefined;
    }
    map.set(key, value);
  }

  private written<T>(result: T): T {
    if (this.stalled) throw new StoreError('unknown', 'write-concern error: the majority did not confirm');
    return result;
  }

  async load(budgetId: string, freshness: Freshness = 'current'): Promise<StoredState | undefined> {
    return this[freshness].budgets.get(budgetId);
  }

  async version(budgetId: string): Promise<StateVersion | undefined> {
    const head = this.current.budgets.get(budgetId)?.head;
    return head && { epoch: head.epoch, revision: head.revision };
  }

  async commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
  ): Promise<'won' | 'lost'> {
    const before = this.primary.budgets.get(budgetId);
    if (before?.head.epoch !== expected?.epoch || before?.head.revision !== expected?.revision) return 'lost';
    if (patch.puts.some(isRefused)) throw new StoreError('refused', 'a value that the store never accepts');
    const after = applied(before, deepFreeze(patch));
    this.onCommit(budgetId, before, after);
    this.put('budgets', budgetId, this.receiptsInCommit ? this.withoutOutbox(budgetId, after) : after);
    return this.written('won');
  }

  private withoutOutbox(budgetId: string, { head, sections }: StoredState): StoredState {
    for (const receipt of sections.outbox.values()) this.putReceipt(budgetId, receipt);
    return { head, sections: { ...sections, outbox: new Map() } };
  }

  async writeDays(days: readonly UsageDay[]): Promise<void> {
    for (const document of days) {
      const key = `${document.budgetId} ${document.epoch} ${document.day}`;
      const before = this.primary.days.get(key)?.revision ?? -1;
      if (before < document.revision) this.put('days', key, deepFreeze(document));
    }
    this.written(undefined);
  }

  async readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]> {
    return [...this.current.days.values()]
      .filter((d) => d.budgetId === budgetId && d.epoch === epoch && from <= d.day && d.day <= to)
      .sort((a, b) => (a.day < b.day ? -1 : 1));
  }

  async writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    for (const receipt of receipts) this.putReceipt(budgetId, receipt);
    this.written(undefined);
  }

  private putReceipt(budgetId: string, receipt: Receipt): void {
    const key = `${budgetId} ${receipt.id}`;
    const before = this.primary.receipts.get(key)?.revision ?? -1;
    if (before < receipt.revision) this.put('receipts', key, deepFreeze(receipt));
  }

  async findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>> {
    const found = new Map<string, Receipt>();
    const { receipts } = this.current;
    for (const id of ids) {
      const receipt = receipts.get(`${budgetId} ${id}`);
      if (receipt !== undefined) found.set(id, receipt);
    }
    return found;
  }

  async listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    return [...this.current.receipts.entries()]
      .filter(([key, { id }]) => key === `${budgetId} ${id}` && id.startsWith(prefix) && id > after)
      .map(([, receipt]) => receipt)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async writeChanges(budgetId: string, changes: readonly StoredChange[]): Promise<void> {
    for (const change of changes) {
      const key = `${budgetId} ${change.number}`;
      const before = this.primary.changes.get(key)?.revision ?? -1;
      if (before < change.revision) this.put('changes', key, deepFreeze(change));
    }
    const newest = Math.max(0, ...changes.map(({ number }) => number));
    for (const [key, { number }] of this.primary.changes)
      if (key === `${budgetId} ${number}` && number <= newest - KEPT_CHANGES)
        this.primary.changes.delete(key);
    this.written(undefined);
  }

  async readChanges(budgetId: string, below: number, limit: number): Promise<StoredChange[]> {
    return [...this.current.changes]
      .filter(([key, { number }]) => key === `${budgetId} ${number}` && number < below)
      .map(([, change]) => change)
      .sort((a, b) => b.number - a.number)
      .slice(0, limit);
  }

  /** What a majority has. */
  peekState(budgetId: string): StoredState | undefined {
    return this.majority.budgets.get(budgetId);
  }

  /** What the primary has of a receipt, acknowledged or not: for those who watch. */
  peekReceipt(budgetId: string, id: string): Receipt | undefined {
    return this.primary.receipts.get(`${budgetId} ${id}`);
  }

  /** The same of a record of a change. */
  peekChange(budgetId: string, number: number): StoredChange | undefined {
    return this.primary.changes.get(`${budgetId} ${number}`);
  }

  /** The same of a usage document. */
  peekDay(budgetId: string, epoch: number, day: string): UsageDay | undefined {
    return this.primary.days.get(`${budgetId} ${epoch} ${day}`);
  }

  async list(after: string, limit: number): Promise<ListedBudget[]> {
    return [...this.current.budgets]
      .filter(([budgetId]) => budgetId > after)
      .slice(0, limit)
      .map(([budgetId, { head, sections }]) => ({ budgetId, head, settings: sections.settings }));
  }

  async due(now: number, limit: number): Promise<string[]> {
    return [...this.recent.budgets]
      .filter(([, { head }]) => head.wakeAt !== undefined && head.wakeAt <= now)
      .map(([budgetId]) => budgetId)
      .slice(0, limit);
  }

  async time(): Promise<number> {
    return this.now();
  }

  async tidy({ dayBefore, receiptsBefore }: Cut): Promise<Tidied> {
    const { days, receipts } = this.primary;
    const removed = { days: 0, receipts: 0 };
    for (const [key, { day }] of days) if (day < dayBefore && days.delete(key)) removed.days += 1;
    for (const [key, { at }] of receipts) {
      if (at < receiptsBefore && receipts.delete(key)) removed.receipts += 1;
    }
    return this.written(removed);
  }

  async readTidyMark(): Promise<TidyMark | undefined> {
    return this.majority.tidyMark;
  }

  async swapTidyMark(mark: TidyMark): Promise<'won' | 'lost'> {
    if ((this.primary.tidyMark?.revision ?? 0) !== mark.revision - 1) return 'lost';
    this.primary.tidyMark = deepFreeze(mark);
    return this.written('won');
  }

  async forget(budgetId: string, { epoch, revision }: StateVersion): Promise<'won' | 'lost'> {
    const head = this.primary.budgets.get(budgetId)?.head;
    if (head?.epoch !== epoch || head.revision !== revision || !head.deleted) return 'lost';
    this.primary.budgets.delete(budgetId);
    return this.written('won');
  }

  async close(): Promise<void> {}
}

function copyOf({ budgets, days, receipts, changes, tidyMark }: Node): Node {
  return {
    ...{ budgets: new Map(budgets), days: new Map(days) },
    ...{ receipts: new Map(receipts), changes: new Map(changes), tidyMark },
  };
}

/** A lease with this label stands for a value that the engine refuses. */
export const REFUSED_LABEL = 'refuse-me';

function isRefused({ section, value }: StatePatch['puts'][number]): boolean {
  return section === 'leases' && (value as StoredLease).labels?.[REFUSED_LABEL] !== undefined;
}
