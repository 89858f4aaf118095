import type { StatePatch, StoredWriter } from '../../src/domain/model/state.js';
import type { Scheduler } from '../../src/platform/scheduler.js';
import { type BudgetStore, StoreError } from '../../src/store/store.js';
import { deepFreeze } from './sim-state.js';

export interface Weather {
  /** Chance that a call goes wrong at all. */
  readonly faults: number;
  /** The longest a call is under way, each direction. */
  readonly delayMs: number;
  /** Calls of this method are slow, whatever the others are. */
  readonly slow?: StoreMethod | undefined;
}

export type StoreMethod = Exclude<keyof BudgetStore, 'name' | 'exclusive' | 'receiptsInCommit' | 'close'>;

const SLOW_MS = 3_000;

/** The calls that a replica makes: all that there are. */
export const METHODS = Object.keys({
  load: true,
  version: true,
  commit: true,
  writeDays: true,
  readDays: true,
  writeReceipts: true,
  findReceipts: true,
  listReceipts: true,
  writeChanges: true,
  readChanges: true,
  list: true,
  due: true,
  time: true,
  tidy: true,
  readTidyMark: true,
  swapTidyMark: true,
  forget: true,
  writeDenials: true,
  readDenials: true,
  recentDenials: true,
  unfoldedDenials: true,
  foldDenials: true,
  tidyDenials: true,
} satisfies Record<StoreMethod, true>) as StoreMethod[];

/**
 * The way from one replica to the store. Calls overtake each other, fail before or after they took effect, take effect long
 * after they were given up, or never. When the replica has crashed nothing reaches it any more, but what it sent may arrive.
 *
 * A store of its own takes commits in the order in which they were sent, and nothing that was given up.
 */
export class SimLink {
  alive = true;
  weather: Weather;
  readonly store: BudgetStore;
  /** So many commits were under way when another was sent, at most. */
  mostBeside = 0;
  /** The number of the last commit that was sent. */
  lastSent = 0;
  private commits = 0;
  /** The newest commit has come to the store, or never will. */
  private newestCame: Promise<void> = Promise.resolve();

  constructor(
    private readonly inner: BudgetStore,
    private readonly scheduler: Scheduler,
    weather: Weather,
    private readonly violated: (what: string) => void,
  ) {
    this.weather = weather;
    const store: Record<string, unknown> = {
      name: inner.name,
      exclusive: inner.exclusive,
      receiptsInCommit: inner.receiptsInCommit,
      close: async () => {},
    };
    for (const method of METHODS) {
      const act = (inner[method] as (...args: unknown[]) => Promise<unknown>).bind(inner);
      store[method] = (...args: unknown[]) => {
        const sent = deepFreeze(args);
        return this.call(method, () => act(...sent));
      };
    }
    store['commit'] = this.inOrder(store['commit'] as BudgetStore['commit']);
    this.store = store as unknown as BudgetStore;
  }

  /** What a replica has committed it knows: it decides nothing on a state that is older. */
  private inOrder(commit: BudgetStore['commit']): BudgetStore['commit'] {
    const won = new Map<string, number>();
    return async (budgetId, expected, patch, sendBy) => {
      const { revision = 0 } = expected ?? {};
      const least = won.get(budgetId) ?? 0;
      if (revision < least) this.violated(`committed ${least}, and then decided on revision ${revision}`);
      this.mostBeside = Math.max(this.mostBeside, this.commits);
      this.commits += 1;
      this.lastSent = numberOf(patch) ?? this.lastSent;
      const result = await commit(budgetId, expected, patch, sendBy).finally(() => {
        this.commits -= 1;
      });
      if (result === 'won') won.set(budgetId, patch.head.revision);
      return result;
    };
  }

  private async call(method: string, act: () => Promise<unknown>): Promise<unknown> {
    // Slow on one way only: what was read is old when it arrives, or what is read is new.
    const slowWay = method === this.weather.slow ? Math.floor(this.scheduler.random() * 2) : undefined;
    const came = method === 'commit' && this.inner.exclusive ? this.comeAfterTheOthers() : undefined;
    await this.delay(slowWay === 0);
    await came?.others;
    try {
      if (!this.alive) return new Promise(() => {});
      if (this.scheduler.random() >= this.weather.faults) {
        const result = await act();
        came?.now();
        await this.delay(slowWay === 1);
        return this.alive ? result : new Promise(() => {});
      }
      return await this.goWrong(method, act, { slowBack: slowWay === 1, came: came?.now });
    } finally {
      came?.now();
    }
  }

  private comeAfterTheOthers() {
    const others = this.newestCame;
    let now = () => {};
    this.newestCame = new Promise((resolve) => {
      now = resolve;
    });
    return { others, now };
  }

  private async goWrong(
    method: string,
    act: () => Promise<unknown>,
    { slowBack, came }: { readonly slowBack: boolean; readonly came: (() => void) | undefined },
  ): Promise<unknown> {
    const kind = Math.floor(this.scheduler.random() * 4);
    if (kind === 1) await act();
    if (kind === 2 && came === undefined)
      this.scheduler.after(this.lateness(), () => void act().catch(() => {}));
    came?.();
    await this.delay(slowBack);
    if (!this.alive) return new Promise(() => {});
    if (kind === 0) throw new StoreError('unavailable', `${method}: not sent`);
    throw new StoreError('unknown', `${method}: no answer`);
  }

  /** Mostly just after the next try, at times long after. */
  private lateness(): number {
    return this.scheduler.random() ** 5 * 6_000;
  }

  private delay(slow: boolean): Promise<void> {
    // Most calls are fast, and a few take as long as all the others of their time together.
    const times = this.scheduler.random() < 0.03 ? 4 : 1;
    const most = slow ? SLOW_MS : this.scheduler.random() ** 2 * this.weather.delayMs * times;
    const ms = this.scheduler.random() * most;
    return new Promise((resolve) => void this.scheduler.after(ms, resolve));
  }
}

function numberOf({ puts }: StatePatch): number | undefined {
  const stamp = puts.find(({ section }) => section === 'writers');
  return (stamp?.value as StoredWriter | undefined)?.seq;
}
