/** Something that is counted by name. */
export interface Weighed {
  /** How often it came, and how often what it took the place of had come before. */
  readonly weight: number;
}

/**
 * The most frequent of any number of names, in bounded space (Metwally, Agrawal, El Abbadi: space-saving counts). A name that comes
 * while there is no room takes the place of the least frequent, with that one's weight as what it may have come before. So a name
 * that comes more often than one in `most` times stays, whatever other names are made up; and no weight is below the truth, nor
 * above it by more than the weight that it took over.
 */
export class FrequentNames<E extends Weighed> {
  private readonly entries = new Map<string, E>();
  /** Names that had the least weight when it was last looked for, and that weight. */
  private least: { readonly names: string[]; readonly weight: number } = { names: [], weight: 0 };
  /** The largest weight that anything had which lost its place: a name that is not here came no more often. */
  floor = 0;

  constructor(
    private readonly most: number,
    /** A new one, which may have come `before` times. */
    private readonly make: (before: number) => E,
    private readonly dropped: (name: string, entry: E) => void,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  find(name: string): E | undefined {
    return this.entries.get(name);
  }

  /** Makes room for a name that is not here. */
  add(name: string): E {
    if (this.entries.size >= this.most) this.floor = Math.max(this.floor, this.dropLeast());
    const made = this.make(this.floor);
    this.entries.set(name, made);
    return made;
  }

  /** Takes one out that is counted elsewhere from now on; its weight goes along. */
  take(name: string): E | undefined {
    const found = this.entries.get(name);
    this.entries.delete(name);
    return found;
  }

  put(name: string, entry: E): void {
    if (this.entries.size >= this.most) this.floor = Math.max(this.floor, this.dropLeast());
    this.entries.set(name, entry);
  }

  [Symbol.iterator](): IterableIterator<[string, E]> {
    return this.entries.entries();
  }

  /** Looks through all only when none is left of those that had the least weight: there are many of them where names are made up. */
  private dropLeast(): number {
    for (;;) {
      const name = this.least.names.pop() ?? this.lookForLeast();
      const entry = this.entries.get(name);
      if (entry?.weight !== this.least.weight) continue;
      this.entries.delete(name);
      this.dropped(name, entry);
      return entry.weight;
    }
  }

  private lookForLeast(): string {
    let weight = Number.POSITIVE_INFINITY;
    let names: string[] = [];
    for (const [name, entry] of this.entries) {
      if (entry.weight > weight) continue;
      if (entry.weight < weight) names = [];
      weight = entry.weight;
      names.push(name);
    }
    this.least = { names, weight };
    return names.pop() ?? '';
  }
}
