import type { Scheduler } from '../../platform/scheduler.js';

const TICK_MS = 50;
/** A read of 64 KiB holds some hundred calls. */
const CALLS_OF_A_READ = 100;
/** Below the time in which a client takes a connection that does not answer pings for broken. */
const LONGEST_TICKS = 40;

export interface Readable {
  /** Whether bytes of the connection are taken from the system. */
  read(on: boolean): void;
}

/**
 * Connections whose calls are refused and that are not read for a while. Even a refusal costs something: who offers more
 * refusable calls than the server can refuse beside its work waits in his own buffers, and the others do not.
 */
export class Backpressure {
  private readonly waiting = new Map<Readable, { ticks: number }>();
  private readonly perTick: number;
  private allowance: number;
  private cancel: (() => void) | undefined;

  constructor(
    refusalsPerSecond: number,
    private readonly scheduler: Scheduler,
    private readonly roomy: () => boolean,
  ) {
    this.perTick = (refusalsPerSecond * TICK_MS) / 1_000;
    this.allowance = refusalsPerSecond;
  }

  get size(): number {
    return this.waiting.size;
  }

  refused(connection: Readable): void {
    this.allowance -= 1;
    if (this.allowance >= 0 || this.waiting.has(connection)) return;
    connection.read(false);
    this.waiting.set(connection, { ticks: 0 });
    if (this.cancel === undefined) this.tickLater();
  }

  leave(connection: Readable): void {
    this.waiting.delete(connection);
  }

  stop(): void {
    this.cancel?.();
  }

  private tickLater(): void {
    this.cancel = this.scheduler.after(TICK_MS, () => {
      this.tick();
      if (this.waiting.size > 0) this.tickLater();
      else this.cancel = undefined;
    });
  }

  private tick(): void {
    this.allowance = Math.min(this.allowance + this.perTick, 20 * this.perTick);
    let reads = this.roomy() ? 4 : Math.ceil(this.allowance / CALLS_OF_A_READ);
    for (const [connection, seen] of this.waiting) {
      seen.ticks += 1;
      reads -= 1;
      if (reads < 0 && seen.ticks < LONGEST_TICKS) continue;
      this.waiting.delete(connection);
      connection.read(true);
    }
  }
}
