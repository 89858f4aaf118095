import { expect, it } from 'vitest';
import { type RangeName, rangeOf } from '../../../dashboard/usage-range.js';

it.each([
  ['today', '2026-03-01', '2026-03-01', '2026-03-01'],
  ['week', '2026-03-03', '2026-02-25', '2026-03-03'],
  ['month', '2026-03-15', '2026-03-01', '2026-03-15'],
  ['last-month', '2026-03-15', '2026-02-01', '2026-02-28'],
  ['last-month', '2026-01-31', '2025-12-01', '2025-12-31'],
  ['any', '2026-03-03', '2026-02-25', '2026-03-03'],
] as [RangeName, string, string, string][])('%s on %s is from %s to %s', (name, today, from, to) => {
  expect(rangeOf(name, today)).toEqual({ from, to });
});

it('is any that is named', () => {
  const days = { from: '2026-01-05', to: '2026-02-05' };
  expect(rangeOf('any', '2026-03-03', days)).toEqual(days);
});
