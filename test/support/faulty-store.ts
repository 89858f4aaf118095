import type { DenialDay, DenialHead, DenialRecord, DenialWrite } from '../../src/domain/denials/records.js';
import type { StoredChange } from '../../src/domain/model/changes.js';
import type { Receipt, StatePatch, StoredState, UsageDay } from '../../src/domain/model/state.js';
import type { Cut, TidyMark } from '../../src/domain/time/tidy-mark.js';
import {
  type BudgetStore,
  type Freshness,
  type ListedBudget,
  type StateVersion,
  StoreError,
  type StoreFailure,
  type Tidied,
} from '../../src/store/store.js';
import type { Gate } from './gate.js';

export type StoreMethod = Exclude<keyof BudgetStore, 'name' | 'exclusive' | 'receiptsInCommit' | 'close'>;

export interface StoreCall {
  readonly method: StoreMethod;
  readonly args: readonly unknown[];
}

/**
 * What goes wrong with one call.
 * - `fail`: nothing is done, and the caller is told so by this failure, with a gate when it opens. With `unknown`: the request was lost
 *   on its way.
 * - `lose-answer`: done; the caller is told `unknown`.
 * - `late`: the caller is told `unknown` at once; it is done when the gate opens.
 * - `hold`: done when the gate opens, answered then.
 * - `hold-answer`: done at once, answered when the gate opens.
 */
export type Fault =
  | { readonly kind: 'fail'; readonly failure: StoreFailure; readonly gate?: Gate }
  | { readonly kind: 'lose-answer' }
  | { readonly kind: 'late'; readonly gate: Gate }
  | { readonly kind: 'hold'; readonly gate: Gate }
  | { readonly kind: 'hold-answer'; readonly gate: Gate };

/** Says of every call what goes wrong with it, if anything. */
export type FaultPlan = (call: StoreCall) => Fault | undefined;

/** The way from one replica to its store, with the faults of a network. Several may share the store behind it. */
export class FaultyStore implements BudgetStore {
  plan: FaultPlan = () => undefined;
  private readonly next: { readonly method: StoreMethod; readonly fault: Fault }[] = [];
  /** Every call so far, in order of sending. */
  readonly calls: StoreCall[] = [];

  constructor(private readonly inner: BudgetStore) {}

  get name(): BudgetStore['name'] {
    return this.inner.name;
  }

  get receiptsInCommit(): boolean {
    return this.inner.receiptsInCommit;
  }

  get exclusive(): boolean {
    return this.inner.exclusive;
  }

  /** The next call of this method meets this fault before any plan; several are met in the order in which they were named. */
  once(method: StoreMethod, fault: Fault): void {
    this.next.push({ method, fault });
  }

  /** From now on every call of these methods fails so; of all methods where none is named. */
  failing(failure: StoreFailure, ...methods: StoreMethod[]): void {
    this.plan = ({ method }) =>
      methods.length === 0 || methods.includes(method) ? { kind: 'fail', failure } : undefined;
  }

  healthy(): void {
    this.plan = () => undefined;
  }

  count(method: StoreMethod): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  private takeNext(method: StoreMethod): Fault | undefined {
    const at = this.next.findIndex((next) => next.method === method);
    return at < 0 ? undefined : this.next.splice(at, 1)[0]?.fault;
  }

  private async call<T>(method: StoreMethod, args: readonly unknown[], act: () => Promise<T>): Promise<T> {
    const call = { method, args };
    this.calls.push(call);
    const fault = this.takeNext(method) ?? this.plan(call);
    switch (fault?.kind) {
      case undefined:
        return act();
      case 'fail':
        await fault.gate?.opened;
        throw new StoreError(fault.failure, `${method} failed by plan`);
      case 'lose-answer':
        await act();
        throw new StoreError('unknown', `the answer of ${method} was lost by plan`);
      case 'late':
        void fault.gate.opened.then(act).catch(() => {});
        throw new StoreError('unknown', `${method} is late by plan`);
      case 'hold':
        await fault.gate.opened;
        return act();
      case 'hold-answer': {
        const result = await act();
        await fault.gate.opened;
        return result;
      }
    }
  }

