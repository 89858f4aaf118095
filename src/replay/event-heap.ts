/** What is to happen, earliest first; at the same moment in the order in which it was put. */
export class EventHeap<E extends { readonly at: number }> {
  private readonly entries: { readonly event: E; readonly order: number }[] = [];
  private puts = 0;

  get size(): number {
    return this.entries.length;
  }

  /** When the next one is; infinite if there is none. */
  get nextAt(): number {
    return this.entries[0]?.event.at ?? Number.POSITIVE_INFINITY;
  }

  put(event: E): void {
    const { entries } = this;
    let at = entries.push({ event, order: this.puts++ }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.isBefore(at, parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  take(): E | undefined {
    const { entries } = this;
    const [first] = entries;
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first?.event;
    entries[0] = last;
    this.sink();
    return first.event;
  }

  private sink(): void {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < this.entries.length && this.isBefore(left, least)) least = left;
      if (right < this.entries.length && this.isBefore(right, least)) least = right;
      if (least === at) return;
      this.swap(at, least);
      at = least;
    }
  }

  private isBefore(a: number, b: number): boolean {
    const [one, other] = [this.entries[a], this.entries[b]];
    if (one === undefined || other === undefined) return false;
    return one.event.at < other.event.at || (one.event.at === other.event.at && one.order < other.order);
  }

  private swap(a: number, b: number): void {
    const [one, other] = [this.entries[a], this.entries[b]];
    if (one === undefined || other === undefined) return;
    this.entries[a] = other;
    this.entries[b] = one;
  }
}
