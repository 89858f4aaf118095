import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { samePolicy, updatePolicy } from '../../../../src/domain/policy/policy-update.js';

const CURRENT: PolicyFields = {
  monthlyLimit: 100_000,
  cooldownMs: 1_000,
  tokenWeights: { input: 50, output: 200 },
  maxDailyPercentByAi: [['guardian', 50]],
};

describe('a change of policy', () => {
  it('replaces the whole without a mask', () => {
    expect(updatePolicy(CURRENT, { maxConcurrent: 4 })).toEqual({ maxConcurrent: 4 });
  });

  it('changes only what the mask names; named and unset is the default', () => {
    expect(
      updatePolicy(CURRENT, { monthlyLimit: 5, maxConcurrent: 4 }, ['monthlyLimit', 'cooldownMs']),
    ).toEqual({
      monthlyLimit: 5,
      tokenWeights: { input: 50, output: 200 },
      maxDailyPercentByAi: [['guardian', 50]],
    });
  });

  it('changes nothing with an empty mask', () => {
    expect(updatePolicy(CURRENT, { monthlyLimit: 5 }, [])).toEqual(CURRENT);
  });

  it('reaches one kind of token', () => {
    const change: PolicyFields = { tokenWeights: { input: 25, reasoning: 10 } };
    expect(updatePolicy(CURRENT, change, ['tokenWeights.input']).tokenWeights).toEqual({
      input: 25,
      output: 200,
    });
    expect(updatePolicy(CURRENT, {}, ['tokenWeights.input']).tokenWeights).toEqual({ output: 200 });
    expect(updatePolicy(CURRENT, {}, ['tokenWeights.input', 'tokenWeights.output'])).not.toHaveProperty(
      'tokenWeights',
    );
    expect(updatePolicy({}, change, ['tokenWeights.reasoning'])).toEqual({ tokenWeights: { reasoning: 10 } });
    expect(updatePolicy({}, change, ['tokenWeights.__proto__'])).toEqual({});
  });

  it('replaces maps and lists whole, in the order of their names', () => {
    const change: PolicyFields = {
      maxDailyPercentByAi: [
        ['zeta', 1],
        ['alpha', 2],
      ],
      fallbackBudgetIds: ['b', 'a'],
    };
    expect(updatePolicy(CURRENT, change, ['maxDailyPercentByAi', 'fallbackBudgetIds'])).toMatchObject({
      maxDailyPercentByAi: [
        ['alpha', 2],
        ['zeta', 1],
      ],
      fallbackBudgetIds: ['b', 'a'],
    });
    expect(updatePolicy(CURRENT, {}, ['maxDailyPercentByAi'])).not.toHaveProperty('maxDailyPercentByAi');
  });

  it('leaves its arguments as they were', () => {
    const before = structuredClone(CURRENT);
    updatePolicy(CURRENT, { tokenWeights: { input: 1 } }, ['tokenWeights.input', 'monthlyLimit']);
    expect(CURRENT).toEqual(before);
  });
});

describe('the same policy', () => {
  it.each<[PolicyFields, PolicyFields, boolean]>([
    [{}, {}, true],
    [{ monthlyLimit: 1, cooldownMs: 2 }, { cooldownMs: 2, monthlyLimit: 1 }, true],
    [{ monthlyLimit: 1 }, { monthlyLimit: 2 }, false],
    [{ monthlyLimit: 200_000 }, {}, false],
    [
      {
        maxDailyPercentByAi: [
          ['a', 1],
          ['b', 2],
        ],
      },
      {
        maxDailyPercentByAi: [
          ['b', 2],
          ['a', 1],
        ],
      },
      true,
    ],
    [{ maxDailyPercentByAi: [] }, {}, true],
    [{ fallbackBudgetIds: ['a', 'b'] }, { fallbackBudgetIds: ['b', 'a'] }, false],
    [{ fallbackBudgetIds: [] }, {}, true],
    [{ alertPercents: [95, 50, 95] }, { alertPercents: [50, 95] }, true],
    [{ alertPercents: [] }, {}, true],
    [{ tokenWeights: {} }, {}, true],
    [{ tokenWeights: { output: 2, input: 1 } }, { tokenWeights: { input: 1, output: 2 } }, true],
    [{ tokenWeightsByModel: [['m', { input: 1 }]] }, { tokenWeightsByModel: [['m', { input: 2 }]] }, false],
  ])('%j and %j: %s', (a, b, same) => {
    expect(samePolicy(a, b)).toBe(same);
    expect(samePolicy(b, a)).toBe(same);
  });
});
