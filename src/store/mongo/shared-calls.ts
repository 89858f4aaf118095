import { type AnyBulkWriteOperation, type Collection, type Db, MongoBulkWriteError } from 'mongodb';
import type { Receipt } from '../../domain/model/state.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { type StateVersion, StoreError } from '../store.js';
import {
  type BudgetDocument,
  type ReceiptDocument,
  receiptDocumentId,
  receiptOf,
  type UsageDocument,
} from './documents.js';
import { type Answer, Gathering } from './gathering.js';
import type { ChangeDocument } from './mongo-changes.js';
import { READ_MS } from './mongo-client.js';
import { DUPLICATE_KEY, messageOf, statementError, writeError } from './mongo-errors.js';
import { type Outcome, type ReadCurrent, type StampedSwap, swapMany, swapOne } from './swaps.js';

/** For so long after a message was answered with an error of which nobody knows that it passes, each swap has a message of its
 * own: the one that is to blame is found, and the others go on. */
const APART_MS = 10_000;

/** A day of 5,000 AIs is half a megabyte; most are a hundredth of it. */
const DAY_WEIGHT = 100;
/** One with a whole policy, before and after, is an eighth of a megabyte. */
const CHANGE_WEIGHT = 25;

/** How calls reach the server: their failures become those of a store. */
export interface Line {
  readonly db: () => Db;
  readonly current: ReadCurrent;
  writing<T>(work: () => Promise<T>): Promise<T>;
  readonly monotonic: () => number;
  readonly soon: Scheduler['soon'];
}

export interface SwapBefore extends StampedSwap {
  /** Not to be sent after this moment of the monotonic clock. */
  readonly sendBy: number;
}

interface ReceiptQuestion {
  readonly budgetId: string;
  readonly ids: readonly string[];
}

/**
 * The calls that every request costs. Budgets are committed one by one, but what many of them ask for at the same time
 * shares its messages: a message costs the server, the driver and the disk more than what it carries.
 */
export class SharedCalls {
  readonly swaps: Gathering<SwapBefore, Outcome>;
  readonly versions: Gathering<string, StateVersion | undefined>;
  readonly receiptLookups: Gathering<ReceiptQuestion, Map<string, Receipt>>;
  readonly receiptWrites: Gathering<readonly ReceiptDocument[], undefined>;
  readonly dayWrites: Gathering<readonly UsageDocument[], undefined>;
  readonly changeWrites: Gathering<readonly ChangeDocument[], undefined>;
  private apartUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly line: Line) {
    const { soon } = line;
    this.swaps = new Gathering(
      (swaps) => this.swapTimely(swaps),
      ({ patch }) => 1 + patch.puts.length,
      soon,
    );
    this.versions = new Gathering(
      (budgetIds) => this.readVersions(budgetIds),
      () => 1,
      soon,
    );
    this.receiptLookups = new Gathering(
      (questions) => this.findReceipts(questions),
      ({ ids }) => ids.length,
      soon,
    );
    this.receiptWrites = new Gathering(
      (documents) => this.write('receipts', documents, 'new'),
      (documents) => documents.length,
      soon,
    );
    this.dayWrites = new Gathering(
      (documents) => this.write('usage', documents, 'known'),
      (documents) => DAY_WEIGHT * documents.length,
      soon,
    );
    this.changeWrites = new Gathering(
      (documents) => this.write('changes', documents, 'new'),
      (documents) => CHANGE_WEIGHT * documents.length,
      soon,
    );
  }

  private async swapTimely(swaps: readonly SwapBefore[]): Promise<Answer<Outcome>[]> {
    const now = this.line.monotonic();
    const timely = swaps.filter(({ sendBy }) => now <= sendBy);
    const outcomes = await this.swap(timely);
    const bySwap = new Map(timely.map((swap, at) => [swap, outcomes[at] as Answer<Outcome>]));
    return swaps.map((swap) => bySwap.get(swap) ?? 'lost');
  }

  private async swap(swaps: readonly SwapBefore[]): Promise<Answer<Outcome>[]> {
    const [first, second] = swaps;
    if (first === undefined) return [];
    if (second === undefined) return [await this.swapAlone(first)];
    if (this.line.monotonic() < this.apartUntil)
      return Promise.all(swaps.map((one) => this.answerAlone(one)));
    try {
      return await this.line.writing(() => swapMany(this.line.db(), swaps, this.line.current));
    } catch (error) {
      if (!(error instanceof StoreError && error.likelyRefused)) throw error;
      this.apartUntil = this.line.monotonic() + APART_MS;
      throw new StoreError('unknown', error.message, { cause: error });
    }
  }

  private swapAlone(swap: SwapBefore): Promise<Outcome> {
    return this.line.writing(() => swapOne(this.line.db(), swap));
  }

  private async answerAlone(swap: SwapBefore): Promise<Answer<Outcome>> {
    try {
      return await this.swapAlone(swap);
    } catch (error) {
      if (error instanceof StoreError) return error;
      throw error;
    }
  }

  private readVersions(budgetIds: readonly string[]): Promise<(StateVersion | undefined)[]> {
    return this.line.current(async (how) => {
      const options = {
        projection: { epoch: 1, revision: 1 },
        maxTimeMS: READ_MS,
        batchSize: budgetIds.length + 1,
        ...how,
      };
      const filter = { _id: { $in: [...budgetIds] } };
      const found = await this.line
        .db()
        .collection<BudgetDocument>('budgets')
        .find(filter, options)
        .toArray();
      const versions = new Map(found.map(({ _id, epoch, revision }) => [_id, { epoch, revision }]));
      return budgetIds.map((budgetId) => versions.get(budgetId));
    });
  }

  private findReceipts(questions: readonly ReceiptQuestion[]): Promise<Map<string, Receipt>[]> {
    return this.line.current(async (how) => {
      const $in = questions.flatMap(({ budgetId, ids }) => ids.map((id) => receiptDocumentId(budgetId, id)));
      const budget = { $in: [...new Set(questions.map(({ budgetId }) => budgetId))] };
      // A batch that holds them all keeps it one round trip.
      const options = { maxTimeMS: READ_MS, batchSize: $in.length + 1, ...how };
      const receipts = this.line.db().collection<ReceiptDocument>('receipts');
      const found = await receipts.find({ _id: { $in }, budget }, options).toArray();
      const byId = new Map(found.map((document) => [document._id, document]));
      return questions.map(({ budgetId, ids }) => {
        const own = ids.flatMap((id) => byId.get(receiptDocumentId(budgetId, id)) ?? []);
        return new Map(own.map(receiptOf).map((receipt) => [receipt.id, receipt]));
      });
    });
  }

  private write<D extends ReceiptDocument | UsageDocument | ChangeDocument>(
    collection: string,
    documents: readonly (readonly D[])[],
    mostly: Mostly,
  ): Promise<undefined[]> {
    return this.line.writing(async () => {
      await writeNewer(this.line.db().collection<D>(collection), documents.flat(), mostly);
      return documents.map(() => undefined);
    });
  }
}

