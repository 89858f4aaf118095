import { describe, expect, it } from 'vitest';
import {
  type DenialRange,
  daysOf,
  momentsOf,
  rangeName,
  rangeNamed,
  rangeText,
  readRange,
  stepped,
} from '../../../dashboard/denial-range.js';

const TODAY = '2026-03-03';
const day = (of: string): DenialRange => ({ from: of, to: of });
const week = (from: string, to: string): DenialRange => ({ from, to });

describe('what an address says', () => {
  it.each([
    ['2026-03-01', day('2026-03-01'), '2026-03-01', 'day'],
    ['2026-02-25_2026-03-03', week('2026-02-25', TODAY), '2026-02-25_2026-03-03', 'week'],
    // No more than a call takes, and nothing that is still to come.
    ['2026-01-01_2026-03-01', week('2026-02-23', '2026-03-01'), '2026-02-23_2026-03-01', 'week'],
    ['2026-03-01_2026-03-09', week('2026-03-01', TODAY), '2026-03-01_2026-03-03', 'week'],
    ['2026-03-04', undefined, undefined, 'latest'],
    ['2026-03-02_2026-03-01', undefined, undefined, 'latest'],
    ['2026-02-30', undefined, undefined, 'latest'],
    ['yesterday', undefined, undefined, 'latest'],
    [null, undefined, undefined, 'latest'],
  ] as const)('%s', (text, range, written, name) => {
    expect(readRange(text, TODAY)).toEqual(range);
    expect(rangeText(readRange(text, TODAY))).toBe(written);
    expect(rangeName(range)).toBe(name);
  });
});

it.each([
  [undefined, -1, { to: day('2026-03-02') }],
  [undefined, 1, undefined],
  [day('2026-03-02'), 1, { to: undefined }],
  [day('2026-03-01'), 1, { to: day('2026-03-02') }],
  [day('2026-03-01'), -1, { to: day('2026-02-28') }],
  [day(TODAY), 1, undefined],
  [day('2026-01-31'), -1, undefined],
  [day('2026-02-01'), -1, { to: day('2026-01-31') }],
  [week('2026-02-25', TODAY), -1, { to: week('2026-02-18', '2026-02-24') }],
  [week('2026-02-18', '2026-02-24'), 1, { to: week('2026-02-25', TODAY) }],
  [week('2026-02-20', '2026-02-26'), 1, { to: week('2026-02-25', TODAY) }],
] as const)('%j goes %d to %j', (from, by, to) => {
  expect(stepped(from, by, TODAY)).toEqual(to);
});

it.each([
  ['latest', day('2026-03-01'), undefined],
  ['day', undefined, day('2026-03-02')],
  ['week', undefined, week('2026-02-25', TODAY)],
  ['day', week('2026-02-18', '2026-02-24'), day('2026-02-24')],
  ['week', day('2026-02-24'), week('2026-02-18', '2026-02-24')],
] as const)('%s of %j is %j', (name, shown, range) => {
  expect(rangeNamed(name, shown, TODAY)).toEqual(range);
});

it('is asked for from the first moment of its days to the last', () => {
  expect(momentsOf(week('2026-02-27', '2026-03-01'))).toEqual({
    from: '2026-02-27T00:00:00.000Z',
    to: '2026-03-02T00:00:00.000Z',
  });
  expect(momentsOf(undefined)).toEqual({});
  expect(daysOf({ from: '2026-02-27', to: '2026-03-01' }).map((at) => new Date(at).toISOString())).toEqual([
    '2026-02-27T00:00:00.000Z',
    '2026-02-28T00:00:00.000Z',
    '2026-03-01T00:00:00.000Z',
  ]);
});
