import type { Rule } from '../domain/model/types.js';
import type { WatchUpdate } from './service-port.js';
import type { News, Place, WatchedEvents } from './watched-events.js';

/** What is the same for all who watch a budget. */
export interface CommonUpdate extends Omit<WatchUpdate, 'events' | 'mergedEvents' | 'denials' | 'missed'> {
  /** Denials by rule since this replica started. */
  readonly deniedSoFar: DeniedSoFar;
}

export type DeniedSoFar = ReadonlyMap<Rule, number>;

/** One watcher of a budget: how much of what happened it was told. */
export class Watch {
  private place: Place | undefined;

  constructor(
    private readonly listener: (update: WatchUpdate) => void,
    /** The revision that it was told everything up to, by an earlier watch. */
    private readonly afterRevision: number | undefined,
    /** As it stood when this one began to watch. */
    private told: DeniedSoFar = new Map(),
  ) {}

  /** It was told how the budget stands, and waits for what comes. */
  get hasBegun(): boolean {
    return this.place !== undefined;
  }

  /** After a look: what is new to this watcher. */
  tell(common: CommonUpdate, events: WatchedEvents): void {
    const { events: news, merged, missed, place } = this.newsOf(events);
    this.place = place;
    this.send({ ...common, events: news, mergedEvents: merged, ...(missed && { missed }) });
  }

  private newsOf(events: WatchedEvents): News {
    if (this.place !== undefined) return events.since(this.place);
    if (this.afterRevision !== undefined) return events.after(this.afterRevision);
    return { events: [], merged: 0, missed: false, place: events.here };
  }

  /** The store is slow: that the figures are old, and no events, since nobody knows what happened before them. */
  tellStale(common: CommonUpdate): void {
    // Of a watcher that was told nothing yet the revision must not go back.
    const known = this.hasBegun ? common : { snapshot: undefined, headline: undefined };
    const { snapshot, headline } = known;
    this.send({ ...common, snapshot, headline, events: [], mergedEvents: 0 });
  }

  private send({ deniedSoFar, ...update }: CommonUpdate & Omit<WatchUpdate, 'denials'>): void {
    const denials = new Map<Rule, number>();
    for (const [rule, count] of deniedSoFar) {
      const before = this.told.get(rule) ?? 0;
      // Of a budget that was deleted and begun again, counting begins again.
      const news = count < before ? count : count - before;
      if (news > 0) denials.set(rule, news);
    }
    this.told = deniedSoFar;
    this.listener({ ...update, denials });
  }
}
