/**
 * Names in the order of their last use, oldest first. The same name is moved with every grant: a Map that it is taken out of and
 * put back into would remember each place that it left, and walk past all of them.
 */
export class UseOrder {
  private readonly places = new Map<string, Place>();
  /** Stands between the newest and the oldest. */
  private readonly ends: Place;

  constructor() {
    const ends = { name: '' } as Place;
    ends.older = ends;
    ends.newer = ends;
    this.ends = ends;
  }

  /** Makes a name the newest. */
  use(name: string): void {
    const { ends } = this;
    const known = this.places.get(name);
    if (known !== undefined) unlink(known);
    const place = known ?? { name, older: ends, newer: ends };
    if (known === undefined) this.places.set(name, place);
    place.older = ends.older;
    place.newer = ends;
    ends.older.newer = place;
    ends.older = place;
  }

  delete(name: string): void {
    const place = this.places.get(name);
    if (place === undefined) return;
    this.places.delete(name);
    unlink(place);
  }

  clear(): void {
    this.places.clear();
    this.ends.older = this.ends;
    this.ends.newer = this.ends;
  }

  /** Oldest first. The name that was given last may be deleted. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (let place = this.ends.newer; place !== this.ends; ) {
      const next = place.newer;
      yield place.name;
      place = next;
    }
  }
}

interface Place {
  readonly name: string;
  older: Place;
  newer: Place;
}

function unlink({ older, newer }: Place): void {
  older.newer = newer;
  newer.older = older;
}
