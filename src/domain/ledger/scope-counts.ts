import type { MonthWindow, StoredCount, StoredPresumed, UsageDay } from '../model/state.js';
import { OTHER, UNKNOWN } from '../model/types.js';
import type { DayWindow, Span } from '../time/windows.js';
import { tokensOf } from './counts.js';
import type { LedgerTables } from './ledger-tables.js';
import type { Scope, Scopes } from './scopes.js';
import type { Table } from './table.js';
import { toppedIn } from './topped.js';

/**
 * What scopes spent. It follows from what the state counts by AI and by model, so that a changed policy regroups it. But tokens that
 * stand under `(other)`, and those that are presumed, which stand under `(unknown)`, are of many AIs or models. Of them a scope has
 * parts, kept when they are booked: by team of `(other)` AIs, by pattern of `(other)` models, by the pattern of the lease's model of
 * what is presumed. Parts stay where they were booked, but for those of leases that are known. What came from top-ups is in none of it.
 */

/** What of a ledger is needed here. */
interface Counted {
  readonly tables: LedgerTables;
  readonly scopes: Scopes | undefined;
  readonly hour: Span;
  readonly today: DayWindow;
  readonly month: MonthWindow;
  readonly deleted: boolean;
}

/** Of which tokens a part is. */
type PartOf = 'TEAM' | 'MODEL' | 'PRESUMED';
type WindowName = 'hour' | 'day' | 'month';

/** One booking, under the names by which its AI and model are counted: their own, or `(other)`. */
export interface CountedNames {
  readonly ai: string;
  readonly model: string;
}

interface Booking {
  readonly day: string;
  readonly hourStart: number;
  readonly aiId: string;
  readonly model: string;
  readonly tokens: number;
  /** Of what is presumed, the model of its lease. */
  readonly modelOfLease?: string | undefined;
}

/** A window's count: where its parts are, and what is counted there by name. Made with every booking. */
interface Sheet {
  /** Of the windows of now; undefined for a day that is not today. */
  readonly window: WindowName | undefined;
  readonly parts: Table<number>;
  readonly ais: Table<StoredCount> | Table<number>;
  readonly models: Table<StoredCount> | Table<number>;
  /** What the keys of all of them begin with. */
  readonly prefix: string;
  /** Of them, what came from top-ups; undefined: nothing, as in an hour, which is counted without it. */
  readonly topped?:
    | { readonly span: string; readonly ais: Table<number>; readonly models: Table<number> }
    | undefined;
}

function hourSheet({ tables: { hourParts, hourAis, hourModels } }: Counted): Sheet {
  return { window: 'hour', parts: hourParts, ais: hourAis, models: hourModels, prefix: '' };
}

function daySheet({ tables, today }: Counted, day: string): Sheet {
  const { dayParts: parts, dayAis: ais, dayModels: models } = tables;
  const window = day === today.day ? 'day' : undefined;
  return { window, parts, ais, models, prefix: `${day} `, topped: toppedOf(tables, day) };
}

function monthSheet({ tables, month: { key } }: Counted): Sheet {
  const { monthParts: parts, monthAis: ais, monthModels: models } = tables;
  return { window: 'month', parts, ais, models, prefix: '', topped: toppedOf(tables, key) };
}

function toppedOf({ toppedAis: ais, toppedModels: models }: LedgerTables, span: string): Sheet['topped'] {
  return ais.size === 0 ? undefined : { span, ais, models };
}

/** What came from top-ups left out. */
function ofName(table: Sheet['ais'], { prefix, ais, topped }: Sheet, name: string): number {
  const tokens = tokensOf(table.get(`${prefix}${name}`));
  if (topped === undefined) return tokens;
  return tokens - toppedIn(table === ais ? topped.ais : topped.models, topped.span, name);
}

