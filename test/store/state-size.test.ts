import { describe, expect, it } from 'vitest';
import { MAX_STATE_BYTES } from '../../src/domain/model/limits.js';
import { documentBytes } from '../support/document-size.js';
import { MaximalHistory } from '../support/maximal-history.js';
import { randomFrom, testSeed } from '../support/seed.js';

const HISTORIES = 4;
const STEPS = 40;

describe('a state of the largest entries', () => {
  const seed = testSeed('state-size');

  it(`is never larger on MongoDB than measured, and never too large (seed ${seed})`, {
    timeout: 300_000,
  }, () => {
    let tight = 0;
    for (let at = 0; at < HISTORIES; at += 1) {
      const history = new MaximalHistory(randomFrom(seed + at), at >= 2);
      if (at === 0) history.fill();
      for (let step = 0; step < STEPS; step += 1) {
        try {
          history.step();
        } catch (error) {
          throw new Error(`history ${at}, step ${step}, SEED=${seed}: ${error}`, { cause: error });
        }
      }
      if (history.isTight()) tight += 1;
    }
    expect(tight, 'the measure is of use: some came near the bound').toBeGreaterThan(0);
  });

  it(`takes reports, releases, pause and deletion when it is full (seed ${seed})`, {
    timeout: 300_000,
  }, () => {
    const history = new MaximalHistory(randomFrom(seed));
    const { budget } = history;
    const lease = budget.grant('a', 5);
    history.fill();
    expect(budget.acquire('b')).toMatchObject({ refusal: { reason: 'STATE_FULL' } });
    expect(documentBytes(budget.storedState())).toBeLessThan(MAX_STATE_BYTES + 4_096);
    expect(budget.record(lease, 10)).toMatchObject({ chargedTokens: 10 });
    const unleased = { kind: 'record-unleased', aiId: 'b', usage: history.usage() } as const;
    expect(budget.do(unleased)).toMatchObject({ kind: 'recorded' });
    expect(budget.do({ kind: 'renew', lease, reserveTokens: 20 })).toMatchObject({ kind: 'renewed' });
    expect(budget.release(lease)).toMatchObject({ kind: 'released' });
    expect(budget.do({ kind: 'pause', reason: 'full' })).toMatchObject({ kind: 'budget' });
    expect(budget.do({ kind: 'delete-budget', force: true }).kind).toBe('deleted');
    history.check(true);
    expect(budget.do({ kind: 'put-policy', fields: {} })).toMatchObject({ kind: 'budget' });
    expect(budget.state.epoch).toBe(2);
  });
});
