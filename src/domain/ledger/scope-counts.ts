import type { MonthWindow } from '../model/state.js';
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

/** A window's count: where its parts are, and what stands there under a name of many. */
interface Sheet {
  /** Of the windows of now; absent for a day that is not today. */
  readonly window?: WindowName;
  readonly parts: Table<number>;
  /** Of the keys of its parts. */
  readonly prefix: string;
  readonly ais: (name: string) => number;
  readonly models: (name: string) => number;
}

function hourSheet({ tables: { hourParts, hourAis, hourModels } }: Counted): Sheet {
  const of = (table: Table<number>) => (name: string) => table.get(name) ?? 0;
  return { window: 'hour', parts: hourParts, prefix: '', ais: of(hourAis), models: of(hourModels) };
}

function daySheet({ tables, today }: Counted, day: string): Sheet {
  const { ais, models } = tables.accountsOf(day);
  return {
    ...(day === today.day && { window: 'day' }),
    ...{ parts: tables.dayParts, prefix: `${day} ` },
    ais: (name) => tokensOf(ais.get(name)?.value) - toppedIn(tables.toppedAis, day, name),
    models: (name) => tokensOf(models.get(name)?.value) - toppedIn(tables.toppedModels, day, name),
  };
}

function monthSheet({ tables, month: { key } }: Counted): Sheet {
  const { monthParts, monthAis, monthModels, toppedAis, toppedModels } = tables;
  const of = (table: Table<number>, topped: Table<number>) => (name: string) =>
    (table.get(name) ?? 0) - toppedIn(topped, key, name);
  const [ais, models] = [of(monthAis, toppedAis), of(monthModels, toppedModels)];
  return { window: 'month', parts: monthParts, prefix: '', ais, models };
}

/** Counts a booking in its scopes, right after it was counted by name. `ofMonth`: absent where it is of another month. */
export function countInScopes(
  ledger: Counted,
  scopes: Scopes,
  booking: Booking,
  ofDay: CountedNames,
  ofMonth: CountedNames | undefined,
): void {
  const { hour, today, deleted } = ledger;
  count(daySheet(ledger, booking.day), scopes, booking, ofDay);
  if (ofMonth !== undefined) count(monthSheet(ledger), scopes, booking, ofMonth);
  if (booking.day !== today.day || booking.hourStart !== hour.start || deleted) return;
  const { hourAis, hourModels } = ledger.tables;
  const sheet = hourSheet(ledger);
  // What is given back may have been booked before this hour was counted by name.
  if (scopes.teams.size > 0) {
    countAi(sheet, scopes, { ...booking, tokens: addAbove(hourAis, ofDay.ai, booking.tokens) }, ofDay.ai);
  }
  if (scopes.models.size > 0) {
    const tokens = addAbove(hourModels, ofDay.model, booking.tokens);
    countModel(sheet, scopes, { ...booking, tokens }, ofDay.model);
  }
}

function count(sheet: Sheet, scopes: Scopes, booking: Booking, names: CountedNames): void {
  if (scopes.teams.size > 0) countAi(sheet, scopes, booking, names.ai);
  if (scopes.models.size > 0) countModel(sheet, scopes, booking, names.model);
}

function countAi(sheet: Sheet, scopes: Scopes, { aiId, tokens }: Booking, under: string): void {
  const team = scopes.teamOf(aiId);
  if (under === OTHER) countPart(sheet, 'TEAM', team, tokens, scopes.teams, sheet.ais(OTHER));
  else spend(sheet, team, tokens);
}

function countModel(sheet: Sheet, scopes: Scopes, booking: Booking, under: string): void {
  const { model, tokens, modelOfLease } = booking;
  const { models } = scopes;
  if (under === OTHER) {
    countPart(sheet, 'MODEL', scopes.ofModel(model), tokens, models, sheet.models(OTHER));
  } else if (under === UNKNOWN) {
    const scope = modelOfLease === undefined ? undefined : scopes.ofModel(modelOfLease);
    const counted = countPart(sheet, 'PRESUMED', scope, tokens, models, sheet.models(UNKNOWN));
    // The rest is known by that name alone: corrections, and what no pattern bound.
    spend(sheet, scopes.ofModel(UNKNOWN), tokens - counted);
  } else spend(sheet, scopes.ofModel(model), tokens);
}

function spend({ window }: Sheet, scope: Scope | undefined, tokens: number): void {
  if (scope !== undefined && window !== undefined) scope[window] += tokens;
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
  for (const table of [tables.hourAis, tables.hourModels, tables.hourParts]) table.reset();
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
  if (scopes.teams.size > 0) for (const ai of ais) spend(sheet, scopes.teamOf(ai), sheet.ais(ai));
  if (scopes.models.size === 0) return;
  for (const model of models) {
    spend(sheet, scopes.ofModel(model), sheet.models(model) - (model === UNKNOWN ? presumed : 0));
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
  if ((scopes?.teams.size ?? 0) === 0) tables.hourAis.reset();
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

/** What a month that is entered anew counts of one of its days: its parts, and names that the month has no room for. */
export function countPartsOfDay(ledger: Counted, parts: Iterable<readonly [string, number]>): void {
  const { scopes, tables } = ledger;
  if (scopes === undefined) return;
  for (const [key, tokens] of parts) if (hasScope(scopes, key)) addAbove(tables.monthParts, key, tokens);
}

/** The same of a name of a day that stands under `(other)` in the month. */
export function countOtherOfMonth(ledger: Counted, of: 'TEAM' | 'MODEL', name: string, tokens: number): void {
  const scope = of === 'TEAM' ? ledger.scopes?.teamOf(name) : ledger.scopes?.ofModel(name);
  if (scope !== undefined) addAbove(ledger.tables.monthParts, `${of} ${scope.id}`, tokens);
}
