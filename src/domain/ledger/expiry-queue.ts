/** Which of some live leases ends first, in logarithmic time. Leases that were renewed or closed are skipped when met. */
export class ExpiryQueue {
  private heap: Entry[] = [];

  /** `expiresAtOf` tells the present end of a live lease, undefined for a closed one. */
  constructor(private readonly expiresAtOf: (fence: number) => number | undefined) {}

  push(fence: number, expiresAt: number): void {
    this.heap.push({ fence, expiresAt });
    this.rise(this.heap.length - 1);
  }

  first(): Entry | undefined {
    for (;;) {
      const top = this.heap[0];
      if (top === undefined || this.expiresAtOf(top.fence) === top.expiresAt) return top;
      this.pop();
    }
  }

  /** Forgets entries that are out of date, once they outnumber the live ones: closed leases must not pile up. */
  tidy(live: number): void {
    if (this.heap.length <= 2 * live + 64) return;
    const current = this.heap.filter((e) => this.expiresAtOf(e.fence) === e.expiresAt);
    this.heap = [];
    for (const entry of current) this.push(entry.fence, entry.expiresAt);
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink(0);
  }

  private rise(from: number): void {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.swapIfLater(parent, i)) return;
      i = parent;
    }
  }

  private sink(from: number): void {
    for (let i = from; ; ) {
      const left = 2 * i + 1;
      const right = left + 1;
      let least = i;
      if (this.at(left) < this.at(least)) least = left;
      if (this.at(right) < this.at(least)) least = right;
      if (least === i) return;
      this.swapIfLater(i, least);
      i = least;
    }
  }

  private at(i: number): number {
    return this.heap[i]?.expiresAt ?? Number.POSITIVE_INFINITY;
  }

  private swapIfLater(upper: number, lower: number): boolean {
    const a = this.heap[upper];
    const b = this.heap[lower];
    if (a === undefined || b === undefined || a.expiresAt <= b.expiresAt) return false;
    this.heap[upper] = b;
    this.heap[lower] = a;
    return true;
  }
}

interface Entry {
  readonly fence: number;
  readonly expiresAt: number;
}
