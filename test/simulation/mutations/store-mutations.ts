import type { Mutation } from './mutation.js';

const STORE = 'test/simulation/sim-store.ts';
const CLOCK = 'src/platform/store-clock.ts';

/** Mistakes of a store, and of the clock that follows it. */
export const STORE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'usage documents without the fence of their revision',
    file: STORE,
    find: 'if (before < document.revision) this.primary.days',
    replace: 'if (before < Infinity) this.primary.days',
  },
  {
    name: 'receipts without the fence of their revision',
    file: STORE,
    find: 'if (before < receipt.revision) this.primary.receipts',
    replace: 'if (before < Infinity) this.primary.receipts',
  },
  {
    name: 'receipts are only inserted, never overwritten',
    file: STORE,
    find: 'if (before < receipt.revision) this.primary.receipts',
    replace: 'if (before === -1) this.primary.receipts',
  },
  {
    name: 'usage documents add deltas instead of absolute totals',
    file: STORE,
    find: 'this.primary.days.set(key, deepFreeze(document));',
    replace:
      'this.primary.days.set(key, { ...document, total: document.total + (this.primary.days.get(key)?.total ?? 0) });',
  },
  {
    name: 'a commit is not compared with the stored revision',
    file: STORE,
    find: '|| before?.head.revision !== expected?.revision) return',
    replace: ') return',
  },
  {
    name: 'a write that the majority did not confirm is acknowledged',
    file: STORE,
    find: 'if (this.stalled) throw',
    replace: 'if (result === undefined && this.stalled) throw',
  },
  {
    name: "the local wall clock decides, not the store's",
    file: CLOCK,
    find: 'if (Math.abs(skew) <= this.#options.maxSkewMs) return { now: Math.floor(now) };',
    replace: 'return { now: Math.floor(this.#sources.wall()) };',
  },
  {
    name: 'tidying goes by what the clock says',
    file: 'src/domain/tidy-mark.ts',
    find: '  const passed = Math.min(now, horizon);\n',
    replace: '  const passed = now;\n',
  },
];
