import type { Db } from 'mongodb';
import type { Receipt } from '../../domain/model/state.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { type StateVersion, StoreError } from '../store.js';
import type { BudgetDocument } from './budget-document.js';
import { type Answer, Gathering } from './gathering.js';
import { type ReceiptDocument, receiptDocumentId, receiptOf } from './receipt-document.js';
import { type Outcome, type ReadCurrent, type StampedSwap, swapMany, swapOne } from './swaps.js';
import type { UsageDocument } from './usage-document.js';
import { READ_MS } from './waits.js';
import { type Mostly, writeNewer } from './write-newer.js';

/** For so long after a message was answered with an error of which nobody knows that it passes, each swap has a message of its
 * own: the one that is to blame is found, and the others go on. */
const APART_MS = 10_000;

/** A day of 5,000 AIs is half a megabyte; most are a hundredth of it. */
const DAY_WEIGHT = 100;

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

  private write<D extends ReceiptDocument | UsageDocument>(
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
