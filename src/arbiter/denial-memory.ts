import type { DenialSpan, MinuteDenials, RuleDenials } from '../domain/denials/denials.js';
import { HOUR_MS, hourOf } from '../domain/denials/denials.js';
import { HourDenials } from '../domain/denials/hour-denials.js';
import { mergedRules } from '../domain/denials/merged.js';
import { DeniedMinutes } from '../domain/denials/minutes.js';
import { NOTHING_RECENT, RECENT_MS, type RecentDenials } from '../domain/denials/recent.js';
import type { DenialHead, DenialWrite } from '../domain/denials/records.js';
import { LazyMap } from '../domain/model/lazy-map.js';
import type { Denial } from '../domain/model/types.js';
import type { DeniedRule } from './service-port.js';

/** More than operators look at; those that came into use longest ago give way first. */
const MOST_BUDGETS = 2_000;
/** Hours of a budget that may be kept: those whose end could not be written yet are tried again for as long. */
const MOST_HOURS = 24;
/** AIs that are told by name to other replicas, which add them up. */
const RECENT_AIS = 20;

/** Outlives a budget's stay in memory, which ends a minute after its last use. */
export class DenialMemories {
  private readonly byBudget = new Map<string, DenialMemory>();
  /** Those with something to be written, be they still among the above or not. */
  readonly unwritten = new Set<DenialMemory>();
  private made = 0;

  /** `writer`: names this run of this replica, and no other. */
  constructor(readonly writer: string) {}

  of(budgetId: string): DenialMemory {
    const memory = this.byBudget.get(budgetId) ?? this.make(budgetId);
    this.byBudget.delete(budgetId);
    this.byBudget.set(budgetId, memory);
    if (this.byBudget.size > MOST_BUDGETS) {
      const [oldest] = this.byBudget.keys();
      if (oldest !== undefined) this.byBudget.delete(oldest);
    }
    return memory;
  }

  /** Each has a name of its own: one that gave way may still be written, beside one that took its place. */
  private make(budgetId: string): DenialMemory {
    this.made += 1;
    return new DenialMemory(budgetId, `${this.writer}-${this.made}`, (memory) => this.unwritten.add(memory));
  }
}

/** What this replica refused of one budget: the only place where denials are counted for operators. */
export class DenialMemory {
  /** By their start; the newest is the one under way. */
  private readonly hours = new LazyMap<number, HourDenials>();
  private hour: HourDenials | undefined;
  /** Up to here hours may have been forgotten. */
  private newest = Number.NEGATIVE_INFINITY;
  private again = 0;
  private minutes = new DeniedMinutes();
  /** Of hours that are no longer kept. */
  private before: readonly RuleDenials[] = [];
  private isWritten = true;
  epoch: number | undefined;

  constructor(
    readonly budgetId: string,
    readonly writer: string,
    private readonly changed: (memory: DenialMemory) => void,
  ) {}

  /** A budget that was deleted and begins again has denied nobody. */
  ofEpoch(epoch: number): void {
    if (this.epoch !== undefined && this.epoch !== epoch) {
      this.hours.clear();
      this.hour = undefined;
      this.minutes = new DeniedMinutes();
      this.before = [];
    }
    this.epoch = epoch;
  }

  /** `wouldDeny`: it was granted all the same, in mode OBSERVE. `isKnown`: whether the budget knows an AI. */
  note(
    aiId: string,
    { blockers }: Denial,
    at: number,
    { wouldDeny, isKnown }: { readonly wouldDeny: boolean; readonly isKnown: (aiId: string) => boolean },
  ): void {
    let { hour } = this;
    if (hour === undefined || at < hour.start || at >= hour.start + HOUR_MS) hour = this.hourAt(at);
    hour.note({ at, aiId, blockers, wouldDeny }, isKnown);
    this.minutes.note(at, wouldDeny);
    if (!this.isWritten) return;
    this.isWritten = false;
    this.changed(this);
  }

  private hourAt(at: number): HourDenials {
    const start = hourOf(at);
    const hour = this.hours.get(start) ?? this.makeHour(start);
    this.hours.set(start, hour);
    this.hour = hour;
    for (const [oldest] of this.hours) {
      if (this.hours.size <= MOST_HOURS) break;
      if (oldest !== start) this.forget(oldest);
    }
    return hour;
  }

