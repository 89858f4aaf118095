import { expect, it } from 'vitest';
import { Amounts, ZoneTimes } from '../../../dashboard/format.js';
import { monthLine } from '../../../dashboard/month-line.js';
import type { BudgetCard, DayData, MonthData } from '../../../src/http/dashboard/page-data.js';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-11-01T00:00:00Z');
const days = [40, 10, 20, 0].map((total, at) => {
  const [start, end] = [START + at * DAY_MS, START + (at + 1) * DAY_MS];
  return { day: `2026-11-0${at + 1}`, start, end, total } as DayData;
});
const data = (changes: Partial<MonthData> = {}) =>
  ({
    month: { key: '2026-11', start: START, end: START + 4 * DAY_MS },
    ...{ limits: { enforced: 100 }, isCurrent: true, monthBefore: [1, 2], at: START + 2.5 * DAY_MS },
    ...changes,
  }) as MonthData;
const card = { at: START + 2.5 * DAY_MS, projectedMonthTokens: 90 } as BudgetCard;
const drawn = (of: MonthData, seen?: BudgetCard) =>
  monthLine(of, days, seen, new ZoneTimes('UTC'), new Amounts('tokens'));

it('goes on from what was spent to what is forecast, beside the even line, the limit and the month before', () => {
  const { places, lines } = drawn(data(), card);
  expect(places.map(({ x }) => x)).toEqual([0, 1, 2, 2.5, 3, 4]);
  expect(lines.map(({ values }) => values)).toEqual([
    [0, 1, 3, undefined, undefined, undefined],
    [100, 100, 100, 100, 100, 100],
    [0, 25, 50, 62.5, 75, 100],
    [undefined, undefined, undefined, 70, undefined, 90],
    [0, 40, 50, 70, undefined, undefined],
  ]);
  expect(places[3]?.text).toMatch(/^By now, .*: 70 tokens spent, 63 on the even line$/);
  expect(places[5]?.text).toMatch(/: 90 tokens forecast, 100 on the even line$/);
});

it('has no forecast of a month that is over', () => {
  const { lines } = drawn(data({ isCurrent: false, monthBefore: [] }), card);
  expect(lines.map(({ values }) => values).slice(3)).toEqual([[0, 40, 50, 70, 70]]);
});
