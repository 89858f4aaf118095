import type { Ledger } from './ledger.js';
import { MAX_AIS, MAX_MODELS } from './limits.js';
import type { HourTotal, StoredDay } from './state.js';
import type { Table, Entry as TableEntry } from './table.js';
import { OTHER, UNKNOWN } from './types.js';
import { type DayWindow, monthOfDay } from './windows.js';

/**
 * Where tokens are counted: days, their hours, AIs and models, and the month. Every change goes through `book`, so that the
 * sums of hours, AIs and models are the day's total, and the sums of days are the month's.
 */
export interface Entry {
  readonly day: string;
  readonly hourStart: number;
  readonly aiId: string;
  readonly model: string;
  /** May be negative. */
  readonly tokens: number;
  readonly presumed?: number;
  readonly late?: number;
}

/** Opens a day in the state, so that its tokens can be counted. */
export function openDay(ledger: Ledger, window: DayWindow): void {
  if (ledger.tables.days.has(window.day)) return;
  const { start, end, day } = window;
  const empty = { start, end, total: 0, presumed: 0, late: 0, hours: [], settleUntil: 0 };
  ledger.tables.putDay(day, { ...empty, changedAt: ledger.nextRevision }, new Map(), new Map());
  if (day > ledger.lastOpenedDay) ledger.lastOpenedDay = day;
}

/** Counts tokens in a day that is in the state. */
export function book(ledger: Ledger, entry: Entry): void {
  const { tables } = ledger;
  const day = tables.days.get(entry.day);
  if (day === undefined) throw new Error(`day ${entry.day} is not in the state`);
  tables.days.set(entry.day, changedDay(day, entry, ledger.nextRevision));
  const { ais, models } = tables.accountsOf(entry.day);
  const ai = nameIn(ais, entry.aiId, MAX_AIS);
  const model = nameIn(models, entry.model, MAX_MODELS);
  addInDay(tables.dayAis, ais, entry.day, ai, entry.tokens);
  addInDay(tables.dayModels, models, entry.day, model, entry.tokens);
  // Under the day's names: what is `(other)` in a day can be taken back from `(other)` of its month.
  if (monthOfDay(entry.day) === ledger.month.key) countInMonth(ledger, entry.day, ai, model, entry.tokens);
  if (entry.tokens < 0) ledger.loosened += 1;
}

function countInMonth({ tables }: Ledger, day: string, ai: string, model: string, tokens: number): void {
  add(tables.dayTotals, day, tokens);
  tables.monthSpent += tokens;
  countAiInMonth(tables.monthAis, ai, tokens);
  countModelInMonth(tables.monthModels, model, tokens);
}

export function countAiInMonth(monthAis: Table<number>, ai: string, tokens: number): void {
  add(monthAis, nameIn(monthAis, ai, MAX_AIS), tokens);
}

export function countModelInMonth(monthModels: Table<number>, model: string, tokens: number): void {
  add(monthModels, nameIn(monthModels, model, MAX_MODELS), tokens);
}

/** Moves tokens of a day from one model to another: what was presumed turns out to be used, and by what. */
export function moveModel(ledger: Ledger, entry: Omit<Entry, 'late'>, from: string): void {
  const { tokens, model, presumed = 0 } = entry;
  book(ledger, { ...entry, model: from, tokens: -tokens, presumed });
  book(ledger, { ...entry, model, tokens, presumed: 0 });
}

function changedDay(day: StoredDay, entry: Entry, revision: number): StoredDay {
  return {
    ...day,
    total: day.total + entry.tokens,
    presumed: day.presumed + (entry.presumed ?? 0),
    late: day.late + (entry.late ?? 0),
    hours: changedHours(day.hours, entry.hourStart, entry.tokens),
    changedAt: revision,
  };
}

function changedHours(hours: readonly HourTotal[], start: number, tokens: number): HourTotal[] {
  const changed = hours.slice();
  const last = changed[changed.length - 1];
  if (last?.start === start) changed[changed.length - 1] = { start, tokens: last.tokens + tokens };
  else insertHour(changed, start, tokens);
  return changed;
}

function insertHour(hours: HourTotal[], start: number, tokens: number): void {
  const at = hours.findIndex((h) => h.start >= start);
  const found = hours[at];
  if (found?.start === start) hours[at] = { start, tokens: found.tokens + tokens };
  else hours.splice(at < 0 ? hours.length : at, 0, { start, tokens });
}

/** The name that an AI or model is counted under: its own while there is room, else `(other)`. */
function nameIn(names: Names, name: string, most: number): string {
  return names.size < most || name === UNKNOWN || names.has(name) ? name : OTHER;
}

interface Names {
  readonly size: number;
  has(name: string): boolean;
}

function add(table: Table<number>, key: string, tokens: number): void {
  const entry = table.entry(key);
  if (entry === undefined) table.set(key, tokens);
  else table.change(entry, (entry.value ?? 0) + tokens);
}

/** The key of an entry is long, and is made once. */
function addInDay(
  table: Table<number>,
  accounts: Map<string, TableEntry<number>>,
  day: string,
  name: string,
  tokens: number,
): void {
  const entry = accounts.get(name);
  if (entry === undefined) accounts.set(name, table.set(`${day} ${name}`, tokens));
  else table.change(entry, (entry.value ?? 0) + tokens);
}

const EVERY = () => true;

/** Whether this much more can be counted exactly, wherever it is booked, and still all that live leases may come to. */
export function canCount(ledger: Ledger, tokens: number): boolean {
  const day = ledger.tables.days.get(ledger.today.day);
  const highest = Math.max(ledger.tables.monthSpent, day?.total ?? 0);
  return Number.isSafeInteger(highest + ledger.slots.reserved(EVERY) + tokens);
}
