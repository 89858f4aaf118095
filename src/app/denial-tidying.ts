import { DAY_MS } from '../domain/denials/denials.js';
import { DAY_WRITER, FOLD_AFTER_MS, foldedDay, KEPT_MS } from '../domain/denials/records.js';
import type { BudgetStore } from '../store/store.js';

/** Done in one step, between which others get their turn and a stop is noticed. */
const DAYS_AT_ONCE = 20;
const RECORDS_AT_ONCE = 500;

export interface TidiedDenials {
  folded: number;
  removed: number;
}

/**
 * Folds the hours of days that are over for 48 hours into one record each, and removes what is older than 31 days. `passed`: the
 * moment that has surely passed; a clock that is wrong must fold nothing of today.
 */
export async function tidyDenials(
  store: BudgetStore,
  passed: number,
  stopped: () => boolean,
): Promise<TidiedDenials> {
  const tidied = { folded: 0, removed: 0 };
  while (!stopped()) {
    const days = await store.unfoldedDenials(passed - FOLD_AFTER_MS, DAYS_AT_ONCE);
    for (const day of days) {
      const records = await store.readDenials(day.budgetId, day.epoch, day.start, day.start + DAY_MS);
      // Somebody has folded it, and not come to remove the hours.
      const known = records.find(({ writer }) => writer === DAY_WRITER);
      await store.foldDenials(known ?? foldedDay(day, records));
      tidied.folded += 1;
      if (stopped()) return tidied;
    }
    if (days.length === 0) break;
  }
  while (!stopped()) {
    const removed = await store.tidyDenials(passed - KEPT_MS, RECORDS_AT_ONCE);
    tidied.removed += removed;
    if (removed === 0) break;
  }
  return tidied;
}
