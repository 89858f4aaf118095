import type { DenialWrite } from '../domain/denials/records.js';
import { pause } from '../platform/scheduler.js';
import { StoreError } from '../store/store.js';
import type { Context } from './context.js';
import type { DenialMemory } from './denial-memory.js';
import { isRefusal } from './failure.js';

/** How often the sums of an hour are written, and what changed by AI. A kill loses so much. */
const SUMS_EVERY_MS = 5_000;
const AIS_EVERY_MS = 60_000;

/** One write, and whose it is. */
interface Taken {
  readonly memory: DenialMemory;
  readonly write: DenialWrite;
}

/** Writes denials down by and by. A store that does not answer fails nobody: what it did not take goes with the next write. */
export class DenialWriter {
  private sumsAt = Number.NEGATIVE_INFINITY;
  private aisAt: number;
  private writing: Promise<void> | undefined;
  private failed = false;

  constructor(private readonly context: Context) {
    this.aisAt = context.clock.monotonic();
  }

  /** Once a second. */
  tick(): void {
    const now = this.context.clock.monotonic();
    if (this.writing !== undefined || this.context.denied.unwritten.size === 0) return;
    if (now - this.sumsAt < SUMS_EVERY_MS) return;
    this.sumsAt = now;
    const withAis = now - this.aisAt >= AIS_EVERY_MS;
    if (withAis) this.aisAt = now;
    void this.write(withAis);
  }

  /** Everything, within so much time. */
  async stop(mostMs: number): Promise<void> {
    const { scheduler } = this.context;
    const all = async () => {
      await this.writing;
      if (this.context.denied.unwritten.size > 0) await this.write(true);
    };
    await Promise.race([all(), pause(scheduler, mostMs)]);
  }

  private write(withAis: boolean): Promise<void> {
    this.writing = this.writeAll(withAis).finally(() => {
      this.writing = undefined;
    });
    return this.writing;
  }

  private async writeAll(withAis: boolean): Promise<void> {
    const { denied, clock } = this.context;
    const { now } = clock.read();
    const memories = [...denied.unwritten];
    const taken = memories.flatMap((memory) =>
      memory.takeWrites(now, withAis).map((write): Taken => ({ memory, write })),
    );
    await this.send(taken);
    for (const memory of memories) {
      memory.settle(now);
      if (!memory.isSettled) continue;
      denied.unwritten.delete(memory);
      memory.rest();
    }
  }

  private async send(taken: readonly Taken[]): Promise<void> {
    if (taken.length === 0) return;
    try {
      await this.context.store.writeDenials(taken.map(({ write }) => write));
      this.failed = false;
    } catch (error) {
      // Of several nobody knows which one is to blame.
      if (isRefusal(error) && taken.length > 1) {
        for (const one of taken) await this.send([one]);
      } else this.notWritten(taken, error);
    }
  }

  private notWritten(taken: readonly Taken[], error: unknown): void {
    const { log } = this.context;
    const fields = { budgets: new Set(taken.map(({ memory }) => memory.budgetId)).size };
    if (!(error instanceof StoreError)) log.error({ ...fields, err: error }, 'denials could not be written');
    else if (!this.failed || isRefusal(error))
      log.warn(
        { ...fields, reason: error.message },
        'denials could not be written; those that can are tried again',
      );
    this.failed = true;
    // What the store will never take would be tried for ever.
    if (!isRefusal(error)) for (const { memory, write } of taken) memory.giveBack(write);
  }
}
