import type { Ledger } from '../domain/ledger/ledger.js';
import { pause } from '../platform/scheduler.js';
import { backoffMs } from './backoff.js';
import type { Context } from './context.js';
import { logLostRace } from './event-log.js';

const LOST_RACE_MS = 50;
/** A copy whose last commit is older is not racing. */
const RACING_MS = 500;
const MOST_TURN_MS = 50;
/** Turns left to others of which nobody made use, until this copy takes all again. */
const UNUSED_TURNS = 2;
/** While copies race, what another copy drops makes this one look up again what it has looked up already. */
const DROP_EVERY_MS = 250;

/**
 * Copies that use one budget at the same time take turns, without a word to each other: who has won leaves the others as long as a
 * round takes, and then loads. Racing instead, each would throw away most of what it decides.
 */
export class CopyTurns {
  private lostInRow = 0;
  private leavesTurns = false;
  private others = 1;
  private unused = 0;
  /** What this copy committed before it left the last turn to others. */
  private leftAt = 0;
  private loadedAt = 0;
  /** From a loading to the commit that won, on average. */
  private roundMs = 5;
  private droppedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly context: Context,
    private readonly budgetId: string,
  ) {}

  loaded({ clock, tables }: Ledger): void {
    const { copyId, clock: time } = this.context;
    this.loadedAt = time.monotonic();
    const racing = [...tables.writers.entries()].filter(
      ([id, { at }]) => id !== copyId && clock - at < RACING_MS,
    );
    this.others = Math.max(1, racing.length);
  }

  /** Resolves when this copy should try again: two that raced must not race again in step. */
  async lost(): Promise<void> {
    const { scheduler, log, counts } = this.context;
    counts.lostRaces += 1;
    this.leavesTurns = true;
    this.unused = 0;
    this.lostInRow += 1;
    const waitMs = backoffMs(scheduler, this.lostInRow, LOST_RACE_MS);
    logLostRace(log, this.budgetId, this.lostInRow, Math.round(waitMs));
    await pause(scheduler, waitMs);
  }

  /** Leaves others their turn, if any are about. True: they may have used it, so this copy must load. */
  async won(revision: number): Promise<boolean> {
    this.lostInRow = 0;
    this.unused = revision === this.leftAt + 1 ? this.unused + 1 : 0;
    if (this.unused >= UNUSED_TURNS) this.leavesTurns = false;
    if (!this.leavesTurns) return false;
    const { clock, scheduler } = this.context;
    this.roundMs += (clock.monotonic() - this.loadedAt - this.roundMs) / 4;
    this.leftAt = revision;
    const turnMs = Math.min(this.roundMs, MOST_TURN_MS) * this.others;
    // Twice: they load first.
    await pause(scheduler, Math.ceil(turnMs * (2 + scheduler.random() / 2)));
    return true;
  }

  /** Whether a commit should drop from the state what is written. */
  mayDrop(): boolean {
    if (!this.leavesTurns) return true;
    const now = this.context.clock.monotonic();
    if (now - this.droppedAt < DROP_EVERY_MS) return false;
    this.droppedAt = now;
    return true;
  }
}
