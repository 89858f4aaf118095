import { MAX_AI_BYTES, MAX_AIS, MAX_MODEL_BYTES, MAX_MODELS, MAX_RESERVED } from '../model/limits.js';
import type { HourTotal, StoredCount, StoredDay } from '../model/state.js';
import type { CallCount, Writable } from '../model/types.js';
import { OTHER, UNKNOWN } from '../model/types.js';
import { TOKENS } from '../model/unit.js';
import { monthOfDay } from '../time/calendar.js';
import type { DayWindow } from '../time/windows.js';
import { countedOn, tokensOf } from './counts.js';
import type { Ledger } from './ledger.js';
import type { LedgerTables } from './ledger-tables.js';
import { countPair } from './pairs.js';
import { learnDay } from './past-days.js';
import { type CountedNames, countInScopes, countToppedInHour } from './scope-counts.js';
import { inMonth } from './standing.js';
import { add, type Table, type Entry as TableEntry } from './table.js';
import { countTopped, countToppedDay, countToppedInDay, toppedIn } from './topped.js';

/**
 * Where tokens are counted: days, their hours, AIs and models, and the month. Every change goes through `book`, so that the
 * sums of hours, AIs, models and pairs of both are the day's total, and the sums of days are the month's. Calls are counted beside them, by day
 * alone: no rule asks for those of a month.
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
  /** Of what is presumed, the model of its lease. */
  readonly modelOfLease?: string | undefined;
  /** Of `tokens`, what came from a top-up. */
  readonly topped?: number;
  /** By an adjustment: nobody knows in which hour it was spent. What was topped is in none for experience, adjusted or not. */
  readonly adjusted?: boolean;
  /** Those of a report come with the first of what is booked of it, and with nothing else. */
  readonly calls?: CallCount | undefined;
}

/** Opens a day in the state, so that its tokens can be counted. */
export function openDay(ledger: Ledger, window: DayWindow): void {
  if (ledger.tables.days.has(window.day)) return;
  const { start, end, day } = window;
  const { zone, policy } = ledger;
  const unit = policy.unit === TOKENS ? undefined : { unit: policy.unit };
  const empty = {
    start,
    end,
    total: 0,
    presumed: 0,
    late: 0,
    hours: [],
    settleUntil: 0,
    zone,
    refused: false,
    ...unit,
  };
  ledger.tables.putDay(day, { ...empty, changedAt: ledger.nextRevision });
  if (day > ledger.lastOpenedDay) ledger.lastOpenedDay = day;
}

/** Counts tokens, and calls, in a day that is in the state. */
export function book(ledger: Ledger, entry: Entry): void {
  const { tables } = ledger;
  const { calls } = entry;
  const day = changingDay(ledger, entry.day);
  day.total += entry.tokens;
  day.presumed += entry.presumed ?? 0;
  day.late += entry.late ?? 0;
  if (calls !== undefined) addCalls(day, calls);
  const accounts = tables.accountsOf(entry.day);
  const { ais, models } = accounts;
  const ai = nameIn(ais, entry.aiId, AI_ROOM);
  const model = nameIn(models, entry.model, MODEL_ROOM);
  addInDay(tables.dayAis, ais, ai, entry);
  addInDay(tables.dayModels, models, model, entry);
  countPair(tables.dayPairs, accounts, entry, ai, model);
  if (entry.tokens === 0) return;
  const hour = addInHour(day, entry);
  const { topped = 0 } = entry;
  if (topped !== 0) countToppedInDay(tables, { day, hour }, { span: entry.day, ai, model, topped });
  // Under the day's names: what is `(other)` in a day can be taken back from `(other)` of its month.
  let ofMonth: CountedNames | undefined;
  if (isOfMonth(ledger, entry.day) && !ledger.deleted)
    ofMonth = countInMonth(tables, ledger.month.key, {
      day: entry.day,
      ai,
      model,
      tokens: entry.tokens,
      topped,
    });
  else if (ledger.closedDay?.day === entry.day) {
    ledger.closedDay = { ...ledger.closedDay, total: ledger.closedDay.total + entry.tokens };
  }
  // What came from a top-up is in no window of a scope either.
  const inWindows = entry.tokens - topped;
  const { scopes } = ledger;
  if (scopes !== undefined && inWindows !== 0)
    countInScopes(ledger, scopes, { ...entry, tokens: inWindows }, { ai, model }, ofMonth);
  if (scopes !== undefined && topped !== 0)
    countToppedInHour(ledger, scopes, { ...entry, tokens: topped }, ai);
  if (entry.tokens < 0) ledger.loosened += 1;
  if (entry.day < ledger.today.day) {
    learnDay(ledger, entry.day);
    // A day that is too long ago to be learned may be the first that counts.
    ledger.pace.forget();
  }
}

