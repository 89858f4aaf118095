import { LazyMap } from '../model/lazy-map.js';
import {
  type MapOfDay,
  SECTIONS,
  type Section,
  type SectionValues,
  type StoredCount,
  type StoredDay,
  type StoredPresumed,
  type StoredState,
  type StoredTopUp,
  type UsageDay,
} from '../model/state.js';
import type { CallCount } from '../model/types.js';
import { callsOf, countOf, tokensOf } from './counts.js';
import { DayPairs, pairName, pairOf } from './pairs.js';
import { HEAD_BYTES, MEASURES } from './state-size.js';
import { type Entry, Gauge, Table } from './table.js';

/** Entries of one open day by name. None leaves before the day does. */
export class DayNames extends Map<string, Entry<StoredCount>> {
  /** Of its entries as they are stored. */
  bytes = 0;

  override set(name: string, entry: Entry<StoredCount>): this {
    if (!this.has(name)) this.bytes += entry.bytes;
    return super.set(name, entry);
  }
}

/** The entries of one open day, by the names that it counts under. */
export interface DayAccounts {
  readonly ais: DayNames;
  readonly models: DayNames;
  readonly pairs: DayPairs;
  readonly presumed: Map<string, Entry<StoredPresumed>>;
}

/** The sections of a state in memory, with the orders and counts that decisions need. */
export class LedgerTables {
  readonly settings: Table<SectionValues['settings']>;
  readonly leases: Table<SectionValues['leases']>;
  readonly ais: Table<SectionValues['ais']>;
  readonly days: Table<SectionValues['days']>;
  readonly dayAis: Table<StoredCount>;
  readonly dayModels: Table<StoredCount>;
  readonly dayPairs: Table<StoredCount>;
  readonly dayPresumed: Table<StoredPresumed>;
  readonly dayTotals: Table<number>;
  readonly pastDays: Table<SectionValues['pastDays']>;
  readonly monthAis: Table<number>;
  readonly monthModels: Table<number>;
  readonly topUps: Table<StoredTopUp>;
  readonly toppedDays: Table<number>;
  readonly toppedAis: Table<number>;
  readonly toppedModels: Table<number>;
  readonly hourAis: Table<number>;
  readonly hourModels: Table<number>;
  readonly hourTopped: Table<number>;
  readonly hourParts: Table<number>;
  readonly dayParts: Table<number>;
  readonly monthParts: Table<number>;
  readonly lapsed: Table<SectionValues['lapsed']>;
  readonly outbox: Table<SectionValues['outbox']>;
  readonly changes: Table<SectionValues['changes']>;
  readonly alerts: Table<SectionValues['alerts']>;
  readonly writers: Table<SectionValues['writers']>;

  /** AIs in the order of their last grants, oldest first. */
  readonly aisByGrant = new UseOrder();
  private readonly accounts = new LazyMap<string, DayAccounts>();
  /** A decision asks for the same day many times. */
  private lastAsked: { readonly day: string; readonly accounts: DayAccounts } | undefined;
  private readonly gauge = new Gauge();
  /** Every section, in the order of `SECTIONS`, to be walked quickly. */
  readonly all: readonly Table<SectionValues[Section]>[];
  /** Tokens of the month: the sum of `dayTotals`. */
  monthSpent = 0;
  /** Of these, what came from top-ups: the sum of `toppedDays`. */
  monthTopped = 0;

  constructor(stored?: StoredState['sections']) {
    const table = <S extends Section>(section: S) =>
      new Table<SectionValues[S]>(stored?.[section] ?? [], MEASURES[section], this.gauge);
    this.settings = table('settings');
    this.leases = table('leases');
    this.ais = table('ais');
    this.days = table('days');
    this.dayAis = table('dayAis');
    this.dayModels = table('dayModels');
    this.dayPairs = table('dayPairs');
    this.dayPresumed = table('dayPresumed');
    this.dayTotals = table('dayTotals');
    this.pastDays = table('pastDays');
    this.monthAis = table('monthAis');
    this.monthModels = table('monthModels');
    this.topUps = table('topUps');
    this.toppedDays = table('toppedDays');
    this.toppedAis = table('toppedAis');
    this.toppedModels = table('toppedModels');
    this.hourAis = table('hourAis');
    this.hourModels = table('hourModels');
    this.hourTopped = table('hourTopped');
    this.hourParts = table('hourParts');
    this.dayParts = table('dayParts');
    this.monthParts = table('monthParts');
    this.lapsed = table('lapsed');
    this.outbox = table('outbox');
    this.changes = table('changes');
    this.alerts = table('alerts');
    this.writers = table('writers');
    this.all = SECTIONS.map((section) => this[section] as unknown as Table<SectionValues[Section]>);
    this.index();
  }

