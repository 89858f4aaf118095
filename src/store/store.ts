import type { Receipt, StateHead, StatePatch, StoredState, UsageDay } from '../domain/state.js';
import type { Cut, TidyMark } from '../domain/tidy-mark.js';

/** Which state a commit replaces. Revisions go on rising across epochs. */
export interface StateVersion {
  readonly epoch: number;
  readonly revision: number;
}

/**
 * Where budgets live. One conformance suite (`test/store/contract.ts`) holds every implementation to these guarantees.
 *
 * Whatever a method has acknowledged is durable. Every method may throw a `StoreError`; no other error means anything.
 */
export interface BudgetStore {
  readonly name: 'memory' | 'lmdb' | 'mongo';
  /** No other process can write while this one has the store open, so what it last committed or loaded is current. */
  readonly exclusive: boolean;
  /**
   * A commit writes the receipts that it puts into the outbox to their place in the same step, as `writeReceipts` would; what
   * `load` gives has none of them. False: they stay in the stored outbox until a commit drops them.
   */
  readonly receiptsInCommit: boolean;

  /** The whole state, as of a moment after the call: a read of the primary that sees every acknowledged commit. */
  load(budgetId: string): Promise<StoredState | undefined>;

  /** The version alone, with the same guarantee. */
  version(budgetId: string): Promise<StateVersion | undefined>;

  /**
   * One atomic compare-and-swap: applies the patch whole if the stored version is `expected` (undefined: if there is no such
   * budget), else changes nothing. Of any number of racers with the same `expected`, one wins.
   * Throws `unknown` when it may or may not have been applied, now or later; `refused` when no retry can mend it. A store
   * that could not send it by `sendBy` (of the monotonic clock) does not: it is `lost`, to be decided anew.
   */
  commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
    sendBy?: number,
  ): Promise<'won' | 'lost'>;

  /**
   * Writes usage documents, each whole, where the stored `revision` is lower or there is none. Any order, any repetition and
   * any crash between two writes give the same documents. When it resolves, all are durable (or newer ones are).
   */
  writeDays(days: readonly UsageDay[]): Promise<void>;

  /** The usage documents of one epoch with `from <= day <= to`, in order of days. */
  readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]>;

  /** Writes receipts, each where the stored `revision` is lower or there is none. Otherwise as `writeDays`. */
  writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void>;

  /** Those of the receipts that exist, by id; sees every acknowledged write. One read however many ids. */
  findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>>;

  /** Receipts whose id starts with `prefix` and is above `after`, in order of ids. */
  listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]>;

  /** Budgets with an id above `after`, deleted ones included, in order of ids. */
  list(after: string, limit: number): Promise<ListedBudget[]>;

  /** Ids of budgets whose `wakeAt` is at or before `now`, earliest first. */
  due(now: number, limit: number): Promise<string[]>;

  /** The store's own time in ms, with half the round trip added; undefined for a store that has no clock of its own. */
  time(): Promise<number | undefined>;

  /**
   * Removes usage documents of days before `dayBefore`, and receipts that happened before `receiptsBefore`: about `limit` of
   * each, so that whoever is stopping need not wait for all. Nothing removed means that nothing is left.
   */
  tidy(cut: Cut, limit: number): Promise<Tidied>;

  /** What tidying remembers; undefined before its first word. */
  readTidyMark(): Promise<TidyMark | undefined>;

  /** Replaces the mark whose revision is one less; the first has revision 1. Of any number of racers, one wins. */
  swapTidyMark(mark: TidyMark): Promise<'won' | 'lost'>;

  /**
   * Removes what is left of a deleted budget, if its stored version is `expected`: then it is as if it had never been. Its
   * usage documents and receipts are not looked for; they are tidied away before.
   */
  forget(budgetId: string, expected: StateVersion): Promise<'won' | 'lost'>;

  close(): Promise<void>;
}

/** How many were removed. */
export interface Tidied {
  readonly days: number;
  readonly receipts: number;
}

export interface ListedBudget {
  readonly budgetId: string;
  readonly head: StateHead;
  readonly settings: StoredState['sections']['settings'];
}

/**
 * - `unavailable`: certainly not applied; the store could not be reached or refused for a reason that may pass.
 * - `unknown`: a time-out, a lost connection or a write-concern error: may or may not have been applied, now or later.
 * - `refused`: the store will never accept this value; of a batch, only the guilty request fails.
 */
export type StoreFailure = 'unavailable' | 'unknown' | 'refused';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    readonly failure: StoreFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
