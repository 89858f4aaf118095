import type { StoredChange } from '../domain/model/changes.js';
import type { Receipt, StateHead, StatePatch, StoredState, UsageDay } from '../domain/model/state.js';
import type { Cut, TidyMark } from '../domain/time/tidy-mark.js';
import type { DenialStore } from './denial-store.js';

/** Which state a commit replaces. Revisions go on rising across epochs. */
export interface StateVersion {
  readonly epoch: number;
  readonly revision: number;
}

/** Above zero where the first is the later one. */
export function compareVersions(a: StateVersion, b: StateVersion): number {
  return a.epoch - b.epoch || a.revision - b.revision;
}

/**
 * What a read has seen at least.
 * - `current`: every write that was acknowledged to anybody before the read was sent, whatever befell the store meanwhile.
 * - `recent`: what a majority had at some moment. For a while after a fail-over it may lack acknowledged writes, such as the
 *   same reader has seen, too; and of two such reads the later one may show the older state.
 */
export type Freshness = 'current' | 'recent';

/**
 * Where budgets live. One conformance suite (`test/store/contract.ts`) holds every implementation to these guarantees.
 *
 * Whatever a method has acknowledged is durable. Every method may throw a `StoreError`; no other error means anything.
 */
export interface BudgetStore extends DenialStore {
  readonly name: 'memory' | 'lmdb' | 'mongo';
  /** No other process can write while this one has the store open, so what it last committed or loaded is current. */
  readonly exclusive: boolean;
  /**
   * A commit writes the receipts that it puts into the outbox to their place in the same step, as `writeReceipts` would; what
   * `load` gives has none of them. False: they stay in the stored outbox until a commit drops them.
   */
  readonly receiptsInCommit: boolean;

  /**
   * The whole state as of one moment, `current` where nothing else is asked for. A `recent` one must be held against what was
   * seen before, and proves no answer by itself; a commit that wins on it does.
   */
  load(budgetId: string, freshness?: Freshness): Promise<StoredState | undefined>;

  /** The version alone; `current`: what it equals is the newest state there was when it was asked for. */
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

  /** The usage documents of one epoch with `from <= day <= to`, in order of days; `current`. */
  readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]>;

  /** Writes receipts, each where the stored `revision` is lower or there is none. Otherwise as `writeDays`. */
  writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void>;

  /**
   * Those of the receipts that exist, by id; `current`: what is missing had not been acknowledged as written when it was asked
   * for, and what is found is no older version. One read however many ids.
   */
  findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>>;

  /** Receipts whose id starts with `prefix` and is above `after`, in order of ids; `current`. */
  listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]>;

  /**
   * Writes records of changes, each where the stored `revision` is lower or there is none, and keeps the newest 200 of the budget.
   * Otherwise as `writeDays`.
   */
  writeChanges(budgetId: string, changes: readonly StoredChange[]): Promise<void>;

  /** Records with a number below `below`, the newest first; `current`. */
  readChanges(budgetId: string, below: number, limit: number): Promise<StoredChange[]>;

  /** Budgets with an id above `after`, deleted ones included, in order of ids; `current`. */
  list(after: string, limit: number): Promise<ListedBudget[]>;

  /** Ids of budgets whose `wakeAt` is at or before `now`, earliest first; `recent`: who asks again a second later misses none. */
  due(now: number, limit: number): Promise<string[]>;

  /** The store's own time in ms, with half the round trip added; undefined for a store that has no clock of its own. */
  time(): Promise<number | undefined>;

  /**
   * Removes usage documents of days before `dayBefore`, and receipts that happened before `receiptsBefore`: about `limit` of
   * each, so that whoever is stopping need not wait for all. Nothing removed means that nothing is left.
   */
  tidy(cut: Cut, limit: number): Promise<Tidied>;

  /** What tidying remembers, `current`; undefined before its first word. */
  readTidyMark(): Promise<TidyMark | undefined>;

  /** Replaces the mark whose revision is one less; the first has revision 1. Of any number of racers, one wins. */
  swapTidyMark(mark: TidyMark): Promise<'won' | 'lost'>;

  /**
   * Removes what is left of a deleted budget, records of its changes included, if its stored version is `expected`: then it is as
   * if it had never been. Its usage documents and receipts are not looked for; they are tidied away before.
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
  /** Of what is `unknown`: the store did answer, with an error of which nobody knows that it passes. If a look shows that
   * nothing was applied, it is `refused`: the same again would be answered the same. */
  readonly likelyRefused: boolean;
  constructor(
    readonly failure: StoreFailure,
    message: string,
    options: ErrorOptions & { readonly likelyRefused?: boolean } = {},
  ) {
    const { likelyRefused = false, ...others } = options;
    super(message, others);
    this.likelyRefused = likelyRefused;
  }
}

/** The store cannot be used as it is, and trying again does not help. The message is one clear line for an operator. */
export class StoreStartError extends Error {
  override readonly name = 'StoreStartError';
}

/** The store does not answer yet: trying again may help. The message is one clear line for an operator. */
export class StoreUnreachable extends Error {
  override readonly name = 'StoreUnreachable';
}