  /** Something that must be committed. What was learned of past days goes along: it could be learned again. */
  get touched(): boolean {
    for (const table of this.all) if (table.touched && table !== this.pastDays) return true;
    return false;
  }

  /** What the stored state takes at most, with the room that its live leases need to end: see `state-size.ts`. */
  get bytes(): number {
    return HEAD_BYTES + this.gauge.bytes;
  }

  /** What the next commit carries, or a little more. */
  get changedBytes(): number {
    return this.gauge.changed;
  }

  /** The changes are handed over. */
  handedOver(): void {
    this.gauge.changed = 0;
  }

  private index(): void {
    for (const tokens of this.dayTotals.values()) this.monthSpent += tokens;
    for (const tokens of this.toppedDays.values()) this.monthTopped += tokens;
    for (const key of this.dayAis.keys()) link(this.dayAis, key, this.accountsOf(key.slice(0, 10)).ais);
    for (const key of this.dayModels.keys())
      link(this.dayModels, key, this.accountsOf(key.slice(0, 10)).models);
    for (const key of this.dayPairs.keys()) {
      const entry = this.dayPairs.entry(key);
      if (entry !== undefined) this.accountsOf(key.slice(0, 10)).pairs.put(...pairOf(key.slice(11)), entry);
    }
    for (const key of this.dayPresumed.keys())
      link(this.dayPresumed, key, this.accountsOf(key.slice(0, 10)).presumed);
    const byGrant = [...this.ais.entries()].sort(([, a], [, b]) => a.lastGrantAt - b.lastGrantAt);
    for (const [aiId] of byGrant) this.aisByGrant.use(aiId);
  }

  accountsOf(day: string): DayAccounts {
    const { lastAsked } = this;
    if (lastAsked?.day === day) return lastAsked.accounts;
    const accounts = this.accounts.get(day) ?? this.newAccounts(day);
    this.lastAsked = { day, accounts };
    return accounts;
  }

  private newAccounts(day: string): DayAccounts {
    const made: DayAccounts = {
      ais: new DayNames(),
      models: new DayNames(),
      pairs: new DayPairs(),
      presumed: new LazyMap(),
    };
    this.accounts.set(day, made);
    return made;
  }

  /** How many AIs and models an open day counts by name. */
  names(day: string): { ais: number; models: number } {
    const { ais, models } = this.accountsOf(day);
    return { ais: ais.size, models: models.size };
  }

  /** The tokens of one day in `dayAis` or `dayModels`, by name. */
  ofDay(table: Table<StoredCount>, day: string): Map<string, number> {
    const { ais, models } = this.accountsOf(day);
    const found = new Map<string, number>();
    for (const [name, { value }] of table === this.dayAis ? ais : models) found.set(name, tokensOf(value));
    return found;
  }

  /** Of the tokens of one day those that came from top-ups, by AI or by model. */
  toppedOfDay(table: Table<number>, day: string): Map<string, number> {
    const found = new Map<string, number>();
    if (table.size === 0) return found;
    const { ais, models } = this.accountsOf(day);
    for (const name of (table === this.toppedAis ? ais : models).keys()) {
      const topped = table.get(`${day} ${name}`);
      if (topped !== undefined) found.set(name, topped);
    }
    return found;
  }

  /** What each AI used of each model in one day, by both names. */
  pairsOfDay(day: string): Map<string, StoredCount> {
    const found = new Map<string, StoredCount>();
    for (const [ai, model, { value }] of this.accountsOf(day).pairs)
      if (value !== undefined) found.set(pairName(ai, model), value);
    return found;
  }

  /** Calls of an open day, by AI and model, where there are any. */
  callsOfDay(day: string): Required<Pick<UsageDay, 'aiCalls' | 'modelCalls'>> {
    const { ais, models } = this.accountsOf(day);
    return { aiCalls: callsBy(ais), modelCalls: callsBy(models) };
  }

  /** Takes a day out of the state, with its AIs and models. */
  dropDay(day: string): void {
    for (const table of [this.toppedAis, this.toppedModels])
      for (const name of this.toppedOfDay(table, day).keys()) table.delete(`${day} ${name}`);
    this.days.delete(day);
    const { ais, models, pairs, presumed } = this.accountsOf(day);
    for (const [, , { key }] of pairs) this.dayPairs.delete(key);
    for (const { key } of ais.values()) this.dayAis.delete(key);
    for (const { key } of models.values()) this.dayModels.delete(key);
    for (const { key } of presumed.values()) this.dayPresumed.delete(key);
    for (const key of this.partsOf(day).keys()) this.dayParts.delete(`${day} ${key}`);
    this.accounts.delete(day);
    this.lastAsked = undefined;
  }