/** Counts a booking in its scopes, right after it was counted by name. `ofMonth`: absent where it is of another month. */
export function countInScopes(
  ledger: Counted,
  scopes: Scopes,
  booking: Booking,
  ofDay: CountedNames,
  ofMonth: CountedNames | undefined,
): void {
  const { hour, today, deleted, tables } = ledger;
  const { day, hourStart, tokens } = booking;
  const ofTeams = scopes.teams.size > 0;
  const ofModels = scopes.models.size > 0;
  const daily = daySheet(ledger, day);
  if (ofTeams) countAi(daily, scopes, booking, ofDay.ai, tokens);
  if (ofModels) countModel(daily, scopes, booking, ofDay.model, tokens);
  if (ofMonth !== undefined) {
    const monthly = monthSheet(ledger);
    if (ofTeams) countAi(monthly, scopes, booking, ofMonth.ai, tokens);
    if (ofModels) countModel(monthly, scopes, booking, ofMonth.model, tokens);
  }
  if (day !== today.day || hourStart !== hour.start || deleted) return;
  const hourly = hourSheet(ledger);
  // What is given back may have been booked before this hour was counted by name.
  if (ofTeams) countAi(hourly, scopes, booking, ofDay.ai, addAbove(tables.hourAis, ofDay.ai, tokens));
  if (ofModels)
    countModel(hourly, scopes, booking, ofDay.model, addAbove(tables.hourModels, ofDay.model, tokens));
}

/** What came from a top-up is in no window of a scope: of teams it is told all the same. */
export function countToppedInHour(
  { tables, hour, today, deleted }: Counted,
  scopes: Scopes,
  { day, hourStart, tokens }: Booking,
  ai: string,
): void {
  if (scopes.teams.size === 0 || day !== today.day || hourStart !== hour.start || deleted) return;
  addAbove(tables.hourTopped, ai, tokens);
}

function countAi(sheet: Sheet, scopes: Scopes, { aiId }: Booking, under: string, tokens: number): void {
  const team = scopes.teamOf(aiId);
  if (under !== OTHER) spend(sheet, team, tokens);
  else countPart(sheet, 'TEAM', team, tokens, scopes.teams, ofName(sheet.ais, sheet, OTHER));
}

function countModel(sheet: Sheet, scopes: Scopes, booking: Booking, under: string, tokens: number): void {
  const { model, modelOfLease } = booking;
  const { models } = scopes;
  if (under === OTHER) {
    const most = ofName(sheet.models, sheet, OTHER);
    countPart(sheet, 'MODEL', scopes.ofModel(model), tokens, models, most);
  } else if (under === UNKNOWN) {
    const scope = modelOfLease === undefined ? undefined : scopes.ofModel(modelOfLease);
    const most = ofName(sheet.models, sheet, UNKNOWN);
    const counted = countPart(sheet, 'PRESUMED', scope, tokens, models, most);
    // The rest is known by that name alone: corrections, and what no pattern bound.
    spend(sheet, scopes.ofModel(UNKNOWN), tokens - counted);
  } else spend(sheet, scopes.ofModel(model), tokens);
}

function spend({ window }: Sheet, scope: Scope | undefined, tokens: number): void {
  if (scope === undefined) return;
  // Each by its name: with every booking.
  if (window === 'hour') scope.hour += tokens;
  else if (window === 'day') scope.day += tokens;
  else if (window === 'month') scope.month += tokens;
}

/**
 * Changes the part that a scope has of a name. Where less than nothing would be left of it, and where all parts would come to more
 * than the name has, others give. Says by how much all parts have changed.
 */
function countPart(
  sheet: Sheet,
  of: PartOf,
  scope: Scope | undefined,
  tokens: number,
  scopes: ReadonlyMap<string, Scope>,
  most: number,
): number {
  const counted = scope === undefined ? 0 : addPart(sheet, of, scope, tokens);
  return tokens >= 0 ? counted : counted + cut(sheet, of, scopes, most);
}

function addPart(sheet: Sheet, of: PartOf, scope: Scope, tokens: number): number {
  const change = addAbove(sheet.parts, keyOf(sheet, of, scope.id), tokens);
  spend(sheet, scope, change);
  return change;
}

