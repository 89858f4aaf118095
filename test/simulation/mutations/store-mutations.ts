import type { Mutation } from './mutation.js';

/** Mistakes of a store, and of the clock that follows it. */
export const STORE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'usage documents without the fence of their revision',
    at: 'writeDays',
    find: "if (before < document.revision) this.put('days'",
    replace: "if (before < Infinity) this.put('days'",
  },
  {
    name: 'receipts without the fence of their revision',
    at: 'putReceipt',
    find: "if (before < receipt.revision) this.put('receipts'",
    replace: "if (before < Infinity) this.put('receipts'",
  },
  {
    name: 'receipts are only inserted, never overwritten',
    at: 'putReceipt',
    find: "if (before < receipt.revision) this.put('receipts'",
    replace: "if (before === -1) this.put('receipts'",
  },
  {
    name: 'usage documents add deltas instead of absolute totals',
    at: 'writeDays',
    find: "this.put('days', key, deepFreeze(document));",
    replace:
      "this.put('days', key, { ...document, total: document.total + (this.primary.days.get(key)?.total ?? 0) });",
  },
  {
    name: 'a commit is not compared with the stored revision',
    at: 'version',
    find: '|| before?.head.revision !== expected?.revision) return',
    replace: ') return',
  },
  {
    name: 'a write that the majority did not confirm is acknowledged',
    at: 'written',
    find: 'if (this.stalled) throw',
    replace: 'if (result === undefined && this.stalled) throw',
  },
  {
    name: 'a receipt that is missing from an older state counts as missing',
    at: 'findReceipts',
    find: 'const { receipts } = this.current;',
    replace: 'const { receipts } = this.recent;',
  },
  {
    name: 'usage documents are read back from an older state',
    at: 'readDays',
    find: 'return [...this.current.days.values()]',
    replace: 'return [...this.recent.days.values()]',
  },
  {
    name: 'a version is confirmed by an older state',
    at: 'version',
    find: 'this.current.budgets.get(budgetId)?.head;',
    replace: 'this.recent.budgets.get(budgetId)?.head;',
  },
  {
    name: "the local wall clock decides, not the store's",
    at: 'stop',
    find: 'if (Math.abs(skew) <= this.#options.maxSkewMs) return { now: Math.floor(now) };',
    replace: 'return { now: Math.floor(this.#sources.wall()) };',
  },
  {
    name: 'tidying goes by what the clock says',
    at: 'cutBy',
    find: '  const passed = Math.min(now, horizon);\n',
    replace: '  const passed = now;\n',
  },
];
