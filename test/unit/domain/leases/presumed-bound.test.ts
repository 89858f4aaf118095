import { expect, it, vi } from 'vitest';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { RandomHistory } from '../../../support/random-history.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

/** Days with hardly any room for leases of their own: what their further ones share must come to the same. */
vi.mock('../../../../src/domain/model/limits.js', async (original) => ({
  ...(await original<typeof import('../../../../src/domain/model/limits.js')>()),
  MAX_PRESUMED_LEASES: 1,
}));

const seed = testSeed('presumed beyond the bound');

it(`the books balance in random histories (seed ${seed})`, () => {
  for (let at = 0; at < 15; at += 1) {
    const history = new RandomHistory(randomFrom(seed + at), false);
    for (let step = 0; step < 200; step += 1) {
      try {
        history.step();
      } catch (error) {
        throw new Error(`history ${at}, step ${step}, SEED=${seed}: ${error}`, { cause: error });
      }
    }
  }
});

it('leases of an AI share what is presumed, and those of another are not touched', () => {
  const budget = new TestBudget(ROOMY);
  const leases = ['x', 'a', 'a', 'b'].map((ai) => budget.grant(ai, 100, { leaseTtlMs: 60_000 }));
  budget.pass(60_000).writeOut().reload();
  const presumed = () => leases.map((lease) => budget.lease(lease).presumedTokens);
  expect([...budget.state.tables.dayPresumed.keys()].sort()).toEqual(
    ['1', 'ai:a', 'ai:b'].map((key) => `2026-11-10 ${key}`),
  );
  budget.do({ kind: 'adjust', adjustmentId: 'x', tokens: -150, reason: 'x', fingerprint: '', aiId: 'a' });
  expect(presumed()).toEqual([100, 50, 50, 100]);
  const [, first, second, other] = leases;
  if (first === undefined || second === undefined || other === undefined) throw new Error('no leases');
  // First come, first served: of 100 reported, 50 were presumed; then none is left.
  budget.record(first, 100);
  expect(presumed()).toEqual([100, 0, 0, 100]);
  budget.record(second, 100);
  expect(budget.release(other)).toMatchObject({ freedTokens: 100 });
  expect(budget.window('DAY').spent).toBe(300);
});
