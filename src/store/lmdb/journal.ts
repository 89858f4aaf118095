import type { Section, StatePatch } from '../../domain/model/state.js';
import { type JournalEntry, type JournaledCommit, JournalLayer } from './journal-layer.js';
import { journalKey } from './keys.js';
import { blockChange, type Place, type ReceiptBlock } from './receipt-blocks.js';
import { type Change, put } from './value-codec.js';

/** What a commit takes along, beside twice what it changes itself. */
const LEAST_AT_ONCE = 64;

/** One commit as the file holds it. Its blocks of receipts are named by its revision. */
export interface JournalRecord {
  readonly entries: readonly JournalEntry[];
  /** In files of format 1: those of sections that came later. */
  readonly more?: readonly JournalEntry[];
  readonly blocksAt: readonly number[];
}

/** The outbox has no entries: its receipts are in their blocks, and stay there. */
export function journaled(patch: StatePatch, blocks: readonly ReceiptBlock[]): JournaledCommit {
  const entries: JournalEntry[] = [];
  for (const { section, key } of patch.drops) if (section !== 'outbox') entries.push([section, key, null]);
  for (const { section, key, value } of patch.puts) {
    if (section !== 'outbox') entries.push([section, key, value]);
  }
  return { revision: patch.head.revision, entries, blocks };
}

export function journalChange(budgetId: string, { revision, entries, blocks }: JournaledCommit): Change {
  const record: JournalRecord = { entries, blocksAt: blocks.map(({ at }) => at) };
  return put(journalKey(budgetId, revision), record);
}

/**
 * Ours, since LMDB writes each value to its own place at once: with it a commit writes three values in place of 280.
 *
 * What the newest commits of a budget changed that is not in its place yet. A commit is one value then, whatever it changes;
 * and what many commits change, as the tokens of an AI, or put and drop again, as a lease, goes to its place once for them
 * all: when they are many, by and by, each later commit taking a part along, so that none takes long.
 *
 *   a commit:  take ──▶ one transaction of the file: the commit ─── won ──▶ taken, add
 *                       into the journal, a part into its place └── else ──▶ forget (it is read from the file again)
 *
 *                add       full: all at once          take, part by part         add, when the last part is taken
 *   newest ───────────▶ newer ──────────────▶ older ─────────────────────▶ in place ─────────────────────────▶ older is gone
 *
 * - **take**: the next values of `older`, each as `newer` has it if it changed since, and last what removes its commits from the
 *   journal. A part counts as gone from then on; a commit that is sent before it won takes the next.
 * - **taken**: the file has that part, and with the last all of them: the next commit that is added finds `older` gone.
 * - **forget** (`lmdb-journals.ts`): the transaction failed, or another commit came between, so nobody knows what the file has of
 *   the part. This object is thrown away with its place in the order, and made again of what the file says.
 *
 * Whoever loads a state applies the whole journal to what is in its place. So a value that went there before its commit left
 * the journal does no harm, as long as it is the newest.
 */
export class Journal {
  private newer = new JournalLayer();
  /** On its way to its places. */
  private older: { readonly layer: JournalLayer; readonly changes: Iterator<Change> } | undefined;
  /** Commits that take a part of it along and are under way, and whether there is no more to take. */
  private parts = 0;
  private done = false;
  /** The revision that the newest commit under way will make, or the newest of the journal has. */
  ahead: number | undefined;

  /** `revision`: of the budget, which the newest commit of the journal has made; undefined if there is no such budget. */
  constructor(
    private readonly budgetId: string,
    public revision: number | undefined,
  ) {
    this.ahead = revision;
  }

  get isEmpty(): boolean {
    return this.newer.isEmpty && this.older === undefined;
  }

  get size(): number {
    return this.newer.size + (this.older?.layer.size ?? 0);
  }

  placeOf(id: string): Place | undefined {
    return (this.newer.place(id) ?? this.older?.layer.place(id))?.place;
  }

  /** A commit that the file holds in its journal. From `most` entries on, they go to their places. */
  add(commit: JournaledCommit, most: number): void {
    // Here, since the last part may have been found to be the last only by a commit that took nothing.
    if (this.done && this.parts === 0) {
      this.older = undefined;
      this.done = false;
    }
    this.newer.add(commit);
    this.revision = commit.revision;
    this.ahead ??= commit.revision;
    if (this.older !== undefined || this.newer.size < most) return;
    const layer = this.newer;
    this.older = { layer, changes: layer.changes(this.budgetId, () => this.newer) };
    this.newer = new JournalLayer();
  }

  /**
   * A commit is sent that makes this revision: the part that it takes along. After it won, call `taken` if that was any. Commits win in
   * their order; if one does not, neither do those after it, and this journal is to be forgotten.
   */
  take({ entries, revision }: JournaledCommit): Change[] {
    this.ahead = revision;
    const part: Change[] = [];
    const most = LEAST_AT_ONCE + 2 * entries.length;
    while (this.older !== undefined && !this.done && part.length < most) {
      const { done = false, value } = this.older.changes.next();
      this.done = done;
      if (!done) part.push(value);
    }
    if (part.length > 0) this.parts += 1;
    return part;
  }

  taken(): void {
    this.parts -= 1;
  }

  /** What puts everything in its place, a commit that is not in the journal included. The journal is of no use any more. */
  inPlace(commit: JournaledCommit | undefined, resets: readonly Section[]): Change[] {
    const layers = [...(this.older === undefined ? [] : [this.older.layer]), this.newer];
    for (const section of resets) for (const layer of layers) layer.reset(section);
    if (commit !== undefined) this.newer.apply(commit);
    const changes = layers.flatMap((layer) => [...layer.changes(this.budgetId)]);
    for (const block of commit?.blocks ?? []) changes.push(blockChange(this.budgetId, block));
    return changes;
  }
}
