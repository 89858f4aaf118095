import { KEPT_CHANGES, type StoredChange } from '../../domain/model/changes.js';
import type { Receipt, StatePatch, StoredState, UsageDay } from '../../domain/model/state.js';
import type { Cut, TidyMark } from '../../domain/time/tidy-mark.js';
import type { BudgetStore, ListedBudget, StateVersion, Tidied } from '../store.js';
import { applyPatch, type MemoryBudget, replicaState } from './memory-budget.js';
import { MemoryDenials } from './memory-denials.js';

export interface MemoryStoreOptions {
  /** False: behave as a store that other writers share, so that one instance can serve several arbiters. */
  readonly exclusive?: boolean;
  /** Write receipts with the commit, as the embedded store does. */
  readonly receiptsInCommit?: boolean;
  /** False: keep what is handed over as it is. For one writer who, as a ledger, changes nothing that it has handed over. */
  readonly copies?: boolean;
}

export async function openMemoryStore(options: MemoryStoreOptions = {}): Promise<BudgetStore> {
  return new MemoryStore(
    options.exclusive ?? true,
    options.receiptsInCommit ?? false,
    options.copies ?? true,
  );
}

/** For replays and tests. To a test everything is a copy, so that nobody can reach into the stored state. */
class MemoryStore extends MemoryDenials implements BudgetStore {
  readonly name = 'memory';
  private readonly budgets = new Map<string, MemoryBudget>();
  /** By `budget epoch`, then by day. */
  private readonly days = new Map<string, Map<string, UsageDay>>();
  /** By budget, then by receipt id. */
  private readonly receipts = new Map<string, Map<string, Receipt>>();
  /** By budget, then by number. */
  private readonly changes = new Map<string, Map<number, StoredChange>>();
  private tidyMark: TidyMark | undefined;

  constructor(
    readonly exclusive: boolean,
    readonly receiptsInCommit: boolean,
    private readonly copies: boolean,
  ) {
    super();
  }

  async load(budgetId: string): Promise<StoredState | undefined> {
    const budget = this.budgets.get(budgetId);
    return budget && replicaState(budget);
  }

  async version(budgetId: string): Promise<StateVersion | undefined> {
    const head = this.budgets.get(budgetId)?.head;
    return head && { epoch: head.epoch, revision: head.revision };
  }

  async commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
  ): Promise<'won' | 'lost'> {
    const budget = this.budgets.get(budgetId);
    if (budget?.head.epoch !== expected?.epoch || budget?.head.revision !== expected?.revision) {
      return 'lost';
    }
    const applied = applyPatch(budget, this.kept(patch));
    this.budgets.set(budgetId, applied);
    if (this.receiptsInCommit) await this.writeReceipts(budgetId, takeAll(applied.sections.outbox));
    return 'won';
  }

  async writeDays(days: readonly UsageDay[]): Promise<void> {
    for (const day of days) {
      const stored = inner(this.days, `${day.budgetId} ${day.epoch}`);
      if ((stored.get(day.day)?.revision ?? -1) < day.revision) stored.set(day.day, this.kept(day));
    }
  }

  async readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]> {
    const stored = inner(this.days, `${budgetId} ${epoch}`);
    return [...stored.values()]
      .filter(({ day }) => from <= day && day <= to)
      .sort((a, b) => compareText(a.day, b.day))
      .map((day) => this.kept(day));
  }

  async writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    const stored = inner(this.receipts, budgetId);
    for (const receipt of receipts) {
      const before = stored.get(receipt.id)?.revision ?? -1;
      if (before < receipt.revision) stored.set(receipt.id, this.kept(receipt));
    }
  }

  async findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>> {
    const stored = inner(this.receipts, budgetId);
    const found = new Map<string, Receipt>();
    for (const id of ids) {
      const receipt = stored.get(id);
      if (receipt) found.set(id, structuredClone(receipt));
    }
    return found;
  }

  async listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    return [...inner(this.receipts, budgetId).values()]
      .filter(({ id }) => id.startsWith(prefix) && compareText(id, after) > 0)
      .sort((a, b) => compareText(a.id, b.id))
      .slice(0, limit)
      .map((receipt) => structuredClone(receipt));
  }

  async writeChanges(budgetId: string, changes: readonly StoredChange[]): Promise<void> {
    const stored = inner(this.changes, budgetId);
    for (const change of changes) {
      const before = stored.get(change.number)?.revision ?? -1;
      if (before < change.revision) stored.set(change.number, this.kept(change));
    }
    const newest = Math.max(0, ...changes.map(({ number }) => number));
    for (const number of stored.keys()) if (number <= newest - KEPT_CHANGES) stored.delete(number);
  }

  async readChanges(budgetId: string, below: number, limit: number): Promise<StoredChange[]> {
    return [...inner(this.changes, budgetId).values()]
      .filter(({ number }) => number < below)
      .sort((a, b) => b.number - a.number)
      .slice(0, limit)
      .map((change) => this.kept(change));
  }

  async list(after: string, limit: number): Promise<ListedBudget[]> {
    return [...this.budgets.entries()]
      .filter(([budgetId]) => compareText(budgetId, after) > 0)
      .sort(([a], [b]) => compareText(a, b))
      .slice(0, limit)
      .map(([budgetId, { head, sections }]) =>
        structuredClone({ budgetId, head, settings: sections.settings }),
      );
  }

  async due(now: number, limit: number): Promise<string[]> {
    const due: { budgetId: string; wakeAt: number }[] = [];
    for (const [budgetId, { head }] of this.budgets) {
      if (head.wakeAt !== undefined && head.wakeAt <= now) due.push({ budgetId, wakeAt: head.wakeAt });
    }
    due.sort((a, b) => a.wakeAt - b.wakeAt);
    return due.slice(0, limit).map(({ budgetId }) => budgetId);
  }

  async time(): Promise<undefined> {
    return undefined;
  }

  async tidy({ dayBefore, receiptsBefore }: Cut, limit: number): Promise<Tidied> {
    return {
      days: removeSome(this.days, limit, ({ day }) => day < dayBefore),
      receipts: removeSome(this.receipts, limit, ({ at }) => at < receiptsBefore),
    };
  }

  async readTidyMark(): Promise<TidyMark | undefined> {
    return structuredClone(this.tidyMark);
  }

  async swapTidyMark(mark: TidyMark): Promise<'won' | 'lost'> {
    if ((this.tidyMark?.revision ?? 0) !== mark.revision - 1) return 'lost';
    this.tidyMark = structuredClone(mark);
    return 'won';
  }

  async forget(budgetId: string, { epoch, revision }: StateVersion): Promise<'won' | 'lost'> {
    const head = this.budgets.get(budgetId)?.head;
    if (head?.epoch !== epoch || head.revision !== revision || !head.deleted) return 'lost';
    this.budgets.delete(budgetId);
    this.changes.delete(budgetId);
    return 'won';
  }

  async close(): Promise<void> {}

  private kept<V>(value: V): V {
    return this.copies ? structuredClone(value) : value;
  }
}

function removeSome<V>(
  maps: Map<string, Map<string, V>>,
  limit: number,
  isOld: (value: V) => boolean,
): number {
  let removed = 0;
  for (const map of maps.values()) {
    for (const [key, value] of map) {
      if (removed >= limit) return removed;
      if (isOld(value) && map.delete(key)) removed += 1;
    }
  }
  return removed;
}

function inner<K, V>(maps: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let map = maps.get(key);
  if (!map) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

/** By UTF-8 bytes, as the other stores order their keys. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function takeAll<V>(map: Map<string, V>): V[] {
  const values = [...map.values()];
  map.clear();
  return values;
}
