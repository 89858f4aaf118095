import type { Mutation } from './mutation.js';

const STORE = 'test/simulation/sim-store.ts';
const CLOCK = 'src/platform/store-clock.ts';

/** Mistakes of a store, and of the clock that follows it. */
export const STORE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'usage documents without the fence of their revision',
    file: STORE,
    find: "if (before < document.revision) this.put('days'",
    replace: "if (before < Infinity) this.put('days'",
  },
  {
    name: 'receipts without the fence of their revision',
    file: STORE,
    find: "if (before < receipt.revision) this.put('receipts'",
    replace: "if (before < Infinity) this.put('receipts'",
  },
  {
    name: 'receipts are only inserted, never overwritten',
    file: STORE,
    find: "if (before < receipt.revision) this.put('receipts'",
    replace: "if (before === -1) this.put('receipts'",
  },
  {
    name: 'usage documents add deltas instead of absolute totals',
    file: STORE,
    find: "this.put('days', key, deepFreeze(document));",
    replace:
      "this.put('days', key, { ...document, total: document.total + (this.primary.days.get(key)?.total ?? 0) });",
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
    name: 'a receipt that is missing from an older state counts as missing',
    file: STORE,
    find: 'const { receipts } = this.current;',
    replace: 'const { receipts } = this.recent;',
  },
  {
    name: 'usage documents are read back from an older state',
    file: STORE,
    find: 'return [...this.current.days.values()]',
    replace: 'return [...this.recent.days.values()]',
  },
  {
    name: 'a version is confirmed by an older state',
    file: STORE,
    find: 'this.current.budgets.get(budgetId)?.head;',
    replace: 'this.recent.budgets.get(budgetId)?.head;',
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
