import type { Collection, Db, Filter } from 'mongodb';
import type { DenialDay, DenialHead, DenialRecord, DenialWrite } from '../../domain/denials/records.js';
import type { StoredChange } from '../../domain/model/changes.js';
import {
  type Receipt,
  SECTIONS,
  type StatePatch,
  type StoredState,
  type UsageDay,
} from '../../domain/model/state.js';
import type { Cut, TidyMark } from '../../domain/time/tidy-mark.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../platform/scheduler.js';
import type { DenialPosition } from '../denial-store.js';
import {
  type BudgetStore,
  type Freshness,
  type ListedBudget,
  type StateVersion,
  StoreError,
  type Tidied,
} from '../store.js';
import type { StoreLabel } from '../store-mark.js';
import type { DayPosition, TransferStore } from '../transfer-store.js';
import {
  type BudgetDocument,
  headOf,
  newDocument,
  type ReceiptDocument,
  receiptDocument,
  receiptDocumentId,
  receiptOf,
  sectionOf,
  stateOf,
  type UsageDocument,
  usageDay,
  usageDocument,
  usageDocumentId,
} from './documents.js';
import {
  type ChangeDocument,
  changeDocument,
  forgetChanges,
  readChanges,
  trimChanges,
} from './mongo-changes.js';
import { COMMIT_MS, databaseOf, type MongoClients, READ_MS } from './mongo-client.js';
import {
  type DenialDocument,
  foldDenials,
  listDenials,
  readDenials,
  recentDenials,
  unfoldedDenials,
  writeDenials,
} from './mongo-denials.js';
import { isDuplicateKey, readError, writeError } from './mongo-errors.js';
import { runningReplicas } from './presence.js';
import { ServerTime } from './server-time.js';
import { SharedCalls } from './shared-calls.js';
import type { CurrentRead } from './steady-primary.js';
import {
  readLabel,
  readTidyMark,
  replaceLabel,
  type StoreDocuments,
  swapTidyMark,
  type TidyMarkDocument,
} from './store-documents.js';
import { type Outcome, stampedSwap, swapOne } from './swaps.js';

/** Above every text that starts with the same prefix, in the order of UTF-8. */
const LAST = '\u{10ffff}';

const HEAD_AND_SETTINGS = Object.fromEntries(
  SECTIONS.filter((section) => section !== 'settings').map((section) => [section, 0 as const]),
);

/**
 * For several replicas. Reads are of the primary, with read concern majority: see `mongo-client.ts`. Where that may
 * show an older state, those that must be current say more: see `SteadyPrimary`.
 */
export class MongoStore implements BudgetStore {
  readonly name = 'mongo';
  readonly exclusive = false;
  readonly receiptsInCommit = false;
  private readonly shared: SharedCalls;
  private readonly serverTime: ServerTime;
  private retired: string | undefined;
  private beforeClose = async (): Promise<void> => {};

  constructor(
    private readonly clients: MongoClients,
    private readonly database: string,
    monotonic: () => number,
  ) {
    this.serverTime = new ServerTime(monotonic);
    this.shared = new SharedCalls({
      db: () => this.db,
      current: (send) => this.current(send),
      writing: (work) => this.writing(work),
      monotonic,
      soon: PROCESS_SCHEDULER.soon,
    });
  }

  /** From now on every call fails, for this reason. */
  retire(why: string): void {
    this.retired = why;
  }

  /** Before it is served from: its sign of life, or nothing for a store that nobody serves from. */
  set onClose(stop: () => Promise<void>) {
    this.beforeClose = stop;
  }

  load(budgetId: string, freshness: Freshness = 'current'): Promise<StoredState | undefined> {
    return this[freshness](async (how) => {
      const document = await this.budgets.findOne({ _id: budgetId }, { maxTimeMS: READ_MS, ...how });
      return document ? stateOf(document) : undefined;
    });
  }

  version(budgetId: string): Promise<StateVersion | undefined> {
    return this.shared.versions.ask(budgetId);
  }

