/** A stretch of time: its first moment, and the first one after it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const KEPT_SPANS = 8;
const KEPT_ZONES = 64;

/** The last few windows that were asked for: nearly every question is about the same ones, and a calendar is slow to ask. */
export class RecentSpans<T extends Span> {
  private readonly spans: T[] = [];
  private next = 0;

  /** The kept window that contains `at`. */
  find(at: number): T | undefined {
    for (const span of this.spans) if (span.start <= at && at < span.end) return span;
    return undefined;
  }

  /** The first kept window of which this is true. */
  match(test: (span: T) => boolean): T | undefined {
    return this.spans.find(test);
  }

  /** Keeps a window in place of the oldest. */
  keep(span: T): T {
    this.spans[this.next] = span;
    this.next = (this.next + 1) % KEPT_SPANS;
    return span;
  }
}

/** One value per zone. Forgets the zone that came first beyond a bound, so that no run of zones fills the memory. */
export class PerZone<T> {
  private readonly values = new Map<string, T>();

  constructor(private readonly make: () => T) {}

  of(zone: string): T {
    const known = this.values.get(zone);
    if (known !== undefined) return known;
    if (this.values.size >= KEPT_ZONES) {
      for (const oldest of this.values.keys()) {
        this.values.delete(oldest);
        break;
      }
    }
    const value = this.make();
    this.values.set(zone, value);
    return value;
  }
}
