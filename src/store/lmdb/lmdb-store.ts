import type { DenialDay, DenialHead, DenialRecord, DenialWrite } from '../../domain/denials/records.js';
import type { StoredChange } from '../../domain/model/changes.js';
import type { Receipt, StatePatch, StoredState, UsageDay } from '../../domain/model/state.js';
import type { Cut, TidyMark } from '../../domain/time/tidy-mark.js';
import type { Log } from '../../platform/log.js';
import type { DenialPosition } from '../denial-store.js';
import type { BudgetStore, ListedBudget, StateVersion, Tidied } from '../store.js';
import type { StoreLabel, StoreMark } from '../store-mark.js';
import type { DayPosition, TransferStore } from '../transfer-store.js';
import type { DataFolderLock } from './data-folder-lock.js';
import { LABEL_KEY, MARK_KEY, TIDY_MARK_KEY } from './keys.js';
import { LmdbBudgets } from './lmdb-budgets.js';
import { LmdbChanges } from './lmdb-changes.js';
import { LmdbDays } from './lmdb-days.js';
import { LmdbDenials } from './lmdb-denials.js';
import type { LmdbFile } from './lmdb-file.js';
import { LmdbJournals } from './lmdb-journals.js';
import { LmdbReceipts } from './lmdb-receipts.js';
import { put } from './value-codec.js';

/** All in one file; the lock on the folder makes this process its only writer. */
export class LmdbStore implements BudgetStore {
  readonly name = 'lmdb';
  readonly exclusive = true;
  readonly receiptsInCommit = true;
  private readonly budgets: LmdbBudgets;
  private readonly days: LmdbDays;
  private readonly receipts: LmdbReceipts;
  protected readonly denials: LmdbDenials;
  private readonly changes: LmdbChanges;

  constructor(
    protected readonly file: LmdbFile,
    private readonly lock: DataFolderLock,
    log: Log,
  ) {
    const journals = new LmdbJournals(file);
    this.budgets = new LmdbBudgets(file, journals, log);
    this.days = new LmdbDays(file);
    this.denials = new LmdbDenials(file);
    this.receipts = new LmdbReceipts(file, journals);
    this.changes = new LmdbChanges(file);
  }

  async load(budgetId: string): Promise<StoredState | undefined> {
    return this.budgets.load(budgetId);
  }

  async version(budgetId: string): Promise<StateVersion | undefined> {
    return this.budgets.version(budgetId);
  }

  async commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
  ): Promise<'won' | 'lost'> {
    return this.budgets.commit(budgetId, expected, patch);
  }

  async writeDays(days: readonly UsageDay[]): Promise<void> {
    return this.days.write(days);
  }

  async readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]> {
    return this.days.read(budgetId, epoch, from, to);
  }

  async writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    return this.receipts.write(budgetId, receipts);
  }

  async findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>> {
    return this.receipts.find(budgetId, ids);
  }

  async listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    return this.receipts.list(budgetId, prefix, after, limit);
  }

  async writeChanges(budgetId: string, changes: readonly StoredChange[]): Promise<void> {
    return this.changes.write(budgetId, changes);
  }

  async readChanges(budgetId: string, below: number, limit: number): Promise<StoredChange[]> {
    return this.changes.read(budgetId, below, limit);
  }

  async list(after: string, limit: number): Promise<ListedBudget[]> {
    return this.budgets.list(after, limit);
  }

  async due(now: number, limit: number): Promise<string[]> {
    return this.budgets.due(now, limit);
  }

  async time(): Promise<undefined> {
    return undefined;
  }

  async tidy({ dayBefore, receiptsBefore }: Cut, limit: number): Promise<Tidied> {
    const days = await this.days.tidy(dayBefore, limit);
    return { days, receipts: await this.receipts.tidy(receiptsBefore, limit) };
  }

  async readTidyMark(): Promise<TidyMark | undefined> {
    return this.file.view((view) => view.get<TidyMark>(TIDY_MARK_KEY)?.value);
  }

  async swapTidyMark(mark: TidyMark): Promise<'won' | 'lost'> {
    const before = mark.revision === 1 ? undefined : mark.revision - 1;
    const change = put(TIDY_MARK_KEY, mark, mark.revision);
    return (await this.file.writeIf(TIDY_MARK_KEY, before, [change])) ? 'won' : 'lost';
  }

  async forget(budgetId: string, expected: StateVersion): Promise<'won' | 'lost'> {
    return this.budgets.forget(budgetId, expected);
  }

  writeDenials(writes: readonly DenialWrite[]): Promise<void> {
    return this.denials.writeDenials(writes);
  }

  readDenials(budgetId: string, epoch: number, from: number, to: number): Promise<DenialRecord[]> {
    return this.denials.readDenials(budgetId, epoch, from, to);
  }

  recentDenials(since: number, limit: number): Promise<DenialHead[]> {
    return this.denials.recentDenials(since, limit);
  }

  unfoldedDenials(before: number, limit: number): Promise<DenialDay[]> {
    return this.denials.unfoldedDenials(before, limit);
  }

  foldDenials(day: DenialRecord): Promise<void> {
    return this.denials.foldDenials(day);
  }

  tidyDenials(before: number, limit: number): Promise<number> {
    return this.denials.tidyDenials(before, limit);
  }

  async close(): Promise<void> {
    await this.file.close();
    await this.lock.release();
  }
}

/** The lock on the folder keeps every service away. */
export class LmdbTransferStore extends LmdbStore implements TransferStore {
  private readonly allDays: LmdbDays;

  constructor(
    file: LmdbFile,
    lock: DataFolderLock,
    log: Log,
    readonly place: string,
  ) {
    super(file, lock, log);
    this.allDays = new LmdbDays(file);
  }

  async listDays(budgetId: string, after: DayPosition | undefined, limit: number): Promise<UsageDay[]> {
    return this.allDays.list(budgetId, after, limit);
  }

  async listDenials(
    budgetId: string,
    after: DenialPosition | undefined,
    limit: number,
  ): Promise<DenialRecord[]> {
    return this.denials.list(budgetId, after, limit);
  }

  async readLabel(): Promise<StoreLabel> {
    return this.file.view((view) => {
      const label = view.get<Pick<StoreLabel, 'identity'>>(LABEL_KEY);
      const mark = view.get<StoreMark>(MARK_KEY)?.value;
      return { ...label?.value, revision: label?.version ?? 0, ...(mark && { mark }) };
    });
  }

  /** The folder is locked: as long as this is open, its label can be no other store's. */
  replaceLabel(before: StoreLabel, { identity, revision, mark }: StoreLabel): Promise<boolean> {
    const changes = [
      put(LABEL_KEY, { identity }, revision),
      mark === undefined ? { key: MARK_KEY } : put(MARK_KEY, mark, revision),
    ];
    return this.file.writeIf(LABEL_KEY, before.revision === 0 ? undefined : before.revision, changes);
  }

  async runningReplicas(): Promise<string[]> {
    return [];
  }
}

export function readMark(file: LmdbFile): StoreMark | undefined {
  return file.view((view) => view.get<StoreMark>(MARK_KEY)?.value);
}