  async commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
    sendBy = Number.POSITIVE_INFINITY,
  ): Promise<Outcome> {
    if (expected === undefined) return this.writing(() => this.create(budgetId, patch));
    const swap = stampedSwap({ budgetId, expected, patch });
    if (swap !== undefined) return this.shared.swaps.ask({ ...swap, sendBy });
    return this.writing(() => swapOne(this.db, { budgetId, expected, patch }));
  }

  async writeDays(days: readonly UsageDay[]): Promise<void> {
    await this.shared.dayWrites.ask(days.map(usageDocument));
  }

  readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]> {
    return this.current(async (how) => {
      const $gte = usageDocumentId(budgetId, epoch, from);
      const $lte = usageDocumentId(budgetId, epoch, to);
      const filter = { _id: { $gte, $lte }, budget: budgetId };
      const documents = this.usage.find(filter, { maxTimeMS: READ_MS, ...how }).sort({ _id: 1 });
      return (await documents.toArray()).map(usageDay);
    });
  }

  async writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    await this.shared.receiptWrites.ask(receipts.map((receipt) => receiptDocument(budgetId, receipt)));
  }

  async findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>> {
    return ids.length === 0 ? new Map() : this.shared.receiptLookups.ask({ budgetId, ids });
  }

  listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    return this.current(async (how) => {
      const start = receiptDocumentId(budgetId, prefix);
      const $gt = receiptDocumentId(budgetId, after);
      const filter = { _id: { $gte: start, $gt, $lt: start + LAST }, budget: budgetId };
      const options = { maxTimeMS: READ_MS, limit, batchSize: limit + 1, ...how };
      return (await this.receipts.find(filter, options).sort({ _id: 1 }).toArray()).map(receiptOf);
    });
  }

  async writeChanges(budgetId: string, changes: readonly StoredChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.shared.changeWrites.ask(changes.map((change) => changeDocument(budgetId, change)));
    await this.writing(() => trimChanges(this.changes, budgetId, changes));
  }

  readChanges(budgetId: string, below: number, limit: number): Promise<StoredChange[]> {
    return this.current((how) => readChanges(this.changes, { budgetId, below, limit }, how));
  }

  list(after: string, limit: number): Promise<ListedBudget[]> {
    return this.current(async (how) => {
      const options = { maxTimeMS: READ_MS, limit, batchSize: limit + 1, ...how };
      const documents = await this.budgets
        .find({ _id: { $gt: after } }, { projection: HEAD_AND_SETTINGS, ...options })
        .sort({ _id: 1 })
        .toArray();
      return documents.map((document) => ({
        budgetId: document._id,
        head: headOf(document),
        settings: sectionOf(document, 'settings'),
      }));
    });
  }

  due(now: number, limit: number): Promise<string[]> {
    return this.recent(async () => {
      const options = { projection: { _id: 1 }, maxTimeMS: READ_MS, limit, batchSize: limit + 1 };
      const due = this.budgets.find<{ _id: string }>({ wakeAt: { $lte: now } }, options);
      return (await due.sort({ wakeAt: 1 }).toArray()).map(({ _id }) => _id);
    });
  }

  time(): Promise<number | undefined> {
    return this.recent(() => {
      const admin = databaseOf(this.clients.current, 'admin');
      return this.serverTime.ask({ own: this.db, admin });
    });
  }

  /** By their ids: a delete of all that is old has no bound of its own, and would outlast the driver's. */
  tidy({ dayBefore, receiptsBefore }: Cut, limit: number): Promise<Tidied> {
    const at = { $lt: new Date(receiptsBefore) };
    return this.writing(async () => ({
      days: await removeSome(this.usage, { day: { $lt: dayBefore } }, limit),
      receipts: await removeSome(this.receipts, { at }, limit),
    }));
  }

  readTidyMark(): Promise<TidyMark | undefined> {
    return this.current((how) => readTidyMark(this.db.collection<TidyMarkDocument>('marks'), how));
  }

  swapTidyMark(mark: TidyMark): Promise<Outcome> {
    return this.writing(() => swapTidyMark(this.db.collection<TidyMarkDocument>('marks'), mark));
  }

  forget(budgetId: string, { epoch, revision }: StateVersion): Promise<Outcome> {
    return this.writing(async () => {
      // Before it: what is left behind would be taken for records of a later life.
      await forgetChanges(this.changes, budgetId, revision);
      const { deletedCount } = await this.budgets.deleteOne({
        _id: budgetId,
        epoch,
        revision,
        deleted: true,
      });
      return deletedCount === 1 ? 'won' : 'lost';
    });
  }

  writeDenials(writes: readonly DenialWrite[]): Promise<void> {
    return this.writing(() => writeDenials(this.denials, writes));
  }

  readDenials(budgetId: string, epoch: number, from: number, to: number): Promise<DenialRecord[]> {
    return this.recent(() => readDenials(this.denials, { budgetId, epoch }, from, to));
  }

  recentDenials(since: number, limit: number): Promise<DenialHead[]> {
    return this.recent(() => recentDenials(this.denials, since, limit));
  }

  unfoldedDenials(before: number, limit: number): Promise<DenialDay[]> {
    return this.recent(() => unfoldedDenials(this.denials, before, limit));
  }

  foldDenials(day: DenialRecord): Promise<void> {
    return this.writing(() => foldDenials(this.denials, day));
  }

  tidyDenials(before: number, limit: number): Promise<number> {
    return this.writing(() => removeSome(this.denials, { lastAt: { $lt: before } }, limit));
  }

  async close(): Promise<void> {
    await this.beforeClose();
    await this.clients.close();
  }

  private async create(budgetId: string, patch: StatePatch): Promise<Outcome> {
    try {
      await this.budgets.insertOne(newDocument(budgetId, patch), { maxTimeMS: COMMIT_MS });
      return 'won';
    } catch (error) {
      if (isDuplicateKey(error)) return 'lost';
      throw error;
    }
  }

  private get db(): Db {
    return databaseOf(this.clients.current, this.database);
  }

  get documents(): StoreDocuments {
    return {
      copies: () => this.db.collection('copies'),
      marks: () => this.db.collection('marks'),
      use: (work) => this.clients.use(work),
      confirmBy: (write) => this.clients.primary.confirmBy(write),
      read: (send) => this.clients.read(send),
    };
  }

  private get budgets(): Collection<BudgetDocument> {
    return this.db.collection('budgets');
  }

  protected get usage(): Collection<UsageDocument> {
    return this.db.collection('usage');
  }

  protected get denials(): Collection<DenialDocument> {
    return this.db.collection('denials');
  }

  private get changes(): Collection<ChangeDocument> {
    return this.db.collection('changes');
  }

  private get receipts(): Collection<ReceiptDocument> {
    return this.db.collection('receipts');
  }

  protected current<T>(send: (how: CurrentRead) => Promise<T>): Promise<T> {
    return this.reading(() => this.clients.read(send));
  }

  private recent<T>(send: (how: CurrentRead) => Promise<T>): Promise<T> {
    return this.reading(() => this.clients.use(() => send({})));
  }

  private async reading<T>(read: () => Promise<T>): Promise<T> {
    this.checkRetired();
    try {
      return await read();
    } catch (error) {
      throw readError(error);
    }
  }

  protected async writing<T>(work: () => Promise<T>): Promise<T> {
    this.checkRetired();
    try {
      return await this.clients.use(work);
    } catch (error) {
      throw writeError(error);
    }
  }

  /** For work that takes longer than one call may. */
  protected async unlimited<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw readError(error);
    }
  }

  private checkRetired(): void {
    if (this.retired !== undefined) throw new StoreError('unavailable', this.retired);
  }
}

