import type { Ledger } from '../domain/ledger/ledger.js';
import type { Context } from './context.js';
import type { WaitingList } from './waiting-list.js';

/** How often a replica with waiters looks whether another replica freed a slot. */
const POLL_MS = 250;
/** After a failure of the store, until the next try for those who still wait. */
const RETRY_MS = 1_000;
const LONGEST_MS = 60_000;

/** The one timer of a budget: for the next expiry, closing day or waiter. One that fires early does no harm. */
export class Wake {
  private cancel: (() => void) | undefined;
  private firesAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: Context,
    private readonly wake: () => void,
  ) {}

  plan(ledger: Ledger, waiters: WaitingList, shared: boolean): void {
    const { now } = this.context.clock.read();
    const monotonic = this.context.clock.monotonic();
    const { at, answerAt } = waiters.nextTurn();
    const due = Math.min(
      ledger.slots.firstExpiry()?.expiresAt ?? Infinity,
      ledger.wakeAt ?? Infinity,
      at ?? Infinity,
    );
    let delayMs = Math.min(due - now, (answerAt ?? Infinity) - monotonic, LONGEST_MS);
    if (shared && waiters.size > 0) delayMs = Math.min(delayMs, POLL_MS);
    // What is overdue and still there cannot be helped at once: time may stand still.
    this.set(Math.max(delayMs, 1), monotonic, delayMs <= 0);
  }

  retry(): void {
    this.set(RETRY_MS, this.context.clock.monotonic(), false);
  }

  private set(delayMs: number, monotonic: number, overdue: boolean): void {
    const wait = overdue && this.lastFiredAt > monotonic - POLL_MS ? POLL_MS : delayMs;
    if (this.firesAt <= monotonic + wait) return;
    this.stop();
    this.firesAt = monotonic + wait;
    this.cancel = this.context.scheduler.after(wait, () => {
      this.firesAt = Number.POSITIVE_INFINITY;
      this.lastFiredAt = this.context.clock.monotonic();
      this.wake();
    });
  }

  private lastFiredAt = Number.NEGATIVE_INFINITY;

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.firesAt = Number.POSITIVE_INFINITY;
  }
}
