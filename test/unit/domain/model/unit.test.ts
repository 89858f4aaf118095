import { describe, expect, it } from 'vitest';
import { aboutInUnit, inUnit, isUnit, withUnit } from '../../../../src/domain/model/unit.js';

describe('amounts for a person', () => {
  it.each<[string, number, string, string]>([
    ['tokens', 11_200, '11,200', '11,200 tokens'],
    ['tokens', 0, '0', '0 tokens'],
    ['USD', 1_240_000, '$1.24', '$1.24'],
    ['USD', 0, '$0.00', '$0.00'],
    ['USD', 1, '$0.000001', '$0.000001'],
    ['USD', 5_000_000, '$5.00', '$5.00'],
    ['USD', 1_234_567_500_000, '$1,234,567.50', '$1,234,567.50'],
    ['USD', 1e12, '$1,000,000.00', '$1,000,000.00'],
    ['USD', 6_994_100, '$6.9941', '$6.9941'],
    ['USD', -1_500_000, '-$1.50', '-$1.50'],
    ['EUR', 1_240_000, '€1.24', '€1.24'],
    ['GBP', 1_240_000, '£1.24', '£1.24'],
    ['JPY', 1_240_000_000, '¥1,240', '¥1,240'],
    ['JPY', 500_000, '¥0.5', '¥0.5'],
    ['CHF', 1_240_000, 'CHF 1.24', 'CHF 1.24'],
    ['KWD', 1_240_000, 'KWD 1.240', 'KWD 1.240'],
  ])('of %s write %d as %s', (unit, value, figure, whole) => {
    expect([inUnit(unit, value), withUnit(unit, value)]).toEqual([figure, whole]);
  });

  it.each<[string, number, string]>([
    ['tokens', 1_234.567, '1,234.57'],
    ['USD', 123_456_789, '$123.46'],
    ['USD', 999_999, '$1.00'],
    ['USD', 1_240_000, '$1.24'],
    ['USD', 345_678, '$0.35'],
    ['USD', 12_345, '$0.012'],
    ['USD', 3_400, '$0.0034'],
    ['USD', 7, '$0.000007'],
    ['USD', 0, '$0.00'],
    ['USD', 0.25, '$0.00'],
    ['USD', -12_345, '-$0.012'],
    ['JPY', 1_500_000, '¥2'],
  ])('of %s say about %d as %s', (unit, value, text) => expect(aboutInUnit(unit, value)).toBe(text));
});

it.each([
  ['tokens', true],
  ['USD', true],
  ['JPY', true],
  ['XOF', true],
  ['usd', false],
  ['Tokens', false],
  ['', false],
  ['USDT', false],
  ['DEM', false],
  ['XXX', false],
  ['XAU', false],
  ['ABC', false],
])('%j is a unit: %s', (text, is) => expect(isUnit(text)).toBe(is));
