import type { Section, SectionValues, StatePatch } from '../../domain/state.js';
import { journalKey, sectionKey } from './keys.js';
import { blockChange, type PlacedReceipt, placeChange, type ReceiptBlock } from './receipt-blocks.js';
import { type Change, put } from './value-codec.js';

type Value = SectionValues[Section];

/** Without a value, the entry is removed. */
export type JournalEntry = readonly [section: Section, key: string, value: Value | null];

/** One commit as the journal holds it. Its blocks of receipts are named by its revision. */
export interface JournalRecord {
  readonly entries: readonly JournalEntry[];
  readonly blocksAt: readonly number[];
}

export interface JournaledCommit {
  readonly revision: number;
  readonly entries: readonly JournalEntry[];
  readonly blocks: readonly ReceiptBlock[];
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
 * What the newest commits of a budget changed that is not in its place yet. A commit is one value then, whatever it changes;
 * and what many commits change, as the tokens of an AI, or put and drop again, as a lease, goes to its place once for them all.
 */
export class Journal {
  private readonly sections = new Map<Section, Map<string, Value | null>>();
  private readonly places = new Map<string, PlacedReceipt>();
  private readonly revisions: number[] = [];
  /** How much it takes to put all in its place, in entries. */
  size = 0;

  /** `revision`: of the budget, which the newest commit of the journal has made; undefined if there is no such budget. */
  constructor(
    private readonly budgetId: string,
    public revision: number | undefined,
  ) {}

  get isEmpty(): boolean {
    return this.revisions.length === 0;
  }

  placeOf(id: string): PlacedReceipt['place'] | undefined {
    return this.places.get(id)?.place;
  }

  /** A commit that the file holds in its journal. */
  add(commit: JournaledCommit): void {
    this.apply(commit);
    this.revisions.push(commit.revision);
    this.revision = commit.revision;
  }

  /** What puts everything in its place, a commit that is not in the journal included. */
  inPlace(commit: JournaledCommit | undefined, resets: readonly Section[]): Change[] {
    for (const section of resets) this.sections.delete(section);
    if (commit !== undefined) this.apply(commit);
    const changes: Change[] = this.revisions.map((revision) => ({
      key: journalKey(this.budgetId, revision),
    }));
    for (const [section, entries] of this.sections) {
      for (const [name, value] of entries) {
        const key = sectionKey(this.budgetId, section, name);
        changes.push(value === null ? { key } : put(key, value));
      }
    }
    for (const [id, placed] of this.places) changes.push(placeChange(this.budgetId, id, placed));
    for (const block of commit?.blocks ?? []) changes.push(blockChange(this.budgetId, block));
    return changes;
  }

  private apply({ entries, blocks }: JournaledCommit): void {
    for (const [section, key, value] of entries) this.section(section).set(key, value);
    for (const { at, name, receipts } of blocks) {
      for (const [index, { id, revision }] of receipts.entries()) {
        this.places.set(id, { place: [at, name, index], revision });
      }
    }
    this.size += entries.length + blocks.reduce((sum, { receipts }) => sum + receipts.length, 0);
  }

  private section(section: Section): Map<string, Value | null> {
    const found = this.sections.get(section);
    if (found !== undefined) return found;
    const made = new Map<string, Value | null>();
    this.sections.set(section, made);
    return made;
  }
}
