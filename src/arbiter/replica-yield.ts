/** A replica whose last commit is older is not racing. */
export const RACING_MS = 500;
const MOST_TURN_MS = 50;
/** Turns left to others of which nobody made use, until this replica takes all again. */
const UNUSED_YIELDS = 2;
/** While replicas race, what another replica drops makes this one look up again what it has looked up already. */
const DROP_EVERY_MS = 250;

/**
 * Replicas that use one budget at the same time yield to each other, without a word: who has won leaves the others as long as a
 * round takes, and then loads. Racing instead, each would throw away most of what it decides. `now` is the monotonic clock's.
 */
export class ReplicaYield {
  private lostInRow = 0;
  private yields = false;
  private others = 1;
  private unused = 0;
  /** What this replica committed before it last yielded. */
  private leftAt = 0;
  private loadedAt = 0;
  /** From a loading to the commit that won, on average. */
  private roundMs = 5;
  private droppedAt = Number.NEGATIVE_INFINITY;

  /** It leaves others their turns. */
  get isActive(): boolean {
    return this.yields;
  }

  /** `rivals`: other replicas that are racing. */
  loaded(rivals: number, now: number): void {
    this.loadedAt = now;
    this.others = Math.max(1, rivals);
  }

  /** How many races were lost in a row, by now. */
  lost(): number {
    this.yields = true;
    this.unused = 0;
    this.lostInRow += 1;
    return this.lostInRow;
  }

  /** For how long to yield to others, if any are about. They may use it, so this replica must load then. */
  won(revision: number, now: number): number | undefined {
    this.lostInRow = 0;
    this.unused = revision === this.leftAt + 1 ? this.unused + 1 : 0;
    if (this.unused >= UNUSED_YIELDS) this.yields = false;
    if (!this.yields) return undefined;
    this.roundMs += (now - this.loadedAt - this.roundMs) / 4;
    this.leftAt = revision;
    return Math.min(this.roundMs, MOST_TURN_MS) * this.others;
  }

  /** Whether a commit should drop from the state what is written. */
  mayDrop(now: number): boolean {
    if (!this.yields) return true;
    if (now - this.droppedAt < DROP_EVERY_MS) return false;
    this.droppedAt = now;
    return true;
  }
}