/** A paced cap refused a request on this day. It may have been written out since: then the past days alone still know it. */
export function markRefused(ledger: Ledger, name: string): void {
  const { tables } = ledger;
  if (name === ledger.today.day) openDay(ledger, ledger.today);
  if (tables.days.get(name)?.refused) return;
  if (tables.days.has(name)) changingDay(ledger, name).refused = true;
  const past = tables.pastDays.get(name);
  if (past === undefined || past.refused) return;
  ledger.setPastDay(name, { ...past, refused: true });
}

interface OfDay {
  readonly day: string;
  readonly ai: string;
  readonly model: string;
  readonly tokens: number;
  readonly topped: number;
}

/** Nearly always it is today, whose month is known. */
function isOfMonth({ today, month }: Ledger, day: string): boolean {
  return day === today.day || monthOfDay(day) === month.key;
}

function countInMonth(
  tables: LedgerTables,
  month: string,
  { day, ai, model, tokens, topped }: OfDay,
): CountedNames {
  add(tables.dayTotals, day, tokens);
  tables.monthSpent += tokens;
  countToppedDay(tables, day, topped);
  return {
    ai: countNameInMonth(tables, 'AI', month, ai, tokens, topped),
    model: countNameInMonth(tables, 'MODEL', month, model, tokens, topped),
  };
}

/** Counts what an AI, or a model, has of a day of the month. Says the name under which it stands there. */
export function countNameInMonth(
  tables: LedgerTables,
  of: 'AI' | 'MODEL',
  month: string,
  own: string,
  tokens: number,
  topped = 0,
): string {
  const isAi = of === 'AI';
  const names = isAi ? tables.monthAis : tables.monthModels;
  const name = nameIn(names, own, isAi ? AI_ROOM : MODEL_ROOM);
  add(names, name, tokens);
  countTopped(isAi ? tables.toppedAis : tables.toppedModels, month, name, topped);
  return name;
}

/** Moves tokens of a day from one model to another: what was presumed turns out to be used, and by what. */
export function moveModel(ledger: Ledger, entry: Omit<Entry, 'late'>, from: string): void {
  const { tokens, model, presumed = 0, topped = 0 } = entry;
  const { modelOfLease: _, ...known } = entry;
  const before = { ...entry, model: from, tokens: -tokens, presumed, topped: -topped, calls: undefined };
  book(ledger, before);
  book(ledger, { ...known, model, tokens, presumed: 0 });
}

/** The form of a day that this commit will carry. Until then it is nobody else's, so all that it books changes it in place. */
interface ChangingDay extends Writable<Omit<StoredDay, 'hours'>> {
  readonly hours: Writable<HourTotal>[];
}

function changingDay({ tables: { days }, nextRevision }: Ledger, name: string): ChangingDay {
  const entry = days.entry(name);
  const day = entry?.value;
  if (entry === undefined || day === undefined) throw new Error(`day ${name} is not in the state`);
  if (day.changedAt === nextRevision) return day as ChangingDay;
  const copy = { ...day, hours: ownHours(day.hours), changedAt: nextRevision };
  days.change(entry, copy);
  return copy;
}

function addCalls(day: ChangingDay, { calls, failedCalls }: CallCount): void {
  day.calls = (day.calls ?? 0) + calls;
  day.failedCalls = (day.failedCalls ?? 0) + failedCalls;
}

/** A copy that a day in the state may change. */
export function ownHours(hours: readonly HourTotal[]): HourTotal[] {
  return hours.map(({ start, tokens, adjusted, topped }) => ({
    ...{ start, tokens },
    ...(adjusted !== undefined && { adjusted }),
    ...(topped && { topped }),
  }));
}

