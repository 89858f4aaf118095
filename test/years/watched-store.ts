import type { BudgetStore } from '../../src/store/store.js';
import type { Busy } from './leaping-time.js';

/** Knows when nothing is under way in a store, so that no time passes before. */
export class Traffic implements Busy {
  private underWay = 0;
  private waiting: (() => void)[] = [];

  idle(): Promise<void> | undefined {
    if (this.underWay === 0) return undefined;
    return new Promise((resolve) => void this.waiting.push(resolve));
  }

  async call<T>(work: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      for (const done of this.waiting.splice(0)) done();
    }
  }
}

/** A store whose calls are counted while they are under way, and whose clock is the world's. */
export function watchedStore(inner: BudgetStore, traffic: Traffic, time: () => number): BudgetStore {
  return new Proxy(inner, {
    get(target, name: keyof BudgetStore) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      if (name === 'time') return async () => (target.exclusive ? undefined : time());
      const method = value as (...args: unknown[]) => Promise<unknown>;
      // A commit has its time limit by a clock that the store does not know.
      const most = name === 'commit' ? 3 : Number.POSITIVE_INFINITY;
      return (...args: unknown[]) => traffic.call(() => method.apply(target, args.slice(0, most)));
    },
  });
}
