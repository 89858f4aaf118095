import { describe, expect, it } from 'vitest';
import type { TokenCounts } from '../../../../src/domain/model/types.js';
import { addCharge, chargeOf } from '../../../../src/domain/policy/token-charge.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

const NONE: TokenCounts = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 };
const FULL = { input: 100, output: 100, cacheRead: 100, cacheWrite: 100, reasoning: 100, total: 100 };

describe('the charge of a report', () => {
  it.each<[string, Partial<TokenCounts>, Partial<TokenCounts>, number, number]>([
    // what, tokens, weights, whole, millionths
    ['every kind in full', { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 5 }, {}, 15, 0],
    ['a total alone', { total: 7 }, {}, 7, 0],
    ['nothing', {}, {}, 0, 0],
    ['a free kind', { cacheRead: 1e12 }, { cacheRead: 0 }, 0, 0],
    ['a third, to 4 places', { input: 1 }, { input: 33.3333 }, 0, 333_333],
    ['kinds that add up to a whole', { input: 1, output: 1 }, { input: 33.3333, output: 66.6667 }, 1, 0],
    ['100 times the largest amount', { output: 1e12 }, { output: 10_000 }, 1e14, 0],
    ['100,000 times the largest amount', { output: 1e12 }, { output: 10_000_000 }, 1e17, 0],
    ['the largest exact product', { input: 9_007_208_261 }, { input: 99.9999 }, 9_007_199_253, 791_739],
    [
      'one beyond, and a token',
      { input: 9_007_208_262, output: 1 },
      { input: 99.9999 },
      9_007_199_255,
      791_738,
    ],
    ['3 USD for a million tokens', { input: 1_234 }, { input: 300 }, 3_702, 0],
    ['0.075 USD for a million tokens', { cacheRead: 1_001 }, { cacheRead: 7.5 }, 75, 75_000],
    ['what doubles would get wrong', { total: 70_000 }, { total: 33.3 }, 23_310, 0],
  ])('%s', (_, tokens, weights, whole, millionths) => {
    expect(chargeOf({ ...NONE, ...tokens }, { ...FULL, ...weights })).toEqual({ whole, millionths });
  });

  const seed = testSeed('token-charge');
  it(`is rounded up once, on the sum of a lease (seed ${seed})`, () => {
    const random = randomFrom(seed);
    let sum = { tokens: 0, roundedUp: 0 };
    let exact = 0n;
    for (let report = 0; report < 5_000; report += 1) {
      const total = Math.floor(random() * 1_000);
      const units = Math.floor(random() * 2_000_000);
      exact += BigInt(total) * BigInt(units);
      sum = addCharge(sum, chargeOf({ ...NONE, total }, { ...FULL, total: units / 10_000 }));
      expect(BigInt(sum.tokens)).toBe((exact + 999_999n) / 1_000_000n);
      expect(BigInt(sum.tokens) * 1_000_000n - exact).toBe(BigInt(sum.roundedUp));
    }
  });
});
