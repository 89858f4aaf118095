import { status } from '@grpc/grpc-js';
import { Backoff } from '../time.js';
import { CallFailure } from '../transport/call-failure.js';
import type { Transport } from '../transport/transport.js';
import type { Journal } from './journal.js';
import { settleOnce } from './settle-once.js';
import { LONGEST_MS, type Settlement } from './settlement.js';

/** While the service is away for longer, what is to be settled does not keep a process that has nothing else to do. */
const KEEPS_PROCESS_MS = 10_000;
/** Whoever waits for it has not long to wait. */
const FLUSH_MS = 500;
const LATE_GRANT_MS = 1_000;
/** New credentials mend these. */
const MENDED: readonly number[] = [status.UNAUTHENTICATED, status.PERMISSION_DENIED];

export interface OutboxEvents {
  /** It will not be tried again. */
  onFailed(settlement: Settlement, error: CallFailure): void;
  /** The journal could not keep it: it is settled all the same, unless this process crashes. */
  onUnwritten(settlement: Settlement, error: unknown): void;
}

type Done = (charged: number | undefined) => void;

/** Settles in the background: no caller waits for it, and none is told of its failures but by the callback. */
export class Outbox {
  private readonly open = new Map<string, Settlement>();
  private readonly tails = new Map<string, Promise<void>>();
  private readonly waking = new Set<() => void>();
  /** Of those who wait until all is known. */
  private readonly listeners = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly transport: Transport,
    private readonly events: OutboxEvents,
    private readonly journal?: Journal,
  ) {}

  get size(): number {
    return this.open.size;
  }

  /**
   * Resolves when it will survive a crash: at once without a journal. `done` is called when it is known, or given up, with what the
   * lease was charged in all, where the service says so.
   */
  async add(settlement: Settlement, done: Done = () => {}): Promise<void> {
    if (this.stopped) {
      this.refuse(settlement);
      done(undefined);
      return;
    }
    this.open.set(settlement.id, settlement);
    // In the journal before it is sent, so that whatever was sent is known after a crash, too.
    await this.journal?.add(settlement).catch((error: unknown) => this.events.onUnwritten(settlement, error));
    this.start(settlement, done);
  }

  /** What an earlier process left. */
  resume(settlements: readonly Settlement[]): void {
    for (const settlement of settlements) {
      this.open.set(settlement.id, settlement);
      this.start(settlement, () => {});
    }
  }

  /** Whether all of it was known within the time. */
  flush(timeoutMs: number): Promise<boolean> {
    if (this.open.size === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (isDone: boolean): void => {
        clearTimeout(timer);
        this.listeners.delete(done);
        resolve(isDone);
      };
      const done = (): void => end(true);
      const timer = setTimeout(() => end(false), timeoutMs);
      this.listeners.add(done);
      for (const wake of [...this.waking]) wake();
    });
  }

  /** Tries no more; what is left stays in the journal. */
  stop(): readonly Settlement[] {
    this.stopped = true;
    for (const wake of [...this.waking]) wake();
    return [...this.open.values()];
  }

  /** What comes when nobody settles any more. A grant that nobody had is over with its session. */
  private refuse(settlement: Settlement): void {
    if ('requestId' in settlement.lease && !settlement.lease.isSpent) return;
    const message = 'the client was closed while the slot was held';
    this.events.onFailed(settlement, new CallFailure(status.CANCELLED, message));
  }

  /** Those of one lease in their order. */
  private start(settlement: Settlement, done: Done): void {
    const { lease } = settlement;
    const key = 'leaseId' in lease ? lease.leaseId : lease.requestId;
    const before = this.tails.get(key) ?? Promise.resolve();
    const settled = before
      .then(() => this.settle(settlement))
      .then((charged) => this.closeOne(settlement, () => done(charged)));
    this.tails.set(key, settled);
    void settled.then(() => {
      if (this.tails.get(key) === settled) this.tails.delete(key);
    });
  }

  private closeOne(settlement: Settlement, done: () => void): void {
    done();
    if (this.stopped && this.open.has(settlement.id)) return;
    if (this.open.size > 0) return;
    for (const listener of [...this.listeners]) listener();
  }

  private async settle(settlement: Settlement): Promise<number | undefined> {
    let charged: number | undefined;
    const backoff = new Backoff(100, 30_000);
    const { lease } = settlement;
    // A grant that was cancelled on its way may be made yet.
    if ('requestId' in lease && !lease.isSpent) await this.pause(LATE_GRANT_MS, settlement);
    while (!this.stopped) {
      try {
        charged = await settleOnce(this.transport, settlement);
        break;
      } catch (error) {
        const failure = error instanceof CallFailure ? error : new CallFailure(status.UNKNOWN, String(error));
        const again = failure.isPassing || MENDED.includes(failure.code);
        if (!again || Date.now() - settlement.firstTriedAt >= LONGEST_MS) {
          this.events.onFailed(settlement, failure);
          break;
        }
        await this.pause(Math.max(backoff.next(), failure.retryAfterMs ?? 0), settlement);
      }
    }
    if (this.stopped) return undefined;
    this.open.delete(settlement.id);
    this.journal?.done(settlement.id);
    return charged;
  }

  private pause(ms: number, { firstTriedAt }: Settlement): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waking.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, this.listeners.size > 0 ? Math.min(ms, FLUSH_MS) : ms);
      if (Date.now() - firstTriedAt > KEEPS_PROCESS_MS) timer.unref();
      this.waking.add(wake);
    });
  }
}
