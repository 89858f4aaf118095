import { expect } from 'vitest';
import { tokensOf } from '../../src/domain/ledger/counts.js';
import type { Ledger } from '../../src/domain/ledger/ledger.js';
import type { Scope, ScopeKind } from '../../src/domain/ledger/scopes.js';
import { unspentInWindows } from '../../src/domain/ledger/slots.js';
import type { Standing } from '../../src/domain/ledger/standing.js';
import type { Table } from '../../src/domain/ledger/table.js';
import { percentOf } from '../../src/domain/model/percent.js';
import type { Policy } from '../../src/domain/model/policy.js';
import type {
  Section,
  SectionValues,
  StatePatch,
  StoredCount,
  StoredDay,
  StoredLease,
  StoredPresumed,
  UsageDay,
} from '../../src/domain/model/state.js';
import { OTHER, UNKNOWN, UNSPECIFIED } from '../../src/domain/model/types.js';
import { Patterns } from '../../src/domain/policy/patterns.js';
import type { MemoryBudget } from '../../src/store/memory/memory-budget.js';

type WindowName = 'hour' | 'day' | 'month';
type Sums = Map<string, number>;

/** Which scope a name counts in, found anew each time. */
interface Naming {
  readonly team: (aiId: string) => string | undefined;
  readonly model: (model: string) => string | undefined;
  /** Of what is presumed of a lease: where no pattern binds its model, it stands under `(unknown)` as any name. */
  readonly presumed: (model: string) => string | undefined;
}

function namingOf({ teams, models }: Policy): Naming {
  const members = [...teams].flatMap(([id, { aiIds }]) => aiIds.map((pattern) => ({ pattern, id })));
  const byAi = new Patterns(members);
  const byModel = new Patterns([...models.keys()].map((pattern) => ({ pattern, id: pattern })));
  const model = (name: string) => byModel.bestFor(name);
  return { team: (aiId) => byAi.bestFor(aiId), model, presumed: (of) => model(of) ?? model(UNKNOWN) };
}

/**
 * What every scope spent in a day or month by the names that are counted there, where nothing stands under `(other)`. What is presumed
 * of a lease counts for the model that its request named.
 */
export function expectedOf(
  policy: Policy,
  ais: Iterable<readonly [string, number]>,
  models: Iterable<readonly [string, number]>,
  presumed: Iterable<StoredPresumed>,
): { readonly teams: Sums; readonly models: Sums } {
  const naming = namingOf(policy);
  const [byTeam, byModel]: [Sums, Sums] = [new Map(), new Map()];
  for (const [ai, tokens] of ais) add(byTeam, naming.team(ai), tokens);
  for (const [model, tokens] of models) add(byModel, naming.model(model), tokens);
  for (const { model = UNSPECIFIED, tokens } of presumed) {
    add(byModel, naming.model(UNKNOWN), -tokens);
    add(byModel, naming.presumed(model), tokens);
  }
  return { teams: byTeam, models: byModel };
}

function add(sums: Sums, id: string | undefined, tokens: number): void {
  if (id !== undefined) sums.set(id, (sums.get(id) ?? 0) + tokens);
}

/**
 * Scopes that count something else than they should, and what live leases hold in them. Each is a sentence. `models`: where what
 * is presumed is known by the models of its leases. Of days that are closed their `documents` say it; once the policy changes,
 * they stay where they were booked.
 */
export function wrongScopes(
  ledger: Ledger,
  documents: Iterable<UsageDay>,
  models: { readonly ofDay: boolean; readonly ofMonth: boolean },
): string[] {
  const { scopes, tables, today, policy, month } = ledger;
  if (scopes === undefined || !ledger.exists) return [];
  const wrong: string[] = [];
  const isNamed = !tables.monthAis.has(OTHER) && !tables.monthModels.has(OTHER);
  if (isNamed) {
    const presumed = [...tables.presumedBy(today.day).values()].filter(inWindows);
    const { ais, models: named } = tables.accountsOf(today.day);
    const { day } = today;
    const [ofAis, ofModels] = [
      less(valuesOf(ais), tables.toppedAis, day),
      less(valuesOf(named), tables.toppedModels, day),
    ];
    const ofDay = expectedOf(policy, ofAis, ofModels, presumed);
    compare(wrong, ledger, 'day', ofDay, models.ofDay ? undefined : 'TEAM');
    const ofMonth = presumedOfMonth(ledger, month.key, documents).filter(inWindows);
    const { monthAis, monthModels, toppedAis, toppedModels } = tables;
    const inMonth = [
      less(monthAis, toppedAis, month.key),
      less(monthModels, toppedModels, month.key),
    ] as const;
    const expected = expectedOf(policy, ...inMonth, ofMonth);
    compare(wrong, ledger, 'month', expected, models.ofMonth ? undefined : 'TEAM');
  }
  for (const scope of scopesOf(ledger)) {
    const leases = [...ledger.slots.leasesLive()].filter((lease) => scopes.isOf(scope, lease));
    const held = leases.reduce(
      (sum, lease) => sum + (lease.day === today.day ? unspentInWindows(lease) : 0),
      0,
    );
    if (ledger.slots.waiting > 0) continue;
    const fences = ledger.slots.fencesIn(scope);
    if (scope.live !== leases.length || fences.length !== leases.length)
      wrong.push(`${scope.id} has ${scope.live} live leases, and knows ${fences.length} of ${leases.length}`);
    if (scope.heldInDay(today.day) !== held)
      wrong.push(`${scope.id} holds ${scope.heldInDay(today.day)} today, not ${held}`);
  }
  return wrong;
}

