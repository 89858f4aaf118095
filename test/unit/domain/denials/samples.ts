import type {
  AiDenials,
  DenialSpan,
  PairDenials,
  RuleDenials,
} from '../../../../src/domain/denials/denials.js';
import type { Blocker, Rule } from '../../../../src/domain/model/types.js';

export function blockers(...rules: Rule[]): Blocker[] {
  return rules.map((rule) => ({
    ...{ rule, limit: 1, spent: 1, reserved: 0, requested: 1, message: `${rule} says no` },
  }));
}

export function pair(rule: Rule, denied: number, more: Partial<PairDenials> = {}): PairDenials {
  return { rule, denied, wouldDeny: 0, firstAt: 1, lastAt: 2, ...more };
}

export function ai(denied: number, rules: readonly PairDenials[], more: Partial<AiDenials> = {}): AiDenials {
  return { denied, wouldDeny: 0, lastAt: 2, uncounted: 0, rules, ...more };
}

export function ruleDenials(rule: Rule, denied: number, more: Partial<RuleDenials> = {}): RuleDenials {
  const [blocker] = blockers(rule) as [Blocker];
  const last = { at: 2, aiId: 'guardian', wouldDeny: false, blocker };
  return { rule, denied, wouldDeny: 0, firstAt: 1, last, ...more };
}

export function span(more: Partial<DenialSpan>): DenialSpan {
  return { start: 0, end: 3_600_000, denied: 0, wouldDeny: 0, rules: [], ais: new Map(), floor: 0, ...more };
}
