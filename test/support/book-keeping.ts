import { expect } from 'vitest';
import { aiDayFigures } from '../../src/domain/admission/rules/caps.js';
import { callsOf, tokensOf } from '../../src/domain/ledger/counts.js';
import { restOf } from '../../src/domain/ledger/day-rest.js';
import type { Ledger } from '../../src/domain/ledger/ledger.js';
import { pairOf } from '../../src/domain/ledger/pairs.js';
import { Slots } from '../../src/domain/ledger/slots.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import { nameBytes } from '../../src/domain/ledger/state-size.js';
import { MAX_PAIR_BYTES, MAX_PAIRS, REMEMBERED_REQUESTS } from '../../src/domain/model/limits.js';
import type { UsageDay } from '../../src/domain/model/state.js';
import { type CallCount, UNKNOWN, type UsageReport } from '../../src/domain/model/types.js';
import { snapshotOf, usageDayOf } from '../../src/domain/reads.js';
import type { TestBudget } from './budget.js';
import { exceededScopes, expectScopesReload } from './scope-books.js';

/** Right after a grant, what is spent and reserved is within every cap in force, and so are the slots. */
export function expectGrantWithinCaps(state: Ledger, aiId: string): void {
  const standing = standingOf(state);
  const { hour, day, month } = standing;
  const { policy, allowance, slots } = state;
  // Under EVEN the first grant of an hour may take more than the part that the cap in force allows from then on.
  const hourCap = policy.pacing === 'EVEN' ? allowance.hourlyMax : hour.cap.tokens;
  expect(hour.spent + hour.reserved).toBeLessThanOrEqual(hourCap);
  expect(day.spent + day.reserved).toBeLessThanOrEqual(day.cap.tokens);
  expect(month.spent + month.reserved).toBeLessThanOrEqual(allowance.enforced);
  const ofAi = aiDayFigures(state, standing, aiId);
  if (ofAi !== undefined) expect(ofAi.spent + ofAi.reserved).toBeLessThanOrEqual(ofAi.cap.tokens);
  expect(slots.live).toBeLessThanOrEqual(policy.maxConcurrent);
  expect(slots.liveOf(aiId)).toBeLessThanOrEqual(policy.maxConcurrentPerAi);
  const newest = state.lease(state.fence);
  expect(newest && exceededScopes(state, standing, [newest]), 'scopes').toEqual([]);
}

/** Calls that were reported, by AI and by model, each with those that failed: `name` or `name failed`. */
export class CallBooks {
  private readonly counts = new Map<string, number>();

  add(aiId: string, { model, calls = 1, failed }: UsageReport): void {
    for (const name of [`AI ${aiId}`, `model ${model}`]) {
      this.count(name, calls);
      if (failed) this.count(`${name} failed`, calls);
    }
  }

  private count(name: string, calls: number): void {
    if (calls > 0) this.counts.set(name, (this.counts.get(name) ?? 0) + calls);
  }

  /** All that days count, open or written, of every epoch. */
  expectIn(budget: TestBudget): void {
    const counted = new CallBooks();
    for (const { aiCalls = new Map(), modelCalls = new Map() } of daysOf(budget)) {
      for (const [ai, calls] of aiCalls) counted.addCount(`AI ${ai}`, calls);
      for (const [model, calls] of modelCalls) counted.addCount(`model ${model}`, calls);
    }
    expect(Object.fromEntries(counted.counts), 'calls').toEqual(Object.fromEntries(this.counts));
  }

  private addCount(name: string, { calls, failedCalls }: CallCount): void {
    this.count(name, calls);
    this.count(`${name} failed`, failedCalls);
  }
}

/** What a report was charged is its tokens times the weight of the entry that fits its model best; of a lease, to the rounding of its sum. */
export function expectWeighed({ state }: TestBudget, { tokens, model }: UsageReport, charged: number): void {
  const { tokenWeightsByModel, tokenWeights } = state.policy;
  const name = model === '' ? '(unspecified)' : model;
  const fitting = [...tokenWeightsByModel.keys()].filter((key) =>
    new RegExp(`^${key.replaceAll('*', '.*')}$`).test(name),
  );
  // The entries of these histories differ in how long they are, and a name is longer than its patterns.
  const [best = ''] = fitting.sort((a, b) => Number(b === name) - Number(a === name) || b.length - a.length);
  const { total } = tokenWeightsByModel.get(best) ?? tokenWeights;
  expect(Math.abs(charged - (tokens.total * total) / 100), `${tokens.total} of ${name}`).toBeLessThan(1);
}

