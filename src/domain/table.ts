/** One section of the state in memory. It remembers which entries changed, so that a commit can send those alone. */
export class Table<V> {
  private readonly map: Map<string, V>;
  private readonly changed = new Set<string>();
  private emptied = false;
  /** Characters of all keys, to estimate the size of the state without walking it. */
  keyLength = 0;

  constructor(entries: Iterable<readonly [string, V]> = []) {
    this.map = new Map(entries);
    for (const key of this.map.keys()) this.keyLength += key.length;
  }

  get size(): number {
    return this.map.size;
  }

  get(key: string): V | undefined {
    return this.map.get(key);
  }

  has(key: string): boolean {
    return this.map.has(key);
  }

  set(key: string, value: V): void {
    if (!this.map.has(key)) this.keyLength += key.length;
    this.map.set(key, value);
    this.changed.add(key);
  }

  /** As `set`, and puts the entry last in the order of iteration. */
  setLast(key: string, value: V): void {
    this.delete(key);
    this.set(key, value);
  }

  delete(key: string): void {
    if (!this.map.delete(key)) return;
    this.keyLength -= key.length;
    this.changed.add(key);
  }

  /** Removes every entry at the cost of one change, however many there are. */
  reset(): void {
    if (this.map.size === 0) return;
    this.map.clear();
    this.changed.clear();
    this.keyLength = 0;
    this.emptied = true;
  }

  entries(): IterableIterator<[string, V]> {
    return this.map.entries();
  }

  keys(): IterableIterator<string> {
    return this.map.keys();
  }

  values(): IterableIterator<V> {
    return this.map.values();
  }

  /** The entries as a map that cannot be changed. */
  get view(): ReadonlyMap<string, V> {
    return this.map;
  }

  get touched(): boolean {
    return this.emptied || this.changed.size > 0;
  }

  /** Keys of entries that changed since the last commit, those that are gone included. */
  changedKeys(): string[] {
    return [...this.changed];
  }

  /** Hands over what changed since the last call: each changed key with its value, or undefined where it is gone. */
  takeChanges(visit: (key: string, value: V | undefined) => void): { reset: boolean } {
    const reset = this.emptied;
    for (const key of this.changed) {
      const value = this.map.get(key);
      if (value !== undefined || !reset) visit(key, value);
    }
    this.changed.clear();
    this.emptied = false;
    return { reset };
  }
}