/** The month if the models of what is presumed in it are known no more to a policy that comes now. */
export function forgottenModels(ledger: Ledger, documents: Iterable<UsageDay>): string | undefined {
  const { key } = ledger.month;
  const open = new Set(ledger.tables.days.keys());
  const isForgotten = ({ day, presumed, epoch }: UsageDay) =>
    epoch === ledger.epoch && day.startsWith(key) && presumed > 0 && !open.has(day);
  return [...documents].some(isForgotten) ? key : undefined;
}

/** Scopes of leases that were just granted which hold or spent more than they may, by sums of their own. Each is a sentence. */
export function exceededScopes(ledger: Ledger, standing: Standing, granted: Iterable<StoredLease>): string[] {
  const { scopes, policy } = ledger;
  if (scopes === undefined) return [];
  const naming = namingOf(policy);
  const wrong = new Set<string>();
  for (const { aiId, model = UNSPECIFIED } of granted) {
    const team = naming.team(aiId);
    const pattern = naming.model(model);
    if (team !== undefined) exceeded(wrong, ledger, standing, { kind: 'TEAM', id: team });
    if (pattern !== undefined) exceeded(wrong, ledger, standing, { kind: 'MODEL', id: pattern });
  }
  return [...wrong];
}

function exceeded(
  wrong: Set<string>,
  ledger: Ledger,
  standing: Standing,
  of: { readonly kind: ScopeKind; readonly id: string },
): void {
  const { policy, hour, today, month, allowance } = ledger;
  const naming = namingOf(policy);
  const limits = of.kind === 'TEAM' ? policy.teams.get(of.id) : policy.models.get(of.id);
  const leases = [...ledger.tables.leases.values()].filter(
    ({ aiId, model = UNSPECIFIED }) =>
      of.id === (of.kind === 'TEAM' ? naming.team(aiId) : naming.model(model)),
  );
  if (limits === undefined) return;
  const windows = [
    [
      'hour',
      limits.maxHourlyPercent,
      standing.pacedHour.tokens,
      (lease: StoredLease) => lease.hourStart === hour.start,
    ],
    ['day', limits.maxDailyPercent, standing.day.cap.tokens, (lease: StoredLease) => lease.day === today.day],
    [
      'month',
      limits.maxMonthlyPercent,
      allowance.enforced,
      (lease: StoredLease) => lease.day.startsWith(month.key),
    ],
  ] as const;
  for (const [window, percent, whole, isIn] of windows) {
    const held = leases.filter(isIn).reduce((sum, lease) => sum + unspentInWindows(lease), 0);
    const spent = spentIn(ledger, of, window);
    const cap = percentOf(whole, percent);
    if (percent < 100 && spent + held > cap)
      wrong.add(`${of.kind} ${of.id}: ${spent} spent and ${held} held in the ${window}, above ${cap}`);
  }
  const { maxConcurrent } = limits;
  if (maxConcurrent > 0 && leases.length > maxConcurrent)
    wrong.add(`${of.kind} ${of.id}: ${leases.length} live slots of ${maxConcurrent}`);
}

