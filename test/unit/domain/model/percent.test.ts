import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPercent, percentOf, percentUnits } from '../../../../src/domain/model/percent.js';

describe('a percentage of tokens', () => {
  it.each([
    [70_000, 33.3, 23_310],
    [200_000, 70, 140_000],
    [140_000, 8, 11_200],
    [140_000, 0.5, 700],
    [140_000, 98, 137_200],
    [999_999, 0.0001, 0],
    [1_000_000, 0.0001, 1],
    [1e12, 99.9999, 999_999_000_000],
    [1e12, 10_000, 1e14],
    [999_999_999_999, 10_000, 99_999_999_999_900],
    [3, 66.6666, 1],
    [0, 50, 0],
    [7, 0, 0],
  ])('of %d: %d percent is %d', (tokens, percent, expected) => {
    expect(percentOf(tokens, percent)).toBe(expected);
  });

  it('is the floor of the exact decimal product, for any amount and percentage', () => {
    const amounts = fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 1e12 }));
    fc.assert(
      fc.property(amounts, fc.integer({ min: 0, max: 100_000_000 }), (tokens, units) => {
        const decimals = String(units % 10_000).padStart(4, '0');
        const percent = Number(`${Math.floor(units / 10_000)}.${decimals}`);
        expect(percentUnits(percent)).toBe(units);
        expect(isPercent(percent)).toBe(true);
        expect(percentOf(tokens, percent)).toBe(Number((BigInt(tokens) * BigInt(units)) / 1_000_000n));
      }),
      { numRuns: 2_000, seed: 20261101 },
    );
  });

  it.each([
    [33.3, true],
    [0.0001, true],
    [100, true],
    [0.1 + 0.2, false],
    [33.33333, false],
    [0.00001, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
  ])('%d is a percentage: %s', (value, is) => {
    expect(isPercent(value)).toBe(is);
  });
});