  load(budgetId: string, freshness?: Freshness): Promise<StoredState | undefined> {
    return this.call('load', [budgetId], () => this.inner.load(budgetId, freshness));
  }
  version(budgetId: string): Promise<StateVersion | undefined> {
    return this.call('version', [budgetId], () => this.inner.version(budgetId));
  }
  commit(
    budgetId: string,
    expected: StateVersion | undefined,
    patch: StatePatch,
    sendBy?: number,
  ): Promise<'won' | 'lost'> {
    // A late write must not see what its sender changes afterwards.
    const sent = structuredClone(patch);
    return this.call('commit', [budgetId, expected, sent], () =>
      this.inner.commit(budgetId, expected, sent, sendBy),
    );
  }
  writeDays(days: readonly UsageDay[]): Promise<void> {
    return this.call('writeDays', [days], () => this.inner.writeDays(days));
  }
  readDays(budgetId: string, epoch: number, from: string, to: string): Promise<UsageDay[]> {
    return this.call('readDays', [budgetId, epoch, from, to], () =>
      this.inner.readDays(budgetId, epoch, from, to),
    );
  }
  writeReceipts(budgetId: string, receipts: readonly Receipt[]): Promise<void> {
    return this.call('writeReceipts', [budgetId, receipts], () =>
      this.inner.writeReceipts(budgetId, receipts),
    );
  }
  findReceipts(budgetId: string, ids: readonly string[]): Promise<Map<string, Receipt>> {
    return this.call('findReceipts', [budgetId, ids], () => this.inner.findReceipts(budgetId, ids));
  }
  listReceipts(budgetId: string, prefix: string, after: string, limit: number): Promise<Receipt[]> {
    return this.call('listReceipts', [budgetId, prefix, after, limit], () =>
      this.inner.listReceipts(budgetId, prefix, after, limit),
    );
  }
  writeChanges(budgetId: string, changes: readonly StoredChange[]): Promise<void> {
    return this.call('writeChanges', [budgetId, changes], () => this.inner.writeChanges(budgetId, changes));
  }
  readChanges(budgetId: string, below: number, limit: number): Promise<StoredChange[]> {
    return this.call('readChanges', [budgetId, below, limit], () =>
      this.inner.readChanges(budgetId, below, limit),
    );
  }
  list(after: string, limit: number): Promise<ListedBudget[]> {
    return this.call('list', [after, limit], () => this.inner.list(after, limit));
  }
  due(now: number, limit: number): Promise<string[]> {
    return this.call('due', [now, limit], () => this.inner.due(now, limit));
  }
  time(): Promise<number | undefined> {
    return this.call('time', [], () => this.inner.time());
  }
  tidy(cut: Cut, limit: number): Promise<Tidied> {
    return this.call('tidy', [cut, limit], () => this.inner.tidy(cut, limit));
  }
  readTidyMark(): Promise<TidyMark | undefined> {
    return this.call('readTidyMark', [], () => this.inner.readTidyMark());
  }
  swapTidyMark(mark: TidyMark): Promise<'won' | 'lost'> {
    return this.call('swapTidyMark', [mark], () => this.inner.swapTidyMark(mark));
  }
  forget(budgetId: string, expected: StateVersion): Promise<'won' | 'lost'> {
    return this.call('forget', [budgetId, expected], () => this.inner.forget(budgetId, expected));
  }
  writeDenials(writes: readonly DenialWrite[]): Promise<void> {
    const sent = structuredClone(writes);
    return this.call('writeDenials', [sent], () => this.inner.writeDenials(sent));
  }
  readDenials(budgetId: string, epoch: number, from: number, to: number): Promise<DenialRecord[]> {
    return this.call('readDenials', [budgetId, epoch, from, to], () =>
      this.inner.readDenials(budgetId, epoch, from, to),
    );
  }
  recentDenials(since: number, limit: number): Promise<DenialHead[]> {
    return this.call('recentDenials', [since, limit], () => this.inner.recentDenials(since, limit));
  }
  unfoldedDenials(before: number, limit: number): Promise<DenialDay[]> {
    return this.call('unfoldedDenials', [before, limit], () => this.inner.unfoldedDenials(before, limit));
  }
  foldDenials(day: DenialRecord): Promise<void> {
    return this.call('foldDenials', [day], () => this.inner.foldDenials(day));
  }
  tidyDenials(before: number, limit: number): Promise<number> {
    return this.call('tidyDenials', [before, limit], () => this.inner.tidyDenials(before, limit));
  }
  close(): Promise<void> {
    return this.inner.close();
  }
}