/** By the sections of the state. */
function spentIn(
  { tables, policy, today, month }: Ledger,
  { kind, id }: { readonly kind: ScopeKind; readonly id: string },
  window: WindowName,
): number {
  const sections = {
    hour: [tables.hourAis, tables.hourModels, tables.hourParts],
    day: [
      less(tables.ofDay(tables.dayAis, today.day), tables.toppedAis, today.day),
      less(tables.ofDay(tables.dayModels, today.day), tables.toppedModels, today.day),
      tables.partsOf(today.day),
    ],
    month: [
      less(tables.monthAis, tables.toppedAis, month.key),
      less(tables.monthModels, tables.toppedModels, month.key),
      tables.monthParts,
    ],
  } as const;
  const [ais, models, all] = sections[window];
  const parts = new Map(all);
  const naming = namingOf(policy);
  if (kind === 'TEAM') {
    const named = [...ais].filter(([ai]) => naming.team(ai) === id && ai !== OTHER);
    return named.reduce((sum, [, tokens]) => sum + tokens, parts.get(`TEAM ${id}`) ?? 0);
  }
  let presumed = 0;
  for (const [key, tokens] of parts) if (key.startsWith('PRESUMED ')) presumed += tokens;
  const named = [...models].filter(([model]) => naming.model(model) === id && model !== OTHER);
  const own = (parts.get(`MODEL ${id}`) ?? 0) + (parts.get(`PRESUMED ${id}`) ?? 0);
  return named.reduce((sum, [model, tokens]) => sum + tokens - (model === UNKNOWN ? presumed : 0), own);
}

function presumedOfMonth(
  { tables, epoch }: Ledger,
  key: string,
  documents: Iterable<UsageDay>,
): StoredPresumed[] {
  const open = [...tables.days.keys()].filter((day) => day.startsWith(key));
  const found = open.flatMap((day) => [...tables.presumedBy(day).values()]);
  for (const document of documents) {
    const isClosed =
      document.epoch === epoch && document.day.startsWith(key) && !tables.days.has(document.day);
    if (isClosed) found.push(...document.presumedBy.values());
  }
  return found;
}

/** What came from a top-up is in no window. */
function inWindows({ topped }: StoredPresumed): boolean {
  return topped !== true;
}

function less(
  all: Iterable<readonly [string, number]>,
  topped: Pick<Table<number>, 'get'>,
  span: string,
): [string, number][] {
  return Array.from(all, ([name, tokens]) => [name, tokens - (topped.get(`${span} ${name}`) ?? 0)]);
}

function* valuesOf(
  entries: Iterable<readonly [string, { readonly value: StoredCount | undefined }]>,
): Iterable<readonly [string, number]> {
  for (const [name, { value }] of entries) yield [name, tokensOf(value)];
}

function scopesOf({ scopes }: Ledger): Scope[] {
  return scopes === undefined ? [] : [...scopes.teams.values(), ...scopes.models.values()];
}

function compare(
  wrong: string[],
  ledger: Ledger,
  window: WindowName,
  expected: { readonly teams: Sums; readonly models: Sums },
  only?: ScopeKind,
): void {
  for (const scope of scopesOf(ledger)) {
    if (only !== undefined && scope.kind !== only) continue;
    const should = (scope.kind === 'TEAM' ? expected.teams : expected.models).get(scope.id) ?? 0;
    if (scope[window] !== should)
      wrong.push(`${scope.kind} ${scope.id}: ${scope[window]} in the ${window}, not ${should}`);
  }
}

/** A replica that loads the state counts the same. */
export function expectScopesReload(here: Ledger, there: Ledger): void {
  expect(pictureOf(there)).toEqual(pictureOf(here));
}

function pictureOf(ledger: Ledger) {
  return scopesOf(ledger).map((scope) => {
    const { kind, id, hour, day, month, live } = scope;
    const fences = ledger.slots.fencesIn(scope).sort((a, b) => a - b);
    return { kind, id, hour, day, month, live, fences };
  });
}

const PRESUMED = 'presumed of ';

/** What AIs and models spent in the hour, by books of its own: it sees every commit of one request. */
export class HourBooks {
  private ais: Sums = new Map();
  private models: Sums = new Map();
  private hour = Number.NaN;
  private counts = { teams: false, models: false };
  /** Once nobody can say whose tokens of the hour were taken back. */
  private isKnown = true;

