import type { BudgetEvent, WatchUpdate } from '../arbiter/service-port.js';
import type { Rule } from '../domain/model/types.js';

/** What the API promises: more events than these are counted, not told. */
const MAX_EVENTS = 1_000;

/** Keeps what a slow watcher has not taken yet, in bounded space: the first events, the sum of the denials, the newest figures. */
export class WatchMerger {
  private latest: WatchUpdate | undefined;
  private events: BudgetEvent[] = [];
  private mergedEvents = 0;
  private denials = new Map<Rule, number>();
  private missed = false;

  add(update: WatchUpdate): void {
    this.latest = update;
    const room = Math.max(0, MAX_EVENTS - this.events.length);
    this.events.push(...update.events.slice(0, room));
    this.missed ||= update.missed ?? false;
    this.mergedEvents += update.mergedEvents + Math.max(0, update.events.length - room);
    for (const [rule, count] of update.denials) {
      this.denials.set(rule, (this.denials.get(rule) ?? 0) + count);
    }
  }

  /** Everything since the last time, as one update; undefined if there was none. */
  take(): WatchUpdate | undefined {
    if (this.latest === undefined) return undefined;
    const { events, mergedEvents, denials, missed } = this;
    const merged = { ...this.latest, events, mergedEvents, denials, ...(missed && { missed }) };
    this.latest = undefined;
    this.events = [];
    this.mergedEvents = 0;
    this.denials = new Map();
    this.missed = false;
    return merged;
  }
}
