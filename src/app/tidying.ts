import { type Cut, cutBy, highest, leapWaitMs, markAfter, type TidyMark } from '../domain/time/tidy-mark.js';
import { dayName } from '../domain/time/windows.js';
import type { Clock } from '../platform/clock.js';
import type { Log } from '../platform/log.js';
import { pause, type Scheduler } from '../platform/scheduler.js';
import { type BudgetStore, type ListedBudget, StoreError } from '../store/store.js';
import { tidyDenials } from './denial-tidying.js';

const FIRST_MS = 60_000;
/** How often it is noted that the service runs; and a clock that was not trusted is asked again. */
const LOOK_EVERY_MS = 5 * 60_000;
const TIDY_EVERY_MS = 6 * 3_600_000;
const STOP_MS = 1_000;
/** Removed in one step, between which others get their turn and a stop is noticed. */
const AT_ONCE = 500;
const BUDGETS_AT_ONCE = 100;
/** A clock that is ahead by more than the service ran is worth a word to an operator. */
const WORTH_TELLING_MS = 86_400_000;

export interface TidyingOptions {
  readonly store: BudgetStore;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly retentionMonths: number;
}

/**
 * Removes usage older than the retention, old receipts, and budgets that were deleted that long ago, a few times a day. Nothing
 * depends on when it happens. It goes by the time that the service has run, not by what the clock says: see `tidy-mark.ts`.
 */
export class Tidying {
  private cancel = (): void => {};
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  /** The mark as this replica knows it, and since when, by the monotonic clock: for so long it has surely run since. */
  private known: { readonly mark: TidyMark; readonly since: number } | undefined;
  /** What was known before the mark had to be read again. */
  private passedBefore = 0;
  private tidiedAt = Number.NEGATIVE_INFINITY;
  private vouchedFor: number | undefined;

  constructor(private readonly options: TidyingOptions) {}

  start(): void {
    this.plan(FIRST_MS);
    // So that what has passed is known from the first requests on.
    this.running = this.look(false);
  }

  /** The moment up to which time has surely passed; 0 while that is not known. */
  readonly passed = (): number => {
    const { known } = this;
    if (known === undefined || known.mark.horizon === 0) return this.passedBefore;
    return known.mark.horizon + this.options.clock.monotonic() - known.since;
  };

  private plan(delayMs: number): void {
    this.cancel = this.options.scheduler.after(delayMs, () => {
      this.running = this.look().finally(() => {
        if (!this.stopped) this.plan(LOOK_EVERY_MS);
      });
    });
  }

  /** Ends after the step that is under way; a store that does not answer is not waited for. */
  async stop(): Promise<void> {
    const { scheduler } = this.options;
    this.stopped = true;
    this.cancel();
    await Promise.race([this.running, pause(scheduler, STOP_MS)]);
  }

  /** Notes what time has passed, and tidies when it is time for that. */
  async look(mayTidy = true): Promise<void> {
    try {
      const mark = await this.observe();
      if (mark === undefined || !mayTidy || this.stopped) return;
      const now = this.options.clock.monotonic();
      if (now - this.tidiedAt < TIDY_EVERY_MS && mark.vouchedFor === this.vouchedFor) return;
      this.vouchedFor = mark.vouchedFor;
      if (await this.tidy(mark)) this.tidiedAt = now;
    } catch (error) {
      const { log } = this.options;
      if (this.stopped) log.debug({ err: error }, 'removing what is old ended with the service');
      else if (error instanceof StoreError)
        log.warn({ reason: error.message }, 'removing what is old failed; trying again in 5 minutes');
      else log.error({ err: error }, 'removing what is old failed; trying again in 5 minutes');
    }
  }

  /** The newest mark; undefined while the clock is not trusted, and then the time does not count. */
  private async observe(): Promise<TidyMark | undefined> {
    const { store, clock } = this.options;
    if (!clock.read().trusted) {
      this.forgetMark();
      return undefined;
    }
    const mark = await store.readTidyMark();
    const { now, trusted } = clock.read();
    if (!trusted) return undefined;
    const monotonic = clock.monotonic();
    const { known } = this;
    // Another replica's is first seen; how long ago it was written, nobody can tell.
    if (mark !== undefined && mark.revision !== known?.mark.revision) {
      this.known = { mark, since: monotonic };
      return mark;
    }
    return this.write(markAfter(mark, now, monotonic - (known?.since ?? monotonic)), monotonic);
  }

  private forgetMark(): void {
    this.passedBefore = this.passed();
    this.known = undefined;
  }

  private async write(mark: TidyMark, since: number): Promise<TidyMark | undefined> {
    // Whatever becomes of it: not known as written, it is read again.
    this.forgetMark();
    if ((await this.options.store.swapTidyMark(mark)) === 'lost') return undefined;
    this.known = { mark, since };
    return mark;
  }

