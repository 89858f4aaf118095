import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { counts, usage } from '../../../support/requests.js';

const PRICED: PolicyFields = {
  ...{ ...ROOMY, monthlyLimit: 1e9, unit: 'USD', minReservation: 1 },
  ...{ tokenWeights: { total: 1_000 }, tokenWeightsByModel: [['gpt-*', { total: 300 }]] },
};
const told = (budget: TestBudget) => budget.snapshot().alerts.filter(({ rule }) => rule === 'UNPRICED_MODEL');

describe('a report of a model without weights of its own', () => {
  it('is charged by the weights of all, and somebody hears of it once for the model and month', () => {
    const budget = new TestBudget(PRICED);
    const lease = budget.grant('a', 10_000);
    expect(budget.record(lease, 10, 'u1', 'gpt-5')).toMatchObject({ chargedTokens: 30 });
    expect(told(budget)).toEqual([]);
    expect(budget.record(lease, 10, 'u2', 'o3')).toMatchObject({ chargedTokens: 100, unpriced: true });
    expect(budget.events.map(({ kind }) => kind)).toEqual(['alert']);
    expect(budget.record(lease, 20, 'u3', 'o3')).toMatchObject({ chargedTokens: 200, unpriced: true });
    expect(budget.record(lease, 20, 'u3', 'o3')).not.toHaveProperty('unpriced');
    const [alert, ...others] = told(budget);
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ window: 'MONTH', model: 'o3', value: 100, unit: 'USD' });
    expect(alert?.message).toMatch(
      /^No entry of token_weights_by_model fits the model o3, .*: \$0\.0001\. Add it/,
    );
    expect(alert?.endedAt).toBe(alert?.raisedAt);
    budget.at('2026-12-01T00:00:00Z').writeOut();
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u4', 1, 'o3') });
    expect(told(budget)).toMatchObject([{ windowStart: Date.parse('2026-12-01T00:00:00Z'), value: 10 }]);
  });

  it.each<[string, (budget: TestBudget) => unknown]>([
    [
      'without a lease',
      (budget) => budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('u', 5, '') }),
    ],
    [
      'late',
      (budget) => {
        const lease = budget.grant('a', 10, { leaseTtlMs: 1_000 });
        budget.pass(1_000).do({ kind: 'sweep' });
        return budget.record(lease, 5, 'u', '');
      },
    ],
    [
      'with a release',
      (budget) => {
        const lease = budget.grant('a', 10);
        const { booked } = budget.do<'released'>({ kind: 'release', lease, usage: usage('u', 5, '') });
        return booked;
      },
    ],
    ['of nothing', (budget) => budget.record(budget.grant('a', 10), 0, 'u', '')],
  ])('%s', (_, report) => {
    const budget = new TestBudget(PRICED);
    expect(report(budget)).toMatchObject({ unpriced: true });
    expect(told(budget)).toMatchObject([{ model: '(unspecified)' }]);
  });

  it('is told of for 20 models in a month, however many are made up', () => {
    const budget = new TestBudget(PRICED);
    const lease = budget.grant('a', 100_000);
    for (let of = 0; of < 30; of += 1) budget.record(lease, 1, `u${of}`, `made-up ${of}`);
    expect(told(budget)).toHaveLength(20);
    budget.at('2026-12-20T00:00:00Z');
    budget.do({ kind: 'record-unleased', aiId: 'a', usage: usage('v', 1, 'made-up 29') });
    expect(told(budget)).toMatchObject([{ model: 'made-up 29' }]);
  });

  it('is nothing where no model has weights of its own', () => {
    const budget = new TestBudget({ ...PRICED, tokenWeightsByModel: [] });
    expect(budget.record(budget.grant('a', 10), 1)).not.toHaveProperty('unpriced');
    expect(told(budget)).toEqual([]);
  });
});

it('a pattern weighs reports and what is expected alike', () => {
  const tokenWeightsByModel = [
    ['*', { input: 250, output: 1_500 }],
    ['gpt-*', { input: 100, output: 400 }],
  ] as const;
  const budget = new TestBudget({ ...PRICED, tokenWeightsByModel });
  const expected = counts({ input: 1_000, output: 100 });
  expect(budget.grant('a', undefined, { expected }).view.reservedTokens).toBe(4_000);
  expect(budget.grant('b', undefined, { expected, model: 'gpt-5' }).view.reservedTokens).toBe(1_400);
});
