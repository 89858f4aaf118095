import { describe, expect, it } from 'vitest';
import type { BudgetRequest } from '../../../../src/domain/model/requests.js';
import type { StoredCount } from '../../../../src/domain/model/state.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const DAY = '2026-11-10';
const NEXT_DAY = '2026-11-11T06:00:00Z';

/** Tokens of each pair that has any. */
function pairs(budget: TestBudget, day = DAY): Record<string, number> {
  const found = [...(pairsOf(budget, day) ?? [])].map(
    ([name, count]) => [name, typeof count === 'object' ? count[0] : count] as const,
  );
  return Object.fromEntries(found.filter(([, tokens]) => tokens !== 0));
}

function pairsOf(budget: TestBudget, day = DAY): ReadonlyMap<string, StoredCount> | undefined {
  const open = budget.snapshot().openDays.find((one) => one.day === day);
  return (open ?? budget.documents.get(`${budget.state.epoch} ${day}`))?.pairs;
}

const used = (aiId: string, model: string, tokens: number): BudgetRequest => ({
  ...{ kind: 'record-unleased', aiId, usage: usage(`${aiId} ${model} ${tokens}`, tokens, model) },
});

const correct = (tokens: number, of: { aiId?: string; model?: string } = {}): BudgetRequest => ({
  ...{
    kind: 'adjust',
    adjustmentId: JSON.stringify([tokens, of]),
    tokens,
    reason: 'x',
    fingerprint: '',
    day: DAY,
  },
  ...of,
});

/** a: 10 of x and 20 of y; b: 30 of x. */
function crossed(): TestBudget {
  const budget = new TestBudget(ROOMY);
  budget.together(used('a', 'x', 10), used('a', 'y', 20), used('b', 'x', 30));
  return budget;
}

describe('what an AI used of a model', () => {
  it('is counted with its calls, and carried as what changed', () => {
    const budget = crossed();
    const carried: string[] = [];
    budget.onCommit = ({ puts }) => {
      for (const { section, key } of puts) if (section === 'dayPairs') carried.push(key);
    };
    budget.do(used('a', 'gpt 4.1', 5));
    budget.do({
      kind: 'record-unleased',
      aiId: 'a',
      usage: { ...usage('u', 7, 'x'), calls: 3, failed: true },
    });
    expect(carried).toEqual([`${DAY} a gpt 4.1`, `${DAY} a x`]);
    expect(pairsOf(budget)).toEqual(
      new Map([
        ['a x', [17, 4, 3]],
        ['a y', [20, 1, 0]],
        ['a gpt 4.1', [5, 1, 0]],
        ['b x', [30, 1, 0]],
      ]),
    );
    expect(pairsOf(budget.reload())?.get('a gpt 4.1')).toEqual([5, 1, 0]);
  });

  it('is written out with its day, comes back with it, and is gone with the budget', () => {
    const budget = crossed();
    budget.at(NEXT_DAY).do({ kind: 'sweep' });
    budget.writeOut();
    expect([...budget.state.tables.dayPairs.keys()]).toEqual([]);
    budget.do(correct(4, { aiId: 'a', model: 'y' }));
    expect(pairs(budget.reload())).toEqual({ 'a x': 10, 'a y': 24, 'b x': 30 });
    budget.do({ kind: 'delete-budget', force: true });
    budget.writeOut();
    expect([...budget.state.tables.dayPairs.keys()]).toEqual([]);
  });

  it('is presumed under no model that anybody knows, until a late report says which', () => {
    const budget = crossed();
    const lease = budget.grant('a', 50, { leaseTtlMs: 60_000, model: 'y' });
    budget.pass(60_000).do({ kind: 'sweep' });
    expect(pairs(budget)).toEqual({ 'a x': 10, 'a y': 20, 'a (unknown)': 50, 'b x': 30 });
    budget.record(lease, 30, 'late', 'z');
    expect(pairs(budget)).toEqual({ 'a x': 10, 'a y': 20, 'a (unknown)': 20, 'a z': 30, 'b x': 30 });
    budget.release(lease);
    expect(pairs(budget)).toEqual({ 'a x': 10, 'a y': 20, 'a z': 30, 'b x': 30 });
  });

  it.each<[string, BudgetRequest, Record<string, number>]>([
    ['of both, upwards', correct(5, { aiId: 'a', model: 'x' }), { 'a x': 15, 'a y': 20, 'b x': 30 }],
    ['of neither, upwards', correct(5), { 'a x': 10, 'a y': 20, 'b x': 30, '(unknown) (unknown)': 5 }],
    ['of both, downwards', correct(-10, { aiId: 'a', model: 'x' }), { 'a y': 20, 'b x': 30 }],
    // a has 30 and x has 40, though of each other only 10: what a has of y, b has now, and all sums are right.
    [
      'of more than it used of it',
      correct(-25, { aiId: 'a', model: 'x' }),
      { 'a y': 5, 'b x': 15, 'b y': 15 },
    ],
    ['of all', correct(-60), {}],
  ])('is corrected: %s', (_, correction, expected) => {
    const budget = crossed();
    expect(budget.do(correction)).toMatchObject({ kind: 'adjusted' });
    expect(pairs(budget)).toEqual(expected);
    expect(pairs(budget.reload())).toEqual(expected);
  });

  it('of a day from before it was kept is not known, and never goes below zero', () => {
    const budget = crossed();
    budget.at(NEXT_DAY).do({ kind: 'sweep' });
    budget.writeOut();
    const key = `${budget.state.epoch} ${DAY}`;
    const { pairs: _, ...before } = budget.documents.get(key) ?? {};
    budget.documents.set(key, before as never);
    budget.do(correct(5, { aiId: 'a', model: 'x' }));
    expect(pairs(budget)).toEqual({ 'a x': 5 });
    budget.do(correct(-12, { aiId: 'a', model: 'x' }));
    expect(pairs(budget)).toEqual({});
    budget.do(correct(-53));
    expect([pairs(budget), budget.state.tables.days.get(DAY)?.total]).toEqual([{}, 0]);
  });
});