  /** Takes every day out of the state. */
  dropDays(): void {
    for (const table of [this.days, this.dayAis, this.dayModels, this.dayPairs]) table.reset();
    for (const table of [this.dayPresumed, this.dayParts]) table.reset();
    for (const table of [this.toppedAis, this.toppedModels]) table.reset();
    this.accounts.clear();
    this.lastAsked = undefined;
  }

  /** Nothing is counted in the month any more, or nothing yet. */
  dropMonth(): void {
    for (const table of [this.dayTotals, this.monthAis, this.monthModels, this.monthParts]) table.reset();
    this.toppedDays.reset();
    for (const table of [this.toppedAis, this.toppedModels]) {
      for (const key of [...table.keys()]) if (isOfMonth(key)) table.delete(key);
    }
    this.monthSpent = 0;
    this.monthTopped = 0;
  }

  /** Nothing is counted in the hour any more, or nothing yet. */
  dropHour(): void {
    for (const table of [this.hourAis, this.hourModels, this.hourTopped, this.hourParts]) table.reset();
  }

  /** What scopes have of names of many in an open day: see `scope-counts.ts`. They are few. */
  partsOf(day: string): Map<string, number> {
    const found = new Map<string, number>();
    for (const [key, tokens] of this.dayParts) if (key.startsWith(day)) found.set(key.slice(11), tokens);
    return found;
  }

  /** What is presumed in an open day, by its key. */
  presumedBy(day: string): Map<string, StoredPresumed> {
    const found = new Map<string, StoredPresumed>();
    for (const [key, { value }] of this.accountsOf(day).presumed)
      if (value !== undefined) found.set(key, value);
    return found;
  }

  /** Puts in what is now presumed under a key of an open day; nothing is no entry. */
  setPresumed(day: string, key: string, value: StoredPresumed): void {
    const { presumed } = this.accountsOf(day);
    const name = `${day} ${key}`;
    if (value.tokens > 0) {
      presumed.set(key, this.dayPresumed.set(name, value));
      return;
    }
    this.dayPresumed.delete(name);
    presumed.delete(key);
  }

  /** Brings a day into the state as it stood in its usage document, or a new one. */
  putDay(day: string, totals: StoredDay, names?: Pick<UsageDay, MapOfDay>): void {
    this.days.set(day, totals);
    if (names === undefined) return;
    const accounts = this.accountsOf(day);
    const { ais, models, aiCalls, modelCalls } = names;
    for (const [name, tokens] of ais)
      accounts.ais.set(name, this.dayAis.set(`${day} ${name}`, countOf(tokens, aiCalls?.get(name))));
    for (const [name, tokens] of models)
      accounts.models.set(name, this.dayModels.set(`${day} ${name}`, countOf(tokens, modelCalls?.get(name))));
    for (const [name, count] of names.pairs ?? [])
      accounts.pairs.put(...pairOf(name), this.dayPairs.set(`${day} ${name}`, count));
    for (const [key, presumed] of names.presumedBy) this.setPresumed(day, key, presumed);
    for (const [name, tokens] of names.toppedAis) this.toppedAis.set(`${day} ${name}`, tokens);
    for (const [name, tokens] of names.toppedModels) this.toppedModels.set(`${day} ${name}`, tokens);
    for (const [key, tokens] of names.parts) this.dayParts.set(`${day} ${key}`, tokens);
  }
}

/** `YYYY-MM name`, and not `YYYY-MM-DD name`. */
function isOfMonth(key: string): boolean {
  return key[7] === ' ';
}

function callsBy(names: DayNames): Map<string, CallCount> {
  const found = new Map<string, CallCount>();
  for (const [name, { value }] of names) {
    const calls = callsOf(value);
    if (calls !== undefined) found.set(name, calls);
  }
  return found;
}

function link<V>(table: Table<V>, key: string, accounts: Map<string, Entry<V>>): void {
  const entry = table.entry(key);
  if (entry !== undefined) accounts.set(key.slice(11), entry);
}

/**
 * Names in the order of their last use, oldest first. The same name is moved with every grant: a Map that it is taken out of and
 * put back into would remember each place that it left, and walk past all of them.
 */
export class UseOrder {
  private readonly places = new LazyMap<string, Place>();
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

  get oldest(): string | undefined {
    const { newer } = this.ends;
    return newer === this.ends ? undefined : newer.name;
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