/** All that a budget counts within its retention is in its unit. */
export function expectOneUnit(budget: TestBudget): void {
  const { state } = budget;
  if (!state.exists) return;
  for (const { epoch, day, total, unit = 'tokens' } of daysOf(budget))
    if (epoch === state.epoch && total > 0) expect(unit, day).toBe(state.policy.unit);
}

/** Every figure is the sum of its parts; `spent` is all that there must be beside what is presumed, in days open or written. */
export function expectBooksBalance(budget: TestBudget, spent: number): void {
  const { state } = budget;
  for (const day of state.tables.days.keys()) expectDayBalances(state, day);
  const { tables } = state;
  const month = sum(tables.dayTotals.values());
  expect(tables.monthSpent).toBe(month);
  expect(sum(tables.monthAis.values())).toBe(month);
  expect(sum(tables.monthModels.values())).toBe(month);
  expect(Math.min(0, ...tables.monthAis.values(), ...tables.monthModels.values())).toBe(0);
  const days = daysOf(budget);
  for (const day of days) {
    expectRestStands(day);
    expectCallsBalance(day);
  }
  const presumed = sum(days.map((day) => day.presumed));
  expect(sum(days.map(({ total }) => total)), 'all that was ever spent').toBe(spent + presumed);
  expectIndexes(state);
}

function expectDayBalances(state: Ledger, day: string): void {
  const { tables } = state;
  const totals = tables.days.get(day);
  if (totals === undefined) throw new Error(day);
  const ais = tables.ofDay(tables.dayAis, day);
  const models = tables.ofDay(tables.dayModels, day);
  const hours = totals.hours.map(({ tokens }) => tokens);
  for (const parts of [hours, [...ais.values()], [...models.values()]]) {
    expect(sum(parts), day).toBe(totals.total);
    expect(Math.min(0, ...parts), day).toBe(0);
  }
  expectPairsBalance(usageDayOf(state, day, totals));
  const { presumed, late } = totals;
  expect(presumed, day).toBeLessThanOrEqual(models.get(UNKNOWN) ?? 0);
  expect(Math.min(presumed, late)).toBeGreaterThanOrEqual(0);
  expect(tables.names(day)).toEqual({ ais: ais.size, models: models.size });
}

/** What each AI used of each model comes to what the day counts of both, as long as the day has room for all of it. */
function expectPairsBalance(day: UsageDay): void {
  const { pairs = new Map(), aiCalls, modelCalls } = day;
  expect(pairs.size, `pairs of ${day.day}`).toBeLessThanOrEqual(MAX_PAIRS);
  const isWhole = pairs.size < MAX_PAIRS && pairBytes(day) < MAX_PAIR_BYTES;
  const sides = [
    { of: 0, names: day.ais, calls: aiCalls },
    { of: 1, names: day.models, calls: modelCalls },
  ] as const;
  for (const { of, names, calls } of sides) {
    const sums = new Map<string, number>();
    const failed = new Map<string, number>();
    for (const [name, count] of pairs) {
      const own = pairOf(name)[of];
      expect(tokensOf(count), `${name} on ${day.day}`).toBeGreaterThanOrEqual(0);
      sums.set(own, (sums.get(own) ?? 0) + tokensOf(count));
      failed.set(own, (failed.get(own) ?? 0) + (callsOf(count)?.failedCalls ?? 0));
    }
    for (const [name, tokens] of names) {
      const [left, unfailed] = [
        tokens - (sums.get(name) ?? 0),
        (calls?.get(name)?.failedCalls ?? 0) - (failed.get(name) ?? 0),
      ];
      expect(Math.min(left, unfailed), `in no pair of ${name} on ${day.day}`).toBeGreaterThanOrEqual(0);
      if (isWhole) expect([left, unfailed], `in no pair of ${name} on ${day.day}`).toEqual([0, 0]);
    }
  }
}

function pairBytes({ pairs = new Map() }: UsageDay): number {
  return [...pairs.keys()].reduce((bytes, name) => bytes + nameBytes(`2026-01-01 ${name}`) + 41, 0);
}

/** Documents do not change: each is looked at once. */
const checked = new WeakSet<UsageDay>();

