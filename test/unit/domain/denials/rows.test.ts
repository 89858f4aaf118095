import { describe, expect, it } from 'vitest';
import type { DenialSpan } from '../../../../src/domain/denials/denials.js';
import { type DenialFilter, denialList } from '../../../../src/domain/denials/rows.js';
import { ai, pair, ruleDenials, span } from './samples.js';

const COOL = ruleDenials('COOLDOWN', 5);
const CAP = ruleDenials('HOURLY_CAP', 2);

/** One replica's hour: guardian 3 times, twice by two rules at once; two of others. */
const HERE = span({
  denied: 5,
  rules: [COOL, CAP],
  ais: new Map([['guardian', ai(3, [pair('HOURLY_CAP', 2), pair('COOLDOWN', 3)])]]),
});

const briefly = (spans: readonly DenialSpan[], filter: DenialFilter = {}) =>
  denialList(spans, filter).rows.map(({ start, aiId, rule, denied, uncounted, ofAi }) =>
    [start, aiId, rule, denied, uncounted, ofAi.denied].join(' '),
  );

it('has a row for each AI and rule of an hour, and all others in one, so that the sums are right', () => {
  expect(briefly([HERE])).toEqual([
    '0 (other) COOLDOWN 2 0 2',
    '0 guardian COOLDOWN 3 0 3',
    '0 guardian HOURLY_CAP 2 0 3',
  ]);
});

it('adds what several replicas counted, and says what may be missing where one does not know an AI', () => {
  const there = span({
    ...{
      denied: 10,
      floor: 4,
      rules: [ruleDenials('COOLDOWN', 10, { last: { ...COOL.last, at: 9, aiId: 'x' } })],
    },
    ais: new Map([['x', ai(6, [pair('COOLDOWN', 6, { firstAt: 0, lastAt: 9 })], { uncounted: 1 })]]),
  });
  const { rows, rules, denied } = denialList([HERE, there], {});
  expect(briefly([HERE, there])).toEqual([
    '0 (other) COOLDOWN 6 0 6',
    '0 guardian COOLDOWN 3 4 3',
    '0 guardian HOURLY_CAP 2 4 3',
    '0 x COOLDOWN 6 1 6',
  ]);
  expect(rows.at(-1)).toMatchObject({ firstAt: 0, lastAt: 9 });
  expect([denied, rules.map(({ rule, denied: by, last }) => [rule, by, last?.aiId])]).toEqual([
    15,
    [
      ['COOLDOWN', 15, 'x'],
      ['HOURLY_CAP', 2, 'guardian'],
    ],
  ]);
});

it('has the newest hour first, and a day beside its hours', () => {
  const later = span({ start: 3_600_000, end: 7_200_000, denied: 1, rules: [ruleDenials('PAUSED', 1)] });
  const day = span({ start: -86_400_000, end: 0, denied: 1, rules: [ruleDenials('PAUSED', 1)] });
  expect(denialList([day, HERE, later], {}).rows.map(({ start }) => start)).toEqual([
    ...[3_600_000, 0, 0, 0, -86_400_000],
  ]);
});

describe('asked for', () => {
  it.each([
    ['an AI', { aiId: 'guardian' }, 3, ['COOLDOWN 3', 'HOURLY_CAP 2'], 2],
    ['a rule', { rule: 'COOLDOWN' }, 5, ['COOLDOWN 5'], 2],
    ['both', { aiId: 'guardian', rule: 'HOURLY_CAP' }, 2, ['HOURLY_CAP 2'], 1],
    ['an AI that nobody refused', { aiId: 'nobody' }, 0, [], 0],
  ] as const)('%s', (_name, filter, denied, rules, rows) => {
    const found = denialList([HERE], filter);
    expect(found.denied).toBe(denied);
    expect(found.rules.map((sum) => `${sum.rule} ${sum.denied}`)).toEqual(rules);
    expect(found.rows).toHaveLength(rows);
  });
});
