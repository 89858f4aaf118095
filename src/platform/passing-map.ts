/** Fewer than come between two collections of young objects where it matters; more than are there at once. */
const ADDITIONS = 512;

/**
 * A Map for entries that come and go by the thousand a second. When the table of V8's own Map has become an old object, so is every table that
 * follows it, and those that it has outgrown still point to what they held: whatever passes through is copied twice and stays until
 * the next full collection. Here the entries move on to a new Map before that, so that what has gone is forgotten while it is young.
 */
export class PassingMap<K, V> implements Map<K, V> {
  readonly [Symbol.toStringTag] = 'Map';
  private present = new Map<K, V>();
  private additions = 0;

  get size(): number {
    return this.present.size;
  }

  get(key: K): V | undefined {
    return this.present.get(key);
  }

  has(key: K): boolean {
    return this.present.has(key);
  }

  set(key: K, value: V): this {
    this.additions += 1;
    if (this.additions > ADDITIONS && this.additions > 2 * this.present.size) {
      this.present = new Map(this.present);
      this.additions = 0;
    }
    this.present.set(key, value);
    return this;
  }

  delete(key: K): boolean {
    return this.present.delete(key);
  }

  clear(): void {
    this.present.clear();
  }

  forEach(told: (value: V, key: K, map: Map<K, V>) => void): void {
    for (const [key, value] of this.present) told(value, key, this);
  }

  keys(): MapIterator<K> {
    return this.present.keys();
  }

  values(): MapIterator<V> {
    return this.present.values();
  }

  entries(): MapIterator<[K, V]> {
    return this.present.entries();
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.present.entries();
  }
}
