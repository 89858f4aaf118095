import { SpanKind } from '@opentelemetry/api';
import type { DenialRecord, DenialWrite } from '../domain/denials/records.js';
import type { StoredChange } from '../domain/model/changes.js';
import type { Receipt, StatePatch, UsageDay } from '../domain/model/state.js';
import type { Cut, TidyMark } from '../domain/time/tidy-mark.js';
import type { Tracing } from '../platform/tracing.js';
import {
  type BudgetStore,
  type Freshness,
  type StateVersion,
  StoreError,
  type StoreFailure,
} from './store.js';

export interface ObservedStoreOptions {
  readonly observer: StoreObserver;
  readonly monotonic: () => number;
  readonly around?: Surroundings | undefined;
}

/** A store whose operations are timed and whose failures are counted. Its callers get the very promises of the store within. */
export function observedStore(store: BudgetStore, options: ObservedStoreOptions): BudgetStore {
  return new ObservedStore(store, options);
}

class ObservedStore implements BudgetStore {
  constructor(
    private readonly store: BudgetStore,
    private readonly options: ObservedStoreOptions,
  ) {}

  get name() {
    return this.store.name;
  }

  get exclusive() {
    return this.store.exclusive;
  }

  get receiptsInCommit() {
    return this.store.receiptsInCommit;
  }

  load(budgetId: string, freshness?: Freshness) {
    return this.timed('load', () => this.store.load(budgetId, freshness));
  }

  version(budgetId: string) {
    return this.timed('version', () => this.store.version(budgetId));
  }

  commit(budgetId: string, expected: StateVersion | undefined, patch: StatePatch, sendBy?: number) {
    return this.timed('commit', () => this.store.commit(budgetId, expected, patch, sendBy));
  }

  writeDays(days: readonly UsageDay[]) {
    return this.timed('writeDays', () => this.store.writeDays(days));
  }

  readDays(budgetId: string, epoch: number, from: string, to: string) {
    return this.timed('readDays', () => this.store.readDays(budgetId, epoch, from, to));
  }

  writeReceipts(budgetId: string, receipts: readonly Receipt[]) {
    return this.timed('writeReceipts', () => this.store.writeReceipts(budgetId, receipts));
  }

  findReceipts(budgetId: string, ids: readonly string[]) {
    return this.timed('findReceipts', () => this.store.findReceipts(budgetId, ids));
  }

  listReceipts(budgetId: string, prefix: string, after: string, limit: number) {
    return this.timed('listReceipts', () => this.store.listReceipts(budgetId, prefix, after, limit));
  }

  writeChanges(budgetId: string, changes: readonly StoredChange[]) {
    return this.timed('writeChanges', () => this.store.writeChanges(budgetId, changes));
  }

  readChanges(budgetId: string, below: number, limit: number) {
    return this.timed('readChanges', () => this.store.readChanges(budgetId, below, limit));
  }

  list(after: string, limit: number) {
    return this.timed('list', () => this.store.list(after, limit));
  }

  due(now: number, limit: number) {
    return this.timed('due', () => this.store.due(now, limit));
  }

  time() {
    return this.timed('time', () => this.store.time());
  }

  tidy(cut: Cut, limit: number) {
    return this.timed('tidy', () => this.store.tidy(cut, limit));
  }

  readTidyMark() {
    return this.timed('readTidyMark', () => this.store.readTidyMark());
  }

  swapTidyMark(mark: TidyMark) {
    return this.timed('swapTidyMark', () => this.store.swapTidyMark(mark));
  }

  forget(budgetId: string, expected: StateVersion) {
    return this.timed('forget', () => this.store.forget(budgetId, expected));
  }

  writeDenials(writes: readonly DenialWrite[]) {
    return this.timed('writeDenials', () => this.store.writeDenials(writes));
  }

  readDenials(budgetId: string, epoch: number, from: number, to: number) {
    return this.timed('readDenials', () => this.store.readDenials(budgetId, epoch, from, to));
  }

  recentDenials(since: number, limit: number) {
    return this.timed('recentDenials', () => this.store.recentDenials(since, limit));
  }

  unfoldedDenials(before: number, limit: number) {
    return this.timed('unfoldedDenials', () => this.store.unfoldedDenials(before, limit));
  }

  foldDenials(day: DenialRecord) {
    return this.timed('foldDenials', () => this.store.foldDenials(day));
  }

  tidyDenials(before: number, limit: number) {
    return this.timed('tidyDenials', () => this.store.tidyDenials(before, limit));
  }

  close() {
    return this.store.close();
  }

  private timed<T>(operation: StoreOperation, run: () => Promise<T>): Promise<T> {
    const { observer, monotonic, around } = this.options;
    const since = monotonic();
    const told = (outcome: StoreOutcome) => observer.ended(operation, outcome, monotonic() - since);
    const running = around === undefined ? run() : around(operation, run);
    running.then(
      () => told('ok'),
      (error: unknown) => told(error instanceof StoreError ? error.failure : 'unforeseen'),
    );
    return running;
  }
}

const SYSTEMS: Readonly<Record<BudgetStore['name'], string>> = {
  memory: 'memory',
  lmdb: 'lmdb',
  mongo: 'mongodb',
};

/** A span for each operation of the store, in the trace of whoever asks. */
export function storeSpans(tracing: Tracing, name: BudgetStore['name']): Surroundings {
  const attributes = { 'db.system.name': SYSTEMS[name] };
  return (operation, run) => {
    const own = { ...attributes, 'db.operation.name': operation };
    return tracing.step(`store.${operation}`, own, run, SpanKind.CLIENT);
  };
}

/** What a store is asked. */
export type StoreOperation = Exclude<keyof BudgetStore, 'name' | 'exclusive' | 'close'>;

/** `unforeseen`: no `StoreError`, so a fault of this service. */
export type StoreOutcome = 'ok' | StoreFailure | 'unforeseen';

/** Whom an observed store tells how long it took: metrics. Must neither throw nor wait. */
export interface StoreObserver {
  ended(operation: StoreOperation, outcome: StoreOutcome, ms: number): void;
}

/** Puts each operation into whatever surrounds it, such as a span of a trace. */
type Surroundings = <T>(operation: StoreOperation, run: () => Promise<T>) => Promise<T>;
