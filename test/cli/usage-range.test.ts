import { expect, it } from 'vitest';
import { readRange } from '../../src/cli/usage-range.js';

it.each([
  ['today', '2026-03-01', '2026-03-01'],
  ['1d', '2026-03-01', '2026-03-01'],
  ['7d', '2026-02-23', '2026-03-01'],
  ['month', '2026-03-01', '2026-03-01'],
  ['last-month', '2026-02-01', '2026-02-28'],
  ['2026-01-05..2026-02-06', '2026-01-05', '2026-02-06'],
])('%s is %s to %s', (text, fromDay, toDay) => {
  expect(readRange(text, '2026-03-01')).toEqual({ fromDay, toDay });
});

it.each([
  '',
  'yesterday',
  '0d',
  '367d',
  '2026-02-30..2026-03-01',
  '2026-02-02..2026-02-01',
  '2026-02-01..',
  'a..b..c',
])('%j is no range', (text) => {
  expect(readRange(text, '2026-03-01')).toBeUndefined();
});