/** A document that is always written whole, and only over a lower revision. */
interface Fenced {
  readonly _id: string;
  readonly budget: string;
  readonly revision: number;
}

/** Keeps one message far below the server's bound of 48 MB. */
const MAX_WRITES = 1_000;

/** Documents that are mostly new are inserted: that costs the server a fifth of an upsert. */
type Mostly = 'new' | 'known';

/**
 * Sets each document where the stored revision is lower or there is none: any order, any repetition and any crash give the
 * same documents. A duplicate key means that the document is there already, or that a racer has just inserted it: the others
 * are set where the stored revision is lower, and where nothing matches then, it is applied already.
 */
async function writeNewer<D extends Fenced>(
  collection: Collection<D>,
  documents: readonly D[],
  mostly: Mostly,
): Promise<void> {
  const ordered = newestById(documents);
  for (let from = 0; from < ordered.length; from += MAX_WRITES) {
    const some = ordered.slice(from, from + MAX_WRITES);
    const duplicates = await write(collection, some, mostly === 'new' ? insertOf : upsertOf);
    if (duplicates.length > 0) await write(collection, duplicates, updateOf);
  }
}

/** In one order for all writers: where a bulk is one transaction (FerretDB, DocumentDB), two orders deadlock. */
function newestById<D extends Fenced>(documents: readonly D[]): D[] {
  const newest = new Map<string, D>();
  for (const document of documents) {
    const other = newest.get(document._id);
    if (!other || other.revision < document.revision) newest.set(document._id, document);
  }
  return [...newest.values()].sort((a, b) => (a._id < b._id ? -1 : 1));
}

/** Answers with the documents that met a duplicate key. */
async function write<D extends Fenced>(
  collection: Collection<D>,
  documents: readonly D[],
  writeOf: (document: D) => AnyBulkWriteOperation<Fenced>,
): Promise<D[]> {
  try {
    const writes = documents.map(writeOf) as unknown as AnyBulkWriteOperation<D>[];
    await collection.bulkWrite(writes, { ordered: false });
    return [];
  } catch (error) {
    return duplicatesOf(error, documents);
  }
}

function insertOf(document: Fenced): AnyBulkWriteOperation<Fenced> {
  return { insertOne: { document } };
}

/** The filter names the budget for sharding, and since an upsert filtered by `_id` alone may overwrite on some servers. */
function updateOf({ _id, budget, ...fields }: Fenced) {
  return {
    updateOne: { filter: { _id, budget, revision: { $lt: fields.revision } }, update: { $set: fields } },
  };
}

function upsertOf(document: Fenced): AnyBulkWriteOperation<Fenced> {
  return { updateOne: { ...updateOf(document).updateOne, upsert: true } };
}

function duplicatesOf<D>(error: unknown, documents: readonly D[]): D[] {
  if (!(error instanceof MongoBulkWriteError)) throw writeError(error);
  const failures = [error.writeErrors].flat();
  if (error.result.getWriteConcernError()) {
    throw new StoreError('unknown', `MongoDB: ${messageOf(error)}`, { cause: error });
  }
  if (failures.length === 0) throw asRefusal(writeError(error));
  const other = failures.find(({ code }) => code !== DUPLICATE_KEY);
  if (other) throw statementError(other, error);
  return failures.flatMap(({ index }) => documents[index] ?? []);
}

/** Nobody needs to look what became of documents: they can be written again. */
function asRefusal(error: StoreError): StoreError {
  return error.likelyRefused ? new StoreError('refused', error.message, { cause: error }) : error;
}