  /** True when all that may go is gone. */
  private async tidy(mark: TidyMark): Promise<boolean> {
    const { clock, log, retentionMonths } = this.options;
    const { now, trusted } = clock.read();
    if (!trusted) return false;
    const cut = cutBy(mark, now, retentionMonths);
    this.tellOfWaiting(mark, cut, now);
    const removed = { days: 0, receipts: 0, budgets: 0 };
    try {
      await this.tidyDenials(Math.min(now, mark.horizon));
      await this.removeOld(cut, removed);
      await this.forgetDeleted(cut, removed);
    } finally {
      const { days, receipts, budgets } = removed;
      if (days + receipts + budgets > 0) {
        const before = {
          dayBefore: cut.dayBefore,
          receiptsBefore: new Date(cut.receiptsBefore).toISOString(),
        };
        log.info(
          { ...removed, ...before },
          'removed usage and deleted budgets beyond the retention, and old receipts',
        );
      }
    }
    if (this.stopped) return false;
    return this.noteCut(cut, now);
  }

  private async tidyDenials(passed: number): Promise<void> {
    if (passed <= 0) return;
    const { store, log } = this.options;
    const { folded, removed } = await tidyDenials(store, passed, () => this.stopped);
    if (folded + removed > 0)
      log.info({ folded, removed }, 'folded denials into days, and removed those beyond 31 days');
  }

  private async removeOld(cut: Cut, removed: { days: number; receipts: number }): Promise<void> {
    while (!this.stopped) {
      const { days, receipts } = await this.options.store.tidy(cut, AT_ONCE);
      removed.days += days;
      removed.receipts += receipts;
      if (days + receipts === 0) return;
    }
  }

  private async noteCut(cut: Cut, at: number): Promise<boolean> {
    const { store } = this.options;
    const mark = await store.readTidyMark();
    if (mark === undefined) return false;
    const since =
      this.known?.mark.revision === mark.revision ? this.known.since : this.options.clock.monotonic();
    const next = { ...mark, revision: mark.revision + 1, lastCut: { ...cut, at } };
    return (await this.write(next, since)) !== undefined;
  }

  /** Budgets that were deleted before the cut. Their usage has gone by then, and nothing of them is left to be written out. */
  private async forgetDeleted({ dayBefore }: Cut, removed: { budgets: number }): Promise<void> {
    const { store } = this.options;
    let after = '';
    while (!this.stopped) {
      const page = await store.list(after, BUDGETS_AT_ONCE);
      const old = page.filter((listed) => isLongDeleted(listed, dayBefore));
      if (old.length > 0 && !(await this.raiseNumbers(old))) return;
      for (const { budgetId, head } of old) {
        if (this.stopped) return;
        if ((await store.forget(budgetId, head)) === 'won') removed.budgets += 1;
      }
      const last = page[page.length - 1];
      if (last === undefined || page.length < BUDGETS_AT_ONCE) return;
      after = last.budgetId;
    }
  }

  /** Before they go: one of them that is created again goes on above what it had. */
  private async raiseNumbers(budgets: readonly ListedBudget[]): Promise<boolean> {
    const { store, clock } = this.options;
    const mark = await store.readTidyMark();
    if (mark === undefined) return false;
    const numbers = budgets.reduce((most, { head }) => highest(most, head), highest(mark.numbers, NONE));
    const since = this.known?.mark.revision === mark.revision ? this.known.since : clock.monotonic();
    return (await this.write({ ...mark, revision: mark.revision + 1, numbers }, since)) !== undefined;
  }

  private tellOfWaiting(mark: TidyMark, cut: Cut, now: number): void {
    const wanted = cutBy({ ...mark, horizon: now }, now, this.options.retentionMonths);
    const aheadMs = now - mark.horizon;
    // A store that is new has nothing to remove.
    if (mark.horizon === 0 || aheadMs < WORTH_TELLING_MS || wanted.dayBefore === cut.dayBefore) return;
    const fields = {
      keptFrom: cut.dayBefore,
      insteadOf: wanted.dayBefore,
      clock: new Date(now).toISOString(),
    };
    const days = Math.ceil(leapWaitMs(mark) / 86_400_000);
    this.options.log.warn(
      fields,
      `the clock is ${Math.round(aheadMs / 86_400_000)} days ahead of the time that the service is known to have run: what is ` +
        `beyond the retention stays until the service has run for up to ${days} days more. Is the clock right? The command tidy ` +
        '--clock-is-right says so. Is it wrong? Set it right, and call ResetClock.',
    );
  }
}

const NONE = { epoch: 0, fence: 0, revision: 0 };

/** Its clock stands at what was last done with it. */
function isLongDeleted({ head }: ListedBudget, dayBefore: string): boolean {
  return head.deleted && head.wakeAt === undefined && dayName('UTC', head.clock) < dayBefore;
}
