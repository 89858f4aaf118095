import type { Policy } from '../model/policy.js';
import { UNSPECIFIED } from '../model/types.js';
import { Patterns } from './patterns.js';
import type { TokenWeights } from './policy-fields.js';

/** What tokens of each model count: the weights of the pattern that fits it best, made ready once for each policy. */
export class ModelWeights {
  private readonly patterns: Patterns;

  constructor(private readonly policy: Pick<Policy, 'tokenWeights' | 'tokenWeightsByModel'>) {
    const keys = [...policy.tokenWeightsByModel.keys()];
    this.patterns = new Patterns(keys.map((pattern) => ({ pattern, id: pattern })));
  }

  /** An empty name is one that nobody gave. */
  of(model: string): TokenWeights {
    const { tokenWeights, tokenWeightsByModel } = this.policy;
    if (tokenWeightsByModel.size === 0) return tokenWeights;
    const pattern = this.patterns.bestFor(model === '' ? UNSPECIFIED : model);
    return (pattern === undefined ? undefined : tokenWeightsByModel.get(pattern)) ?? tokenWeights;
  }

  /** Models have weights of their own, and this one has none. */
  lacks(model: string): boolean {
    if (this.policy.tokenWeightsByModel.size === 0) return false;
    return this.patterns.bestFor(model === '' ? UNSPECIFIED : model) === undefined;
  }
}