/** Nothing was taken from an AI, an hour or a model that is still presumed of a lease. */
function expectRestStands(day: UsageDay): void {
  if (checked.has(day)) return;
  checked.add(day);
  for (const isTopped of [false, true]) {
    const { total, hours, ais, models } = restOf(day, isTopped);
    const parts = [total, ...hours.map(({ tokens }) => tokens), ...ais.values(), ...models.values()];
    expect(Math.min(0, ...parts), day.day).toBe(0);
  }
  const topped = [
    sum(day.hours.map((hour) => hour.topped ?? 0)),
    ...[sum(day.toppedAis.values()), sum(day.toppedModels.values())],
  ];
  expect(new Set([day.topped ?? 0, ...topped]).size, `topped on ${day.day}`).toBe(1);
  const kept = sum([...day.presumedBy.values()].map(({ tokens }) => tokens));
  expect(kept, `presumed by lease on ${day.day}`).toBe(day.presumed);
  expect(Math.min(1, ...[...day.presumedBy.values()].map(({ tokens }) => tokens))).toBe(1);
}

function expectCallsBalance({ day, calls = 0, failedCalls = 0, aiCalls, modelCalls }: UsageDay): void {
  for (const parts of [aiCalls, modelCalls]) {
    const counts = [...(parts?.values() ?? [])];
    expect(sum(counts.map((count) => count.calls)), `calls of ${day}`).toBe(calls);
    expect(sum(counts.map((count) => count.failedCalls)), `failed calls of ${day}`).toBe(failedCalls);
  }
}

/** Days of every epoch: those in the state, else their documents. */
export function daysOf({ state, documents }: TestBudget): UsageDay[] {
  const days = new Map(documents);
  for (const [day, totals] of state.tables.days.entries())
    days.set(`${state.epoch} ${day}`, usageDayOf(state, day, totals));
  return [...days.values()];
}

/** What a day of the present epoch counts, in the state or in its document. */
export function figuresOf(
  budget: TestBudget,
  day: string,
): Pick<UsageDay, 'total' | 'presumed' | 'presumedBy' | 'topped'> {
  const { state, documents } = budget;
  const totals = state.tables.days.get(day);
  if (totals !== undefined) return usageDayOf(state, day, totals);
  return documents.get(`${state.epoch} ${day}`) ?? { total: 0, presumed: 0, presumedBy: new Map() };
}

/** What is kept beside the entries is what would be counted from them. */
function expectIndexes(state: Ledger): void {
  const { leases, ais } = state.tables;
  const counted = new Slots();
  for (const lease of leases.values()) counted.replace(undefined, lease);
  expect(state.slots.live).toBe(counted.live);
  expect(state.slots.reserved(() => true)).toBe(counted.reserved(() => true));
  expect(state.slots.topped).toBe(counted.topped);
  for (const id of state.tables.topUps.keys())
    expect(state.slots.ofTopUp(id), id).toEqual(counted.ofTopUp(id));
  const { toppedDays, monthTopped } = state.tables;
  expect(monthTopped).toBe(sum(toppedDays.values()));
  expect(state.slots.firstExpiry()?.expiresAt).toBe(counted.firstExpiry()?.expiresAt);
  for (const [aiId, { grants }] of ais) {
    expect(state.slots.liveOf(aiId)).toBe(counted.liveOf(aiId));
    const fences = grants.filter((_, place) => place % 3 === 1);
    expect(fences.length).toBe(grants.length / 3);
    expect(fences.length).toBeLessThanOrEqual(2 * REMEMBERED_REQUESTS);
    expect(fences).toEqual([...fences].sort((a, b) => a - b));
  }
}

/** A replica that loads the state knows all that this one knows. */
export function expectReloadsTheSame(budget: TestBudget): void {
  const [here, there] = [budget.state, budget.loaded()];
  expect(picture(there)).toEqual(picture(here));
  expectScopesReload(here, there);
  expect(there.tables.bytes).toBe(here.tables.bytes);
  expect(there.tables.ais.view).toEqual(here.tables.ais.view);
}

function picture(ledger: Ledger) {
  if (!ledger.exists) return { epoch: ledger.epoch, fence: ledger.fence, revision: ledger.revision };
  const alerts = [...ledger.tables.alerts.entries()];
  const { fence, hour, pause, lastOpenedDay, receiptsDroppedAt, wakeAt } = ledger;
  const sets = { alerts: new Map(alerts), outbox: ledger.tables.outbox.view, days: ledger.tables.days.view };
  const rest = { fence, hour, pause, lastOpenedDay, receiptsDroppedAt, wakeAt, ...sets };
  return { ...snapshotOf(ledger), ...rest, openDays: undefined };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
