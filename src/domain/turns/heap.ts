/** The first of many, in logarithmic time; what is given at once is put in order in linear time. */
export class Heap<T> {
  constructor(
    private readonly isBefore: (one: T, other: T) => boolean,
    private readonly items: T[] = [],
  ) {
    for (let at = (items.length >> 1) - 1; at >= 0; at -= 1) this.sink(at);
  }

  get first(): T | undefined {
    return this.items[0];
  }

  /** The first has changed its place. */
  moved(): void {
    this.sink(0);
  }

  dropFirst(): void {
    const last = this.items.pop();
    if (last === undefined || this.items.length === 0) return;
    this.items[0] = last;
    this.sink(0);
  }

  private sink(from: number): void {
    const { items, isBefore } = this;
    const item = items[from] as T;
    for (let at = from; ; ) {
      let child = 2 * at + 1;
      if (child >= items.length) {
        items[at] = item;
        return;
      }
      if (child + 1 < items.length && isBefore(items[child + 1] as T, items[child] as T)) child += 1;
      if (!isBefore(items[child] as T, item)) {
        items[at] = item;
        return;
      }
      items[at] = items[child] as T;
      at = child;
    }
  }
}