/** Takes from the largest parts until all of them are no more than there is. Says the change, which is never above 0. */
function cut(sheet: Sheet, of: PartOf, scopes: ReadonlyMap<string, Scope>, most: number): number {
  const parts = [...scopes.values()].map((scope) => ({ scope, tokens: partOf(sheet, of, scope.id) }));
  let over = parts.reduce((sum, { tokens }) => sum + tokens, 0) - most;
  let change = 0;
  for (const { scope, tokens } of parts.sort((a, b) => b.tokens - a.tokens)) {
    if (over <= 0) break;
    const taken = addPart(sheet, of, scope, -Math.min(over, tokens));
    over += taken;
    change += taken;
  }
  return change;
}

function keyOf({ prefix }: Sheet, of: PartOf, id: string): string {
  return `${prefix}${of} ${id}`;
}

function partOf(sheet: Sheet, of: PartOf, id: string): number {
  return sheet.parts.get(keyOf(sheet, of, id)) ?? 0;
}

/** Never below 0; nothing is no entry. Says what was added. */
function addAbove(table: Table<number>, key: string, tokens: number): number {
  const entry = table.entry(key);
  const before = entry?.value ?? 0;
  const after = Math.max(0, before + tokens);
  if (after === before) return 0;
  if (after === 0) table.delete(key);
  else if (entry === undefined) table.set(key, after);
  else table.change(entry, after);
  return after - before;
}

/** The scopes of a policy that has just come into force, or of a state that was just loaded, as its windows have it. */
export function regroup(ledger: Counted): void {
  const { scopes } = ledger;
  if (scopes === undefined) return;
  scopes.hourStart = ledger.hour.start;
  const { hourAis, hourModels } = ledger.tables;
  regroupSheet(scopes, hourSheet(ledger), hourAis.keys(), hourModels.keys());
  regroupDay(ledger);
  regroupMonth(ledger);
}

/** After today has come to be another day, or has come back from its document. */
export function regroupDay(ledger: Counted): void {
  const { scopes, today, tables } = ledger;
  if (scopes === undefined) return;
  const { ais, models } = tables.accountsOf(today.day);
  regroupSheet(scopes, daySheet(ledger, today.day), ais.keys(), models.keys());
}

export function regroupMonth(ledger: Counted): void {
  const { scopes, tables } = ledger;
  if (scopes === undefined) return;
  regroupSheet(scopes, monthSheet(ledger), tables.monthAis.keys(), tables.monthModels.keys());
}

/** Another hour is counted from nothing, also one that a clock which was reset comes back to: only the hour of now is kept by name. */
export function beginHour({ scopes, hour, tables }: Counted): void {
  if (scopes === undefined || scopes.hourStart === hour.start) return;
  scopes.hourStart = hour.start;
  tables.dropHour();
  for (const scope of [...scopes.teams.values(), ...scopes.models.values()]) scope.hour = 0;
}

function regroupSheet(scopes: Scopes, sheet: Sheet, ais: Iterable<string>, models: Iterable<string>): void {
  const { window } = sheet;
  if (window === undefined) return;
  for (const team of scopes.teams.values()) team[window] = partOf(sheet, 'TEAM', team.id);
  let presumed = 0;
  for (const scope of scopes.models.values()) {
    const ofPresumed = partOf(sheet, 'PRESUMED', scope.id);
    scope[window] = partOf(sheet, 'MODEL', scope.id) + ofPresumed;
    presumed += ofPresumed;
  }
  if (scopes.teams.size > 0)
    for (const ai of ais) spend(sheet, scopes.teamOf(ai), ofName(sheet.ais, sheet, ai));
  if (scopes.models.size === 0) return;
  for (const model of models) {
    const tokens = ofName(sheet.models, sheet, model);
    spend(sheet, scopes.ofModel(model), tokens - (model === UNKNOWN ? presumed : 0));
  }
}

/**
 * Another policy is in force. What is presumed of leases that are known moves to the scope of their models; parts of scopes that are
 * no more belong to none.
 */
