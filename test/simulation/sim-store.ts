import type { Receipt, StatePatch, StoredLease, StoredState, UsageDay } from '../../src/domain/state.js';
import type { Cut, TidyMark } from '../../src/domain/tidy-mark.js';
import {
  type BudgetStore,
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
  tidyMark?: TidyMark | undefined;
}

/**
 * A replica set as MongoDB is one: writes go to the primary and are acknowledged when a majority has them; reads see what a
 * majority has. While replication stalls, a write's outcome is a write-concern error, and a fail-over loses it.
 */
export class SimStore implements BudgetStore {
  readonly name = 'mongo';
  readonly exclusive = false;
  private majority: Node = { budgets: new Map(), days: new Map(), receipts: new Map() };
  private primary = this.majority;

  constructor(
    private readonly now: () => number,
    private readonly onCommit: CommitListener,
    readonly receiptsInCommit: boolean,
  ) {}

  get stalled(): boolean {
    return this.primary !== this.majority;
  }

  /** From now on nothing reaches the majority. */
  stall(): void {
    if (this.stalled) return;
    const { budgets, days, receipts, tidyMark } = this.majority;
    this.primary = {
      ...{ budgets: new Map(budgets), days: new Map(days), receipts: new Map(receipts) },
      tidyMark,
    };
  }

  /** The majority catches up: what was not acknowledged has happened after all. */
  heal(): void {
    this.majority = this.primary;
  }

  /** A node of the majority becomes the primary: what was not acknowledged has never happened. */
  failOver(): void {
    this.primary = this.majority;
  }

  private written<T>(result: T): T {
    if (this.stalled) throw new StoreError('unknown', 'write-concern error: the majority did not confirm');
    return result;
  }

  async load(budgetId: string): Promise<StoredState | undefined> {
    return this.majority.budgets.get(budgetId);
  }

  async version(budgetId: string): Promise<StateVersion | undefined> {
    const head = this.majority.budgets.get(budgetId)?.head;
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
    this.primary.budgets.set(budgetId, this.receiptsInCommit ? this.withoutOutbox(budgetId, after) : after);
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
      if (before < document.revision) this.primary.days.set(key, deepFreeze(document));
    }
    this.written(undefined);
  }

  async readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]> {
    return [...this.majority.days.values()]
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
    if (before < receipt.revision) this.primary.receipts.set(key, deepFreeze(receipt));
  }

  async findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>> {
    const found = new Map<string, Receipt>();
    for (const id of ids) {
      const receipt = this.majority.receipts.get(`${budgetId} ${id}`);
      if (receipt !== undefined) found.set(id, receipt);
    }
    return found;
  }

  async listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    return [...this.majority.receipts.entries()]
      .filter(([key, { id }]) => key === `${budgetId} ${id}` && id.startsWith(prefix) && id > after)
      .map(([, receipt]) => receipt)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  /** What every reader sees. */
  peekState(budgetId: string): StoredState | undefined {
    return this.majority.budgets.get(budgetId);
  }

  /** What the primary has of a receipt, acknowledged or not: for those who watch. */
  peekReceipt(budgetId: string, id: string): Receipt | undefined {
    return this.primary.receipts.get(`${budgetId} ${id}`);
  }

  async list(after: string, limit: number): Promise<ListedBudget[]> {
    return [...this.majority.budgets]
      .filter(([budgetId]) => budgetId > after)
      .slice(0, limit)
      .map(([budgetId, { head, sections }]) => ({ budgetId, head, settings: sections.settings }));
  }

  async due(now: number, limit: number): Promise<string[]> {
    return [...this.majority.budgets]
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

/** A lease with this label stands for a value that the engine refuses. */
export const REFUSED_LABEL = 'refuse-me';

function isRefused({ section, value }: StatePatch['puts'][number]): boolean {
  return section === 'leases' && (value as StoredLease).labels?.[REFUSED_LABEL] !== undefined;
}
