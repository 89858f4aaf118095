import { describe, expect, it } from 'vitest';
import { inOrder } from '../../../src/http/dashboard/overview-order.js';
import {
  MOST_MATCHING,
  matchingBudgets,
  readOverviewQuery,
} from '../../../src/http/dashboard/overview-query.js';
import type { BudgetCard, OverviewOrder } from '../../../src/http/dashboard/page-data.js';
import { budget } from '../../support/samples.js';

const read = (text: string) => readOverviewQuery(new URLSearchParams(text));

describe('what a page of budgets asks for', () => {
  it.each([
    ['', { wanted: '', order: 'worst', page: 1 }],
    ['q=+Anthr&order=hour&page=3', { wanted: 'anthr', order: 'hour', page: 3 }],
  ])('%j', (text, query) => {
    expect(read(text)).toEqual(query);
  });

  it.each(['order=best', 'page=0', 'page=1.5', 'page=x', 'page=1001', `q=${'a'.repeat(64)}`, 'after=b'])(
    'is not %s',
    (text) => {
      expect(() => read(text)).toThrow();
    },
  );
});

describe('the budgets that match', () => {
  const ids = Array.from({ length: 2_500 }, (_, at) => `b-${String(at).padStart(4, '0')}`);
  const listBudgets = async (after: string, limit: number) =>
    ids
      .filter((id) => id > after)
      .slice(0, limit)
      .map((budgetId) => ({ ...budget(), budgetId }));

  it('are looked for among all of them', async () => {
    const { budgets, more } = await matchingBudgets({ listBudgets }, '-249');
    expect([budgets.map(({ budgetId }) => budgetId).slice(0, 2), budgets.length, more]).toEqual([
      ...[['b-2490', 'b-2491'], 10, false],
    ]);
  });

  it('are no more than can be watched', async () => {
    const { budgets, more } = await matchingBudgets({ listBudgets }, '');
    expect([budgets.length, more]).toEqual([MOST_MATCHING, true]);
  });
});

describe('the order of budgets', () => {
  const card = (
    budgetId: string,
    month: number,
    hour: number,
    more: Partial<BudgetCard> = {},
  ): BudgetCard => {
    const window = (kind: 'MONTH' | 'HOUR', spent: number) =>
      ({ kind, cap: 100, spent, reserved: 0, available: 100 - spent }) as BudgetCard['windows'][number];
    const windows = [window('MONTH', month), window('HOUR', hour)];
    const headline = { status: 'OK', text: 'OK' };
    return { budgetId, windows, headline, status: 'NORMAL', openAlerts: 0, ...more } as BudgetCard;
  };
  const cards = [
    card('a', 20, 30),
    card('b', 90, 10, { status: 'WARNING' }),
    card('c', 5, 0, { headline: { status: 'PAUSED', text: 'Paused' } }),
    card('d', 10, 324, { headline: { status: 'REFUSING', text: 'Refusing' } }),
    card('e', 30, 5, { headline: { status: 'ENDING', text: 'Ending' } }),
  ];

  it.each([
    ['worst', 'dceba'],
    ['name', 'abcde'],
    ['month', 'beadc'],
    ['hour', 'dabec'],
  ] as [OverviewOrder, string][])('by %s', (order, ids) => {
    expect(
      inOrder(cards, order)
        .map(({ budgetId }) => budgetId)
        .join(''),
    ).toBe(ids);
  });
});
