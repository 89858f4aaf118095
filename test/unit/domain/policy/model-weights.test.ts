import { describe, expect, it } from 'vitest';
import { policyInForce } from '../../../../src/domain/model/policy.js';
import { ModelWeights } from '../../../../src/domain/policy/model-weights.js';

const weightsWith = (entries: readonly (readonly [string, number])[]) =>
  new ModelWeights(
    policyInForce({
      tokenWeights: { input: 7, output: 9 },
      tokenWeightsByModel: entries.map(([model, input]) => [model, { input }]),
    }),
  );

describe('the weights of a model', () => {
  const weights = weightsWith([
    ['claude-*', 1],
    ['claude-opus-*', 2],
    ['claude-opus-4-5', 3],
    ['*-mini', 4],
    ['gpt-*-mini', 5],
  ]);

  it.each<[string, number, boolean]>([
    // model, its weight of an input token, whether it lacks one of its own
    ['claude-sonnet', 1, false],
    ['claude-opus-4', 2, false],
    ['claude-opus-4-5', 3, false],
    ['claude-opus-4-5-20251101', 2, false],
    ['o4-mini', 4, false],
    ['gpt-5-mini', 5, false],
    ['gpt-5', 7, true],
    ['', 7, true],
    ['claude', 7, true],
  ])('of %j', (model, input, lacks) => {
    expect(weights.of(model)).toMatchObject({ input, output: 9 });
    expect(weights.lacks(model)).toBe(lacks);
  });

  it('who names none has those of `(unspecified)`, which `*` fits', () => {
    expect(weightsWith([['*', 1]]).of('').input).toBe(1);
    expect(
      weightsWith([
        ['(unspecified)', 2],
        ['*', 1],
      ]).of('').input,
    ).toBe(2);
    expect(weightsWith([['*', 1]]).lacks('anything')).toBe(false);
  });

  it('nobody lacks any where no model has its own', () => {
    expect(weightsWith([]).of('gpt-5').input).toBe(7);
    expect(weightsWith([]).lacks('gpt-5')).toBe(false);
  });
});