function addInHour({ hours }: ChangingDay, entry: Entry): Writable<HourTotal> {
  const { hourStart: start, tokens, adjusted } = entry;
  const last = hours[hours.length - 1];
  const hour =
    last?.start === start ? last : (hours.find((one) => one.start === start) ?? insertHour(hours, start));
  hour.tokens += tokens;
  if (adjusted) hour.adjusted = (hour.adjusted ?? 0) + tokens;
  return hour;
}

function insertHour(hours: Writable<HourTotal>[], start: number): Writable<HourTotal> {
  const hour = { start, tokens: 0 };
  const at = hours.findIndex((one) => one.start > start);
  hours.splice(at < 0 ? hours.length : at, 0, hour);
  return hour;
}

/** Where the tokens of an AI or model stand in a day: under its own name, or beyond those that it names under `(other)`. */
export function standsUnder(names: Pick<Names, 'has'>, name: string): string {
  return name === UNKNOWN || names.has(name) || !names.has(OTHER) ? name : OTHER;
}

/** The name that an AI or model is counted under: its own while there is room, else `(other)`. */
function nameIn(names: Names, name: string, room: Room): string {
  const hasRoom = names.size < room.names && names.bytes < room.bytes;
  return hasRoom || name === UNKNOWN || names.has(name) ? name : OTHER;
}

/** How many names are counted by themselves, and what they may take of the state. */
interface Room {
  readonly names: number;
  readonly bytes: number;
}

const AI_ROOM: Room = { names: MAX_AIS, bytes: MAX_AI_BYTES };
const MODEL_ROOM: Room = { names: MAX_MODELS, bytes: MAX_MODEL_BYTES };

/** Whether what an AI uses today stands under its own name, or would. */
export function isNamedToday({ tables, today: { day } }: Ledger, aiId: string): boolean {
  return !tables.dayAis.has(`${day} ${OTHER}`) || tables.dayAis.has(`${day} ${aiId}`);
}

/** What its window counts of an AI today. Beyond the AIs that a day names it may be whose all of `(other)` is. */
export function tokensToday({ tables: { dayAis, toppedAis }, today: { day } }: Ledger, aiId: string): number {
  const own = dayAis.get(`${day} ${aiId}`);
  const tokens = tokensOf(own ?? dayAis.get(`${day} ${OTHER}`));
  return tokens - toppedIn(toppedAis, day, own === undefined ? OTHER : aiId);
}

interface Names {
  readonly size: number;
  readonly bytes: number;
  has(name: string): boolean;
}

/** The key of an entry is long, and is made once. */
function addInDay(
  table: Table<StoredCount>,
  accounts: Map<string, TableEntry<StoredCount>>,
  name: string,
  { day, tokens, calls }: Entry,
): void {
  const entry = accounts.get(name);
  const count = countedOn(entry?.value, tokens, calls);
  if (entry === undefined) accounts.set(name, table.set(`${day} ${name}`, count));
  else table.change(entry, count);
}

const EVERY = () => true;

/**
 * Whether this much more can be counted exactly, wherever it is booked, and still all that live leases may come to: they leave
 * room for it, see `mayReserve`. Each in the month of its grant: after a clock that ran ahead was reset, that is another one,
 * and what they hold takes no room of this month's. `counted`: what another sum that grows by it has already.
 */
export function canCount(ledger: Ledger, tokens: number, counted = 0): boolean {
  const { tables, todayTotals, slots, month } = ledger;
  const { total = 0, late = 0 } = todayTotals ?? {};
  const ofMonth = Math.max(tables.monthSpent, total) + slots.reserved(inMonth(month.key)) + slots.topped;
  const highest = Math.max(ofMonth, counted > 0 ? counted + slots.reserved(EVERY) + slots.topped : 0);
  return Number.isSafeInteger(highest + tokens) && Number.isSafeInteger(late + tokens);
}

/** Whether so much more may be reserved. Whatever is, and is then presumed, reports still have as much room again. */
export function mayReserve(ledger: Ledger, tokens: number): boolean {
  const spent = Math.max(ledger.tables.monthSpent, ledger.todayTotals?.total ?? 0);
  return spent + ledger.slots.reserved(EVERY) + ledger.slots.topped + tokens <= MAX_RESERVED;
}
