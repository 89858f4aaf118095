const NOTHING = new Set<never>();

/** A Set that is made with its first member, as `LazyMap` is. */
export class LazySet<T> implements Iterable<T> {
  private made: Set<T> | undefined = undefined;

  get size(): number {
    return this.made === undefined ? 0 : this.made.size;
  }

  has(member: T): boolean {
    return this.made?.has(member) ?? false;
  }

  add(member: T): this {
    this.made ??= new Set();
    this.made.add(member);
    return this;
  }

  delete(member: T): boolean {
    return this.made?.delete(member) ?? false;
  }

  clear(): void {
    this.made?.clear();
    this.made = undefined;
  }

  [Symbol.iterator](): SetIterator<T> {
    return (this.made ?? NOTHING).values();
  }
}