  /** A commit that is about to be applied. */
  see(before: MemoryBudget | undefined, patch: StatePatch, after: Ledger): void {
    const { hour, today } = after;
    this.begin(hour.start, before, patch, after);
    const presumed = changesOf(before, patch, 'dayPresumed', `${today.day} `);
    let left = hourOf(patch, today.day, hour.start) ?? 0;
    left -=
      (hourOf(before, today.day, hour.start) ?? 0) *
      Number(hourOf(patch, today.day, hour.start) !== undefined);
    const ofAis = deltas(changesOf(before, patch, 'dayAis', `${today.day} `));
    const ofModels = deltas(changesOf(before, patch, 'dayModels', `${today.day} `));
    for (const [, [was, is]] of presumed) {
      const { aiId, hourStart, model = UNSPECIFIED } = (is ?? was) as StoredPresumed;
      const tokens = (is?.tokens ?? 0) - (was?.tokens ?? 0);
      add(ofAis, aiId, -tokens);
      add(ofModels, UNKNOWN, -tokens);
      if (hourStart !== hour.start) continue;
      left -= tokens;
      add(this.ais, aiId, tokens);
      add(this.models, `${PRESUMED}${model}`, tokens);
    }
    // Of what came from a top-up these books know nothing.
    if (changesOf(before, patch, 'toppedAis', `${today.day} `).length > 0) this.isKnown = false;
    if (left === 0) return;
    const [ai, ...moreAis] = [...ofAis].filter(([, tokens]) => tokens !== 0);
    const [model, ...moreModels] = [...ofModels].filter(([, tokens]) => tokens !== 0);
    const isOne = ai !== undefined && model !== undefined && moreAis.length + moreModels.length === 0;
    // A correction takes from the latest hours, whoever spent in them.
    if (!isOne || left < 0) this.isKnown = false;
    add(this.ais, ai?.[0], left);
    add(this.models, model?.[0], left);
  }

  private begin(start: number, before: MemoryBudget | undefined, patch: StatePatch, after: Ledger): void {
    const isNew = start !== this.hour || before?.head.epoch !== patch.head.epoch;
    const counts = { teams: after.policy.teams.size > 0, models: after.policy.models.size > 0 };
    // An hour that a clock comes back to is counted from nothing, and so is one that time comes to again, on a day that comes back.
    const comesBack =
      before?.sections.days.has(after.today.day) === false && after.today.day <= before.head.lastOpenedDay;
    if (isNew) this.isKnown = patch.head.clock >= (before?.head.clock ?? 0) && !comesBack;
    if (isNew || !counts.teams || !this.counts.teams) this.ais = new Map();
    if (isNew || !counts.models || !this.counts.models) this.models = new Map();
    // A policy that begins to count in the midst of an hour does not know what was spent before.
    if (!isNew && (counts.teams !== this.counts.teams || counts.models !== this.counts.models))
      this.isKnown = false;
    this.hour = start;
    this.counts = counts;
  }

  check(ledger: Ledger): string[] {
    if (!this.isKnown || ledger.scopes === undefined || ledger.hour.start !== this.hour) return [];
    const naming = namingOf(ledger.policy);
    const expected = { teams: new Map<string, number>(), models: new Map<string, number>() };
    for (const [ai, tokens] of this.ais) add(expected.teams, naming.team(ai), tokens);
    for (const [model, tokens] of this.models) {
      const of = model.startsWith(PRESUMED)
        ? naming.presumed(model.slice(PRESUMED.length))
        : naming.model(model);
      add(expected.models, of, tokens);
    }
    const wrong: string[] = [];
    compare(wrong, ledger, 'hour', expected);
    return wrong;
  }
}

type Change<S extends Section> = [string, [SectionValues[S] | undefined, SectionValues[S] | undefined]];

function changesOf<S extends Section>(
  before: MemoryBudget | undefined,
  { puts, drops, resets }: StatePatch,
  section: S,
  prefix: string,
): Change<S>[] {
  const was = before?.sections[section] as Map<string, SectionValues[S]> | undefined;
  const found: Change<S>[] = [];
  if (resets.includes(section)) return found;
  for (const { section: of, key, value } of puts) {
    if (of === section && key.startsWith(prefix))
      found.push([key.slice(prefix.length), [was?.get(key), value as SectionValues[S]]]);
  }
  for (const { section: of, key } of drops) {
    if (of === section && key.startsWith(prefix))
      found.push([key.slice(prefix.length), [was?.get(key), undefined]]);
  }
  return found;
}

function deltas(changes: Change<'dayAis'>[]): Sums {
  return new Map(changes.map(([name, [was, is]]) => [name, tokensOf(is) - tokensOf(was)]));
}

function hourOf(of: MemoryBudget | StatePatch | undefined, day: string, start: number): number | undefined {
  const totals =
    of !== undefined && 'puts' in of
      ? (of.puts.find(({ section, key }) => section === 'days' && key === day)?.value as
          | StoredDay
          | undefined)
      : of?.sections.days.get(day);
  return totals && (totals.hours.find((hour) => hour.start === start)?.tokens ?? 0);
}
