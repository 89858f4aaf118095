import { LazyMap } from '../../domain/model/lazy-map.js';
import type { Section, SectionValues } from '../../domain/model/state.js';
import { journalKey, sectionKey } from './keys.js';
import { type PlacedReceipt, placeChange, type ReceiptBlock } from './receipt-blocks.js';
import { type Change, put } from './value-codec.js';

export type Value = SectionValues[Section];

/** Without a value, the entry is removed. */
export type JournalEntry = readonly [section: Section, key: string, value: Value | null];

export interface JournaledCommit {
  readonly revision: number;
  readonly entries: readonly JournalEntry[];
  readonly blocks: readonly ReceiptBlock[];
}

/** What some commits of a budget changed, one after the other: of each entry the newest value, of each receipt the newest place. */
export class JournalLayer {
  private readonly sections = new Map<Section, Map<string, Value | null>>();
  private readonly places = new LazyMap<string, PlacedReceipt>();
  private readonly revisions: number[] = [];
  /** How much they changed, in entries; of what they changed twice, each time. */
  size = 0;

  get isEmpty(): boolean {
    return this.revisions.length === 0;
  }

  entry(section: Section, key: string): Value | null | undefined {
    return this.sections.get(section)?.get(key);
  }

  place(id: string): PlacedReceipt | undefined {
    return this.places.get(id);
  }

  /** A commit that the file holds in its journal. */
  add(commit: JournaledCommit): void {
    this.apply(commit);
    this.revisions.push(commit.revision);
  }

  apply({ revision, entries, blocks }: JournaledCommit): void {
    for (const [section, key, value] of entries) {
      const known = this.sections.get(section);
      if (known === undefined) this.sections.set(section, new Map([[key, value]]));
      else known.set(key, value);
    }
    this.size += entries.length;
    for (const { at, name, receipts } of blocks) {
      this.size += receipts.length;
      const placed: PlacedReceipt = { place: [at, name], revision };
      for (const { id } of receipts) this.places.set(id, placed);
    }
  }

  reset(section: Section): void {
    this.sections.delete(section);
  }

  /**
   * What puts everything in its place, in the order of the keys, so that what is written at once lies together; at last, what
   * removes its commits from the journal. What `newer` has instead is taken from there.
   */
  *changes(budgetId: string, newer?: () => JournalLayer): Generator<Change> {
    for (const [section, entries] of this.sections) {
      for (const name of [...entries.keys()].sort()) {
        const known = newer?.().entry(section, name);
        const value = known === undefined ? entries.get(name) : known;
        const key = sectionKey(budgetId, section, name);
        yield value === undefined || value === null ? { key } : put(key, value);
      }
    }
    for (const id of [...this.places.keys()].sort()) {
      const placed = newer?.().place(id) ?? this.places.get(id);
      if (placed !== undefined) yield placeChange(budgetId, id, placed);
    }
    for (const revision of this.revisions) yield { key: journalKey(budgetId, revision) };
  }
}
