/** How much may wait at once, and how long. Beyond a bound a request is refused at once, so that accepted ones go on. */
export interface Bounds {
  /** Requests of one budget that wait to be decided; below the calls that the server carries, so that other budgets go on. */
  readonly queued: number;
  /** Budgets in memory. */
  readonly budgets: number;
  /** Requests for a slot that wait to be admitted, in one budget and in all: so few that those who hold slots can call. */
  readonly waitersPerBudget: number;
  readonly waiters: number;
  /** Of one AI in one budget, those of its sessions included: so that it cannot shut the others out of waiting. */
  readonly waitersPerAi: number;
  /** Watchers of one budget and of all. */
  readonly watchersPerBudget: number;
  readonly watchers: number;
  /** Sessions of this replica. */
  readonly sessions: number;
  /** A batch larger than this makes the first of it wait for the last. */
  readonly batch: number;
  /** A request that is not answered by then is told that the store is unavailable. */
  readonly requestMs: number;
  /** A budget that nobody used for so long leaves the memory. */
  readonly idleMs: number;
}

export const BOUNDS: Bounds = {
  queued: 4_000,
  budgets: 20_000,
  waitersPerBudget: 1_000,
  waiters: 2_000,
  waitersPerAi: 100,
  watchersPerBudget: 100,
  watchers: 1_000,
  sessions: 1_000,
  batch: 1_024,
  requestMs: 5_000,
  idleMs: 60_000,
};