async function removeSome<D extends { readonly _id: string }>(
  collection: Collection<D>,
  old: Filter<D>,
  limit: number,
): Promise<number> {
  const options = { projection: { _id: 1 }, maxTimeMS: READ_MS, limit, batchSize: limit + 1 } as const;
  const ids = (await collection.find(old, options).toArray()).map(({ _id }) => _id);
  if (ids.length === 0) return 0;
  // Once more what makes it old: it may have been written again meanwhile.
  const { deletedCount } = await collection.deleteMany({ ...old, _id: { $in: ids } } as Filter<D>);
  return deletedCount;
}

export class MongoTransferStore extends MongoStore implements TransferStore {
  constructor(
    clients: MongoClients,
    database: string,
    monotonic: () => number,
    readonly place: string,
    private readonly scheduler: Scheduler,
  ) {
    super(clients, database, monotonic);
  }

  listDays(budgetId: string, after: DayPosition | undefined, limit: number): Promise<UsageDay[]> {
    return this.current(async (how) => {
      const $gt = after === undefined ? `${budgetId}:` : usageDocumentId(budgetId, after.epoch, after.day);
      // The sign after the colon ends what begins with the id and a colon.
      const filter = { _id: { $gt, $lt: `${budgetId};` }, budget: budgetId };
      const options = { maxTimeMS: READ_MS, limit, batchSize: limit + 1, ...how };
      return (await this.usage.find(filter, options).sort({ _id: 1 }).toArray()).map(usageDay);
    });
  }

  listDenials(budgetId: string, after: DenialPosition | undefined, limit: number): Promise<DenialRecord[]> {
    return this.current((how) => listDenials(this.denials, budgetId, after, limit, how));
  }

  readLabel(): Promise<StoreLabel> {
    return this.current((how) => readLabel(this.documents, how));
  }

  replaceLabel(before: StoreLabel, label: StoreLabel): Promise<boolean> {
    return this.writing(() => replaceLabel(this.documents, before, label));
  }

  runningReplicas(): Promise<string[]> {
    return this.unlimited(() => runningReplicas(this.documents, this.scheduler));
  }
}
