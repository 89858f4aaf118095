import { LazyMap } from '../domain/model/lazy-map.js';
import type { Outcome } from '../domain/model/outcomes.js';
import type { BudgetRequest } from '../domain/model/requests.js';
import type { LeaseView } from '../domain/model/types.js';
import type { Context } from './context.js';
import { NOBODY, Pending } from './pending.js';

/** Leases that are due this much later are renewed along, so that a commit carries many. */
const TOGETHER_MS = 500;
/** So few that any commit can carry them; the others follow at once. */
const RENEWED_AT_ONCE = 500;
const RETRY_MS = 500;

interface Carried {
  readonly stream: string;
  /** By the monotonic clock. */
  readonly dueAt: number;
  readonly everyMs: number;
  readonly endsAt: number;
}

/** Keeps the leases of one budget alive whose sessions' streams are on this replica, and says to the state when such a stream ends. */
export class SessionLeases {
  /** By fence. */
  private readonly carried = new LazyMap<number, Carried>();
  /** Streams whose end the state does not know yet. */
  private broken: readonly string[] = [];
  /** Streams that never began, of which it does not know that either. */
  private unopened: readonly string[] = [];
  private asking = false;
  private cancel: (() => void) | undefined;
  private firesAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly context: Context,
    private readonly submit: (pending: Pending) => void,
  ) {}

  get idle(): boolean {
    return this.carried.size === 0 && !this.hasEnds && !this.asking;
  }

  private get hasEnds(): boolean {
    return this.broken.length > 0 || this.unopened.length > 0;
  }

  /** The stream carries this lease from now on, as an answer says that is decided by now. */
  carry({ fence, expiresAt, renewableUntil, asOf }: LeaseView, stream: string): void {
    if (expiresAt >= renewableUntil) {
      this.carried.delete(fence);
      return;
    }
    const now = this.context.clock.monotonic();
    const leftMs = expiresAt - asOf;
    const everyMs = leftMs / 3;
    const dueAt = now + everyMs;
    this.carried.set(fence, { stream, dueAt, everyMs, endsAt: now + leftMs });
    this.wakeAt(dueAt, now);
  }

  /** It was given back. */
  letGo(fence: number): void {
    this.carried.delete(fence);
  }

  /** Its leases are no longer kept alive: whoever takes the session up does that, until their time is over. */
  leave(stream: string): void {
    for (const [fence, carried] of this.carried) if (carried.stream === stream) this.carried.delete(fence);
  }

  break(stream: string): void {
    this.leave(stream);
    this.broken = [...this.broken, stream];
    void this.ask();
  }

  /** A take-up by this stream has failed. Whose leases it took was not told: it may be of any replica. */
  giveBack(stream: string): void {
    this.unopened = [...this.unopened, stream];
    void this.ask();
  }

  stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.firesAt = Number.POSITIVE_INFINITY;
  }

  /** One timer for all of them. It may fire for a lease that was given back since, and then looks for the next. */
  private wakeAt(at: number, now: number): void {
    if (at >= this.firesAt) return;
    this.stop();
    this.firesAt = at;
    this.cancel = this.context.scheduler.after(Math.max(1, at - now), () => {
      this.firesAt = Number.POSITIVE_INFINITY;
      void this.ask();
    });
  }

  private async ask(): Promise<void> {
    if (this.asking || this.context.stopping()) return;
    this.asking = true;
    // What else ends or falls due in this moment goes along.
    await Promise.resolve();
    const now = this.context.clock.monotonic();
    const done = (await this.breakAll()) && (await this.renew(now));
    this.asking = false;
    if (done) this.plan();
    else this.wakeAt(this.context.clock.monotonic() + RETRY_MS, this.context.clock.monotonic());
  }

  private async breakAll(): Promise<boolean> {
    if (!this.hasEnds) return true;
    const { broken, unopened } = this;
    this.broken = [];
    this.unopened = [];
    const [streams, never] = [new Set(broken), new Set(unopened)];
    const outcome = await this.decided({ kind: 'break-sessions', streams, unopened: never });
    if (outcome !== undefined) return true;
    this.broken = [...broken, ...this.broken];
    this.unopened = [...unopened, ...this.unopened];
    return false;
  }

  private async renew(now: number): Promise<boolean> {
    const streams = new Map<number, string>();
    for (const [fence, { stream, dueAt, endsAt }] of this.carried) {
      if (endsAt <= now) this.carried.delete(fence);
      else if (dueAt <= now + TOGETHER_MS && streams.size < RENEWED_AT_ONCE) streams.set(fence, stream);
    }
    if (streams.size === 0) return true;
    const outcome = await this.decided({ kind: 'keep-leases', streams });
    if (outcome === undefined) return false;
    const kept = new Map(outcome.kind === 'carried-leases' ? outcome.leases.map((l) => [l.fence, l]) : []);
    // The budget is gone, and its leases with it.
    if (outcome.kind === 'refused') for (const fence of streams.keys()) this.carried.delete(fence);
    for (const [fence, stream] of streams) {
      const carried = this.carried.get(fence);
      // Given back, taken up or broken meanwhile, it is no longer this stream's.
      if (carried?.stream !== stream) continue;
      const lease = kept.get(fence);
      if (lease !== undefined) this.carry(lease, stream);
      // Over, or taken up elsewhere. A take-up that fails there gives it back, so it is asked for until its end.
      else this.carried.set(fence, { ...carried, dueAt: now + carried.everyMs });
    }
    return true;
  }

  /** Undefined: nobody knows whether it was decided; it is asked again. */
  private decided(request: BudgetRequest): Promise<Outcome | undefined> {
    const now = this.context.clock.monotonic();
    return new Promise((resolve) => {
      this.submit(new Pending(request, NOBODY, now, { resolve, reject: () => resolve(undefined) }));
    });
  }

  private plan(): void {
    if (this.hasEnds) {
      void this.ask();
      return;
    }
    let dueAt = Number.POSITIVE_INFINITY;
    for (const carried of this.carried.values()) dueAt = Math.min(dueAt, carried.dueAt);
    if (Number.isFinite(dueAt)) this.wakeAt(dueAt, this.context.clock.monotonic());
  }
}
