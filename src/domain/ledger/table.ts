import { LazyMap } from '../model/lazy-map.js';
import type { Measure } from './state-size.js';

/** One entry of a section. It stays the same object while its key is there: who holds it need not look it up again. */
export interface Entry<V> {
  readonly key: string;
  /** Undefined once the entry is gone. */
  value: V | undefined;
  changed: boolean;
  /** The store has never seen it. */
  isNew: boolean;
  /** What its name takes in the store, and what all of it does. */
  readonly nameBytes: number;
  bytes: number;
}

/** What all sections of a state take together, and what a commit would carry of them: kept, since every decision asks. */
export class Gauge {
  bytes = 0;
  changed = 0;
}

/** Most sections have no entry, and every commit walks several of them. */
const NOTHING: readonly never[] = [];

/** One section of the state in memory. It remembers which entries changed, so that a commit can send those alone. */
export class Table<V> {
  private readonly map = new LazyMap<string, Entry<V>>();
  private changes: Entry<V>[] | undefined = undefined;
  private emptied = false;
  /** Of its entries as they are stored. */
  bytes = 0;

  constructor(
    entries: Iterable<readonly [string, V]>,
    private readonly measure: Measure<V>,
    private readonly gauge: Gauge,
  ) {
    for (const [key, value] of entries) this.map.set(key, this.weighed(key, value, false));
  }

  get size(): number {
    return this.map.size;
  }

  get(key: string): V | undefined {
    return this.map.get(key)?.value;
  }

  has(key: string): boolean {
    return this.map.has(key);
  }

  entry(key: string): Entry<V> | undefined {
    return this.map.get(key);
  }

  set(key: string, value: V): Entry<V> {
    const known = this.map.get(key);
    if (known === undefined) return this.insert(key, value);
    this.change(known, value);
    return known;
  }

  /** Changes an entry that is in this section. */
  change(entry: Entry<V>, value: V): void {
    entry.value = value;
    if (this.measure.varies) this.weighAgain(entry, value);
    if (entry.changed) return;
    entry.changed = true;
    this.note(entry, entry.bytes);
  }

  /** The next commit carries it. */
  private note(entry: Entry<V>, bytes: number): void {
    if (this.changes === undefined) this.changes = [entry];
    else this.changes.push(entry);
    this.gauge.changed += bytes;
  }

  private weighAgain(entry: Entry<V>, value: V): void {
    const bytes = entry.nameBytes + this.measure.valueBytes(value);
    this.weigh(bytes - entry.bytes);
    entry.bytes = bytes;
  }

  delete(key: string): void {
    const entry = this.map.get(key);
    if (entry !== undefined) this.remove(entry);
  }

  /** Removes an entry that is in this section. */
  remove(entry: Entry<V>): void {
    this.map.delete(entry.key);
    this.weigh(-entry.bytes);
    entry.value = undefined;
    if (entry.changed) return;
    this.note(entry, entry.nameBytes);
  }

  /** Removes every entry at the cost of one change, however many there are. */
  reset(): void {
    if (this.map.size === 0) return;
    for (const entry of this.map.values()) entry.value = undefined;
    this.map.clear();
    this.changes = undefined;
    this.weigh(-this.bytes);
    this.emptied = true;
  }

  /** Walks the entries at less cost than `entries`. */
  forEach(visit: (value: V, key: string) => void): void {
    for (const { key, value } of this.map.values()) if (value !== undefined) visit(value, key);
  }

  entries(): IterableIterator<[string, V]> {
    return this.map.size === 0 ? NOTHING.values() : this.eachEntry();
  }

  private *eachEntry(): IterableIterator<[string, V]> {
    for (const { key, value } of this.map.values()) if (value !== undefined) yield [key, value];
  }

  [Symbol.iterator](): IterableIterator<[string, V]> {
    return this.entries();
  }

  keys(): IterableIterator<string> {
    return this.map.keys();
  }

  values(): IterableIterator<V> {
    return this.map.size === 0 ? NOTHING.values() : this.eachValue();
  }

  private *eachValue(): IterableIterator<V> {
    for (const { value } of this.map.values()) if (value !== undefined) yield value;
  }

  /** The entries as they stand, for those who keep them. */
  get view(): ReadonlyMap<string, V> {
    return new Map(this.entries());
  }

  get touched(): boolean {
    return this.emptied || this.changes !== undefined;
  }

  /** Keys of entries that changed since the last commit, those that are gone included. */
  changedKeys(): string[] {
    return [...new Set(this.changes?.map(({ key }) => key))];
  }

  /** Hands over what changed since the last call: each changed key with its value, or undefined where it is gone. */
  takeChanges(visit: (key: string, value: V | undefined) => void): { reset: boolean } {
    const { changes = NOTHING, emptied: reset } = this;
    this.changes = undefined;
    this.emptied = false;
    for (const entry of changes) {
      const { key, value, isNew } = entry;
      entry.changed = false;
      entry.isNew = false;
      if (value !== undefined) visit(key, value);
      // What came and went since is not in the store, and what went and came again is put there.
      else if (!isNew && !reset && !this.map.has(key)) visit(key, undefined);
    }
    return { reset };
  }

  private insert(key: string, value: V): Entry<V> {
    const entry = this.weighed(key, value, true);
    this.map.set(key, entry);
    this.note(entry, entry.bytes);
    return entry;
  }

  private weighed(key: string, value: V, isNew: boolean): Entry<V> {
    const ofName = this.measure.nameBytes(key);
    const bytes = ofName + this.measure.valueBytes(value);
    this.weigh(bytes);
    return { key, value, changed: isNew, isNew, nameBytes: ofName, bytes };
  }

  private weigh(bytes: number): void {
    this.bytes += bytes;
    this.gauge.bytes += bytes;
  }
}

/** Adds to an entry, which begins at 0. */
export function add(table: Table<number>, key: string, tokens: number): void {
  const entry = table.entry(key);
  if (entry === undefined) table.set(key, tokens);
  else table.change(entry, (entry.value ?? 0) + tokens);
}
