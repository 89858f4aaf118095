import type { Rule, Writable } from '../model/types.js';
import {
  type AiDenials,
  type DenialCount,
  type DenialSpan,
  latestOf,
  type PairDenials,
  type RuleDenials,
} from './denials.js';

/**
 * What several writers know of one span, as one. An AI that a writer does not count by name may have been refused there as often as
 * its `floor` says: that much more is uncounted.
 */
export function merged(
  spans: readonly DenialSpan[],
  { start, end }: Pick<DenialSpan, 'start' | 'end'>,
): DenialSpan {
  const names = new Set(spans.flatMap(({ ais }) => [...ais.keys()]));
  const ais = new Map<string, AiDenials>();
  for (const name of names) ais.set(name, mergedAi(spans, name));
  const floor = spans.reduce((sum, span) => sum + span.floor, 0);
  return { start, end, ...sumOf(spans), rules: mergedRules(spans), ais, floor };
}

function mergedAi(spans: readonly DenialSpan[], name: string): AiDenials {
  const known = spans.flatMap(({ ais }) => ais.get(name) ?? []);
  const uncounted = spans.reduce((sum, { ais, floor }) => sum + (ais.get(name)?.uncounted ?? floor), 0);
  const lastAt = Math.max(...known.map((ai) => ai.lastAt));
  return { ...sumOf(known), lastAt, uncounted, rules: mergedPairs(known.flatMap(({ rules }) => rules)) };
}

function mergedPairs(pairs: readonly PairDenials[]): PairDenials[] {
  const byRule = new Map<Rule, Writable<PairDenials>>();
  for (const pair of pairs) {
    const found = byRule.get(pair.rule);
    if (found === undefined) {
      byRule.set(pair.rule, { ...pair });
      continue;
    }
    found.denied += pair.denied;
    found.wouldDeny += pair.wouldDeny;
    found.firstAt = Math.min(found.firstAt, pair.firstAt);
    found.lastAt = Math.max(found.lastAt, pair.lastAt);
  }
  return [...byRule.values()];
}

/** By rule, what all of them refused. */
export function mergedRules(spans: readonly Pick<DenialSpan, 'rules'>[]): RuleDenials[] {
  const byRule = new Map<Rule, Writable<RuleDenials>>();
  for (const rule of spans.flatMap(({ rules }) => rules)) {
    const found = byRule.get(rule.rule);
    if (found === undefined) {
      byRule.set(rule.rule, { ...rule });
      continue;
    }
    found.denied += rule.denied;
    found.wouldDeny += rule.wouldDeny;
    found.firstAt = Math.min(found.firstAt, rule.firstAt);
    found.last = latestOf(found.last, rule.last);
  }
  return [...byRule.values()];
}

export function sumOf(counts: Iterable<DenialCount>): DenialCount {
  let [denied, wouldDeny] = [0, 0];
  for (const count of counts) {
    denied += count.denied;
    wouldDeny += count.wouldDeny;
  }
  return { denied, wouldDeny };
}