  /** What is stored of an hour that was forgotten stands: another is written beside it, not in its place. */
  private makeHour(start: number): HourDenials {
    const again = start <= this.newest ? ++this.again : 0;
    this.newest = Math.max(this.newest, start);
    return new HourDenials(start, again);
  }

  /** Who writes the hour that is kept of this time. */
  writerOf(start: number): string {
    const again = this.hours.get(start)?.again ?? 0;
    return again === 0 ? this.writer : `${this.writer}.${again}`;
  }

  private forget(start: number): void {
    const hour = this.hours.get(start);
    if (hour === undefined) return;
    this.before = mergedRules([{ rules: this.before }, { rules: hour.rules() }]);
    this.hours.delete(start);
  }

  /** What is to be written now: of each hour that changed its sums, and `withAis` what changed by AI. */
  takeWrites(now: number, withAis: boolean): DenialWrite[] {
    const writes: DenialWrite[] = [];
    for (const hour of this.hours.values()) {
      if (!hour.isChanged && !(withAis && hour.hasAiChanges)) continue;
      hour.revision += 1;
      hour.isChanged = false;
      const changes = withAis ? hour.takeChanges() : { ais: new Map(), gone: [] };
      writes.push({ head: this.headOf(hour, now), ...changes });
    }
    return writes;
  }

  private headOf(hour: HourDenials, now: number): DenialHead {
    const { start, denied, wouldDeny, lastAt, floor, revision } = hour;
    const { budgetId, epoch = 0 } = this;
    const writer = this.writerOf(start);
    const recentAis = hour.aisSince(now - RECENT_MS);
    return {
      ...{ budgetId, epoch, writer, revision, start, end: start + HOUR_MS, denied, wouldDeny, lastAt, floor },
      ...{ rules: hour.rules(), minutes: this.minutes.since(Math.max(start, now - RECENT_MS)) },
      ...{ recentAis: recentAis.slice(0, RECENT_AIS), recentAiCount: recentAis.length },
    };
  }

  /** It did not arrive: it goes with the next. */
  giveBack({ head, ais, gone }: DenialWrite): void {
    if (head.epoch !== this.epoch) return;
    const hour = this.hours.get(head.start);
    hour?.giveBack({ ais, gone });
    if (hour !== undefined) hour.isChanged = true;
  }

  /** What was taken has arrived, all of it with its AIs: hours that are over are in the store from now on. */
  settle(now: number): void {
    for (const [start, hour] of this.hours) {
      if (hour.isChanged || hour.hasAiChanges || start + HOUR_MS > now - RECENT_MS || hour === this.hour)
        continue;
      this.forget(start);
    }
  }

  /** Nothing waits to be written: the next denial says that it does. */
  get isSettled(): boolean {
    return [...this.hours.values()].every((hour) => !hour.isChanged && !hour.hasAiChanges);
  }

  rest(): void {
    this.isWritten = true;
  }

  /** By rule, since the start of this replica. */
  counts(): RuleDenials[] {
    const hours = Array.from(this.hours.values(), (hour) => ({ rules: hour.rules() }));
    return mergedRules([{ rules: this.before }, ...hours]);
  }

  /** The latest first. */
  rules(): DeniedRule[] {
    return this.counts()
      .map(({ rule, denied, wouldDeny, last }) => ({
        ...{ rule, count: denied + wouldDeny, lastAt: last.at },
        ...{ lastAiId: last.aiId, lastMessage: last.blocker.message },
      }))
      .sort((a, b) => b.lastAt - a.lastAt);
  }

  /** What was refused of late. */
  recent(now: number): RecentDenials {
    const since = now - RECENT_MS;
    const hours = [...this.hours.values()].filter(({ lastAt }) => lastAt >= since);
    if (hours.length === 0) return NOTHING_RECENT;
    const ais = [...new Set(hours.flatMap((hour) => hour.aisSince(since)))].sort();
    const rules = mergedRules(hours.map((hour) => ({ rules: hour.rules() })));
    return { minutes: this.minutes.since(since), rules, ais, aiCount: ais.length };
  }

  /** Its own, minute by minute. */
  minutesSince(from: number): MinuteDenials[] {
    return this.minutes.since(from);
  }

  /** Hours that end after `from` and begin before `to`. */
  spans(from: number, to: number): DenialSpan[] {
    const within = [...this.hours.values()].filter(({ start }) => start + HOUR_MS > from && start < to);
    return within.map((hour) => hour.span());
  }
}
