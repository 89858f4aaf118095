import { retentionStart } from './domain/calendar.js';
import { RECEIPT_MEMORY_MS } from './domain/limits.js';
import type { Clock } from './platform/clock.js';
import type { Log } from './platform/log.js';
import type { Scheduler } from './platform/scheduler.js';
import { type BudgetStore, StoreError } from './store/store.js';

const FIRST_MS = 60_000;
const EVERY_MS = 6 * 3_600_000;

/** Removes usage older than the retention, and old receipts, a few times a day. Nothing depends on when it happens. */
export function startTidying(
  { store, clock, scheduler, log }: { store: BudgetStore; clock: Clock; scheduler: Scheduler; log: Log },
  retentionMonths: number,
): () => void {
  let cancel = scheduler.after(FIRST_MS, run);
  async function tidy(): Promise<void> {
    const { now, trusted } = clock.read();
    if (!trusted) return;
    try {
      await store.tidy(retentionStart(now, retentionMonths), now - RECEIPT_MEMORY_MS);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      log.warn({ reason: error.message }, 'removing old usage failed; trying again later');
    }
  }
  function run(): void {
    void tidy();
    cancel = scheduler.after(EVERY_MS, run);
  }
  return () => cancel();
}
