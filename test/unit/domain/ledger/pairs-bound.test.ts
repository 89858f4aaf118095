import { expect, it, vi } from 'vitest';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { RandomHistory } from '../../../support/random-history.js';
import { usage } from '../../../support/requests.js';
import { randomFrom, testSeed } from '../../../support/seed.js';

/** Days with hardly any room for pairs of AIs and models. */
vi.mock('../../../../src/domain/model/limits.js', async (original) => ({
  ...(await original<typeof import('../../../../src/domain/model/limits.js')>()),
  MAX_PAIRS: 2,
}));

const seed = testSeed('pairs beyond the bound');

it(`the books balance in random histories (seed ${seed})`, () => {
  for (let at = 0; at < 10; at += 1) {
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

it('what a day has no room for is in no pair, and its AIs and models count all the same', () => {
  const budget = new TestBudget(ROOMY);
  for (const [at, aiId] of ['a', 'b', 'c', 'a'].entries())
    budget.do({ kind: 'record-unleased', aiId, usage: usage(`u${at}`, 10, `m${at % 3}`) });
  expect(budget.state.tables.pairsOfDay('2026-11-10')).toEqual(
    new Map([
      ['a m0', [20, 2, 0]],
      ['b m1', [10, 1, 0]],
    ]),
  );
  const [day] = budget.snapshot().openDays;
  expect([day?.ais.get('c'), day?.models.get('m2')]).toEqual([10, 10]);
});