export function movePolicy(ledger: Counted, before: Scopes | undefined): void {
  const { tables, scopes } = ledger;
  for (const day of tables.days.keys()) movePresumed(ledger, day, before);
  const kept = (key: string) => scopes !== undefined && hasScope(scopes, key);
  for (const key of [...tables.hourParts.keys()]) if (!kept(key)) tables.hourParts.delete(key);
  for (const key of [...tables.monthParts.keys()]) if (!kept(key)) tables.monthParts.delete(key);
  for (const key of [...tables.dayParts.keys()]) if (!kept(key.slice(11))) tables.dayParts.delete(key);
  if ((scopes?.teams.size ?? 0) === 0) for (const table of [tables.hourAis, tables.hourTopped]) table.reset();
  if ((scopes?.models.size ?? 0) === 0) tables.hourModels.reset();
  regroup(ledger);
}

/** Whether there is a scope for a part. */
export function hasScope({ teams, models }: Scopes, key: string): boolean {
  const space = key.indexOf(' ');
  return (key.slice(0, space) === 'TEAM' ? teams : models).has(key.slice(space + 1));
}

function movePresumed(ledger: Counted, day: string, before: Scopes | undefined): void {
  const { scopes, tables, month, hour, today } = ledger;
  for (const { hourStart, tokens, model, topped } of tables.presumedBy(day).values()) {
    // Of several leases nobody knows the models; and what came from top-ups is in no window.
    if (hourStart === undefined || topped) continue;
    const [from, to] = [before?.ofModel(model)?.id, scopes?.ofModel(model)?.id];
    if (from === to) continue;
    const sheets = [daySheet(ledger, day)];
    if (day.slice(0, 7) === month.key) sheets.push(monthSheet(ledger));
    const isCounted = before !== undefined && before.models.size > 0;
    if (isCounted && day === today.day && hourStart === hour.start) sheets.push(hourSheet(ledger));
    for (const sheet of sheets) {
      const left =
        from === undefined ? tokens : -addAbove(sheet.parts, keyOf(sheet, 'PRESUMED', from), -tokens);
      if (to !== undefined) addAbove(sheet.parts, keyOf(sheet, 'PRESUMED', to), left);
    }
  }
}

/** What the usage document of a day keeps of its parts: those of leases that are known follow from what it says of these. */
export function keptParts({ tables, scopes }: Counted, day: string): Map<string, number> {
  const parts = tables.partsOf(day);
  if (scopes !== undefined) countKnown(parts, scopes, tables.presumedBy(day).values(), -1);
  return parts;
}

/** The parts of a day as its document has it, under the policy of now: another may have come since it was written. */
export function partsOfDocument(
  { scopes }: Counted,
  { parts, presumedBy }: Pick<UsageDay, 'parts' | 'presumedBy'>,
): Map<string, number> {
  if (scopes === undefined) return new Map();
  const found = new Map([...parts].filter(([key]) => hasScope(scopes, key)));
  countKnown(found, scopes, presumedBy.values(), 1);
  return found;
}

/** What is presumed of leases that are known, by the scopes of their models. */
function countKnown(
  parts: Map<string, number>,
  scopes: Scopes,
  presumed: Iterable<StoredPresumed>,
  sign: 1 | -1,
): void {
  for (const { hourStart, tokens, model, topped } of presumed) {
    if (hourStart === undefined || topped) continue;
    const scope = scopes.ofModel(model);
    if (scope === undefined) continue;
    const key = `PRESUMED ${scope.id}`;
    const left = (parts.get(key) ?? 0) + sign * tokens;
    if (left > 0) parts.set(key, left);
    else parts.delete(key);
  }
}

/** What a month that is entered anew counts of one of its days: its parts, and names that the month has no room for. */
export function countPartsOfDay(ledger: Counted, parts: Iterable<readonly [string, number]>): void {
  const { scopes, tables } = ledger;
  if (scopes === undefined) return;
  for (const [key, tokens] of parts) if (hasScope(scopes, key)) addAbove(tables.monthParts, key, tokens);
}

/** The same of a name of a day that stands under `(other)` in the month. */
export function countOtherOfMonth(ledger: Counted, of: 'AI' | 'MODEL', name: string, tokens: number): void {
  const scope = of === 'AI' ? ledger.scopes?.teamOf(name) : ledger.scopes?.ofModel(name);
  if (scope !== undefined) addAbove(ledger.tables.monthParts, `${scope.kind} ${scope.id}`, tokens);
}
