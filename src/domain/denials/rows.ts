import { OTHER, RULES, type Rule } from '../model/types.js';
import type { DenialCount, DenialSpan, LastDenial, PairDenials, RuleDenials } from './denials.js';
import { merged, mergedRules, sumOf } from './merged.js';

/** What one rule refused one AI in one hour, or in one day; under `(other)` what all those were refused that are not counted by name. */
export interface DenialRow extends PairDenials {
  readonly start: number;
  readonly end: number;
  readonly aiId: string;
  /** The AI may have been refused so many times more in it. */
  readonly uncounted: number;
  /** What the AI was refused in it by whatever rules, each request once. */
  readonly ofAi: DenialCount;
}

/** What one rule refused, over all that was asked for. */
export interface RuleSum extends DenialCount {
  readonly rule: Rule;
  readonly last?: LastDenial;
}

export interface DenialList extends DenialCount {
  readonly rows: readonly DenialRow[];
  readonly rules: readonly RuleSum[];
}

export interface DenialFilter {
  readonly aiId?: string;
  readonly rule?: Rule;
}

/** Who was refused, newest first, and by the names of the AIs; `spans` of one start are of several writers. */
export function denialList(spans: readonly DenialSpan[], filter: DenialFilter): DenialList {
  const byStart = new Map<string, DenialSpan[]>();
  for (const span of spans) {
    const key = `${span.start} ${span.end}`;
    byStart.set(key, [...(byStart.get(key) ?? []), span]);
  }
  const whole = Array.from(byStart.values(), (same) => merged(same, same[0] as DenialSpan));
  const all = whole.sort((a, b) => b.start - a.start);
  const rows = all.flatMap(rowsOf).filter((row) => fits(row, filter));
  return { rows, rules: ruleSums(all, rows, filter), ...totalOf(all, filter) };
}

function fits({ aiId, rule }: DenialRow, filter: DenialFilter): boolean {
  return (filter.aiId ?? aiId) === aiId && (filter.rule ?? rule) === rule;
}

function rowsOf(span: DenialSpan): DenialRow[] {
  const { start, end, ais, rules } = span;
  const rows: DenialRow[] = [];
  for (const aiId of [...ais.keys()].sort()) {
    const ai = ais.get(aiId);
    if (ai === undefined) continue;
    const { uncounted, denied, wouldDeny } = ai;
    const common = { start, end, aiId, uncounted, ofAi: { denied, wouldDeny } };
    rows.push(...ai.rules.map((pair) => ({ ...common, ...pair })).sort(byRule));
  }
  const ofAi = less(span, sumOf(ais.values()));
  const others = rules.flatMap((rule) => {
    const left = less(rule, sumOf(rows.filter((row) => row.rule === rule.rule)));
    if (left.denied + left.wouldDeny <= 0) return [];
    const times = { firstAt: rule.firstAt, lastAt: rule.last.at };
    return [{ start, end, aiId: OTHER, rule: rule.rule, ...left, ...times, uncounted: 0, ofAi }];
  });
  return [...others.sort(byRule), ...rows];
}

function byRule(a: { readonly rule: Rule }, b: { readonly rule: Rule }): number {
  return RULES.indexOf(a.rule) - RULES.indexOf(b.rule);
}

function less(whole: DenialCount, part: DenialCount): DenialCount {
  return {
    denied: Math.max(0, whole.denied - part.denied),
    wouldDeny: Math.max(0, whole.wouldDeny - part.wouldDeny),
  };
}

/** Most first. Of one AI its own counts; what was said last is the same for all. */
function ruleSums(spans: readonly DenialSpan[], rows: readonly DenialRow[], filter: DenialFilter): RuleSum[] {
  const known = mergedRules(spans).filter(({ rule }) => (filter.rule ?? rule) === rule);
  const sums = known.map(({ rule, denied, wouldDeny, last }: RuleDenials): RuleSum => {
    if (filter.aiId === undefined) return { rule, denied, wouldDeny, last };
    return { rule, ...sumOf(rows.filter((row) => row.rule === rule)), last };
  });
  return sums
    .filter(({ denied, wouldDeny }) => denied + wouldDeny > 0)
    .sort((a, b) => b.denied + b.wouldDeny - (a.denied + a.wouldDeny) || byRule(a, b));
}

/** Requests, each once: where a rule is asked for, those that it refused. */
function totalOf(spans: readonly DenialSpan[], { aiId, rule }: DenialFilter): DenialCount {
  if (rule === undefined) {
    if (aiId === undefined) return sumOf(spans);
    return sumOf(spans.flatMap(({ ais }) => ais.get(aiId) ?? []));
  }
  if (aiId === undefined)
    return sumOf(spans.flatMap(({ rules }) => rules.filter((one) => one.rule === rule)));
  const pairs = spans.flatMap(({ ais }) => ais.get(aiId)?.rules ?? []);
  return sumOf(pairs.filter((pair) => pair.rule === rule));
}
