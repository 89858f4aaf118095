import type { BudgetEvent } from './service-port.js';

/** So many are kept for watchers that come back. */
const KEPT = 1_000;

/** Something that happened: after revision `after`, and no later than `revision`. Of this replica's own commits they are one apart. */
interface Logged {
  readonly event: BudgetEvent;
  readonly after: number;
  readonly revision: number;
}

/** Where a watcher stands in what happened. */
export interface Place {
  readonly count: number;
  readonly losses: number;
}

/** What a watcher is told next. */
export interface News {
  readonly events: readonly BudgetEvent[];
  /** Events that are only counted. */
  readonly merged: number;
  /** There may have been more, and nobody here knows what. */
  readonly missed: boolean;
  readonly place: Place;
}

/**
 * The events of a budget by revision, the last thousand of them. Everything up to `known` is here, or was; what this replica
 * committed since waits until a look at the budget has shown what the others committed before it.
 */
export class WatchedEvents {
  private kept: Logged[] = [];
  private ahead: Logged[] = [];
  /** What happened at this revision or before cannot be told any more. */
  private start = 0;
  /** Undefined before the first look. */
  private known: number | undefined;
  private count = 0;
  private losses = 0;
  /** Of what waits, the earliest that were too many to keep. */
  private dropped = { count: 0, first: 0, last: 0 };

  /** What this replica committed. */
  add(events: readonly BudgetEvent[], revision: number): void {
    for (const event of events) this.ahead.push({ event, after: revision - 1, revision });
    // Twice as many, so that an event is moved once.
    if (this.ahead.length < 2 * KEPT) return;
    const [first, ...more] = this.ahead.splice(0, this.ahead.length - KEPT);
    const { dropped } = this;
    if (first === undefined) return;
    if (dropped.count === 0) dropped.first = first.revision;
    dropped.count += 1 + more.length;
    dropped.last = more.at(-1)?.revision ?? first.revision;
  }

  /** The first look: whoever comes from now on is told what happens after it. */
  begin(revision: number): void {
    this.known = revision;
    this.start = revision;
    this.kept = [];
    this.countDropped(revision);
    this.takeAhead(revision);
  }

  /** There will be no look any more: what is known is all. */
  end(): void {
    const last = this.ahead.at(-1);
    if (last !== undefined) this.advance(last.revision, [], false);
  }

  /** A look found this budget at `revision`, and by then this beside what was added. `lost`: and more, which it cannot tell. */
  advance(revision: number, found: readonly BudgetEvent[], lost: boolean): void {
    const after = this.known ?? 0;
    this.countDropped(revision);
    const news = this.takeAhead(revision);
    for (const event of found) news.push({ event, after, revision });
    if (found.length > 0) news.sort((a, b) => a.event.at - b.event.at);
    this.known = revision;
    this.count += news.length;
    this.kept.push(...news);
    for (const dropped of this.kept.splice(0, this.kept.length - KEPT)) {
      this.start = Math.max(this.start, dropped.revision);
    }
    if (!lost) return;
    this.losses += 1;
    this.kept = [];
    this.start = revision;
  }

  /** Nobody knows which of them came after this revision; so whoever comes back there is told that it missed something. */
  private countDropped(revision: number): void {
    const { count, first, last } = this.dropped;
    if (count === 0 || first > revision) return;
    this.count += count;
    this.start = Math.max(this.start, last);
    this.kept = [];
    this.dropped = { count: 0, first: 0, last: 0 };
  }

  private takeAhead(revision: number): Logged[] {
    const { ahead } = this;
    this.ahead = ahead.filter((logged) => logged.revision > revision);
    return ahead.filter((logged) => logged.revision <= revision);
  }

  /** Where one begins who watches from now on. */
  get here(): Place {
    return { count: this.count, losses: this.losses };
  }

  /** For one who was told everything up to this revision, and nothing after it, by whichever replica. */
  after(revision: number): News {
    const place = this.here;
    const isKnown = revision >= this.start && revision <= (this.known ?? 0);
    // What another replica committed has a range of revisions: whoever stood within it may or may not have heard of it.
    const isDoubtful = () => this.kept.some((one) => one.after < revision && revision < one.revision);
    if (!isKnown || isDoubtful()) return { events: [], merged: 0, missed: true, place };
    const later = this.kept.filter((logged) => logged.revision > revision);
    return { events: later.map(({ event }) => event), merged: 0, missed: false, place };
  }

  since({ count, losses }: Place): News {
    const place = this.here;
    const missed = losses !== this.losses;
    const told = Math.min(this.count - count, this.kept.length);
    const events = told === 0 ? [] : this.kept.slice(-told).map(({ event }) => event);
    return { events, merged: missed ? 0 : this.count - count - told, missed, place };
  }
}
