import type { DenialDay, DenialHead, DenialRecord, DenialWrite } from '../domain/denials/records.js';

/** Where the counts of denials are kept. No decision depends on them. Errors as those of a `BudgetStore`, which this is a part of. */
export interface DenialStore {
  /**
   * Writes what was refused: each head whole, and of the AIs those that are named, where the stored revision is lower or there is
   * none. Each has one writer, who sends what was not acknowledged once more with what came since; so any repetition and any crash
   * between two writes give the same records.
   */
  writeDenials(writes: readonly DenialWrite[]): Promise<void>;

  /** Those of one epoch that begin from `from` on and before `to`, hours and days, in any order; `recent`. */
  readDenials(budgetId: string, epoch: number, from: number, to: number): Promise<DenialRecord[]>;

  /** Heads of hours, of whatever budget, in which something was refused from `since` on, in any order; `recent`. */
  recentDenials(since: number, limit: number): Promise<DenialHead[]>;

  /** Days of UTC that ended before `before` and still have hours; about `limit` of them. */
  unfoldedDenials(before: number, limit: number): Promise<DenialDay[]>;

  /** Puts a day in the place of its hours, unless there is one: it is kept, since its hours may be gone in part. Then removes those. */
  foldDenials(day: DenialRecord): Promise<void>;

  /** Removes about `limit` in which nothing was refused from `before` on. Nothing removed means that nothing is left. */
  tidyDenials(before: number, limit: number): Promise<number>;
}

/** Where a list of all denials of a budget goes on. */
export type DenialPosition = Pick<DenialHead, 'epoch' | 'start' | 'writer'>;
