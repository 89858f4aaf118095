import type { Blocker, Rule, Writable } from '../model/types.js';
import { type AiDenials, type DenialSpan, HOUR_MS, type PairDenials, type RuleDenials } from './denials.js';
import { FrequentNames } from './frequent-names.js';
import { isRepeatedRule } from './repeated-rule.js';

/** AIs that an hour counts by name: of those that the budget knows, since it granted them something, and of all others. */
export const KNOWN_AIS = 400;
export const OTHER_AIS = 100;

export interface RefusedRequest {
  readonly at: number;
  readonly aiId: string;
  readonly blockers: readonly Blocker[];
  readonly wouldDeny: boolean;
}

interface CountedAi extends Writable<Omit<AiDenials, 'rules'>> {
  weight: number;
  /** Since that was last taken. */
  changed: boolean;
  /** It was taken once: whoever wrote it must hear when it is gone. */
  taken: boolean;
  readonly rules: Writable<PairDenials>[];
}

/** What a write takes along. */
export interface AiChanges {
  readonly ais: ReadonlyMap<string, AiDenials>;
  /** Those that are no longer counted by name. */
  readonly gone: readonly string[];
}

/**
 * What one replica refused in one hour. It is counted on the way of every denial, and makes nothing new but for the first of an AI
 * or a rule. Names that callers make up take their places from each other alone, not from AIs that the budget knows.
 */
export class HourDenials {
  denied = 0;
  wouldDeny = 0;
  lastAt: number;
  /** Of what was taken to be written last. */
  revision = 0;
  /** Something happened since. */
  isChanged = false;
  private readonly byRule = new Map<Rule, Writable<RuleDenials>>();
  private readonly known = namesUpTo(KNOWN_AIS, (name, ai) => this.dropped(name, ai));
  private readonly others = namesUpTo(OTHER_AIS, (name, ai) => this.dropped(name, ai));
  /** AIs that lost their places since that was last taken. */
  private gone = new Set<string>();

  /** `again`: 0, or which one of its writer it is that began after an hour of the same time was forgotten, since the clock went back. */
  constructor(
    readonly start: number,
    readonly again = 0,
  ) {
    this.lastAt = start;
  }

  /** `isKnown`: whether the budget knows the AI; asked only where it is not counted among those yet. */
  note({ at, aiId, blockers, wouldDeny }: RefusedRequest, isKnown: (aiId: string) => boolean): void {
    const ai = this.known.find(aiId) ?? this.another(aiId, isKnown);
    ai.weight += 1;
    ai.lastAt = at;
    this.lastAt = at;
    this.isChanged = true;
    if (wouldDeny) {
      this.wouldDeny += 1;
      ai.wouldDeny += 1;
    } else {
      this.denied += 1;
      ai.denied += 1;
    }
    ai.changed = true;
    for (let index = 0; index < blockers.length; index += 1) {
      const blocker = blockers[index] as Blocker;
      if (isRepeatedRule(blockers, index)) continue;
      count(pairOf(ai.rules, blocker.rule, at), at, wouldDeny);
      this.noteRule(blocker, at, aiId, wouldDeny);
    }
  }

  private another(aiId: string, isKnown: (aiId: string) => boolean): CountedAi {
    const other = this.others.find(aiId);
    if (!isKnown(aiId)) return other ?? this.others.add(aiId);
    if (other === undefined) return this.known.add(aiId);
    this.others.take(aiId);
    this.known.put(aiId, other);
    return other;
  }

  private noteRule(blocker: Blocker, at: number, aiId: string, wouldDeny: boolean): void {
    const { rule } = blocker;
    let known = this.byRule.get(rule);
    if (known === undefined) {
      known = { rule, denied: 0, wouldDeny: 0, firstAt: at, last: { at, aiId, wouldDeny, blocker } };
      this.byRule.set(rule, known);
    }
    if (wouldDeny) known.wouldDeny += 1;
    else known.denied += 1;
    const last = known.last as Writable<RuleDenials['last']>;
    last.at = at;
    last.aiId = aiId;
    last.wouldDeny = wouldDeny;
    last.blocker = blocker;
  }

  /** AIs that were refused from `since` on. */
  aisSince(since: number): string[] {
    const ais: string[] = [];
    for (const [aiId, { lastAt }] of this.all()) if (lastAt >= since) ais.push(aiId);
    return ais;
  }

  /** What changed by AI since the last time; it is unchanged from now on. */
  takeChanges(): AiChanges {
    const ais = new Map<string, AiDenials>();
    for (const [aiId, ai] of this.all()) {
      if (!ai.changed) continue;
      ai.changed = false;
      ai.taken = true;
      ais.set(aiId, copyOf(ai));
    }
    const gone = [...this.gone].filter((aiId) => this.find(aiId) === undefined);
    this.gone = new Set();
    return { ais, gone };
  }

  /** What was taken did not arrive. */
  giveBack({ ais, gone }: AiChanges): void {
    for (const aiId of [...ais.keys(), ...gone]) {
      const ai = this.find(aiId);
      if (ai === undefined) this.gone.add(aiId);
      else ai.changed = true;
    }
  }

  /** Of a flood of names few were ever written. */
  private dropped(aiId: string, { taken }: CountedAi): void {
    if (taken) this.gone.add(aiId);
  }

  get hasAiChanges(): boolean {
    if (this.gone.size > 0) return true;
    for (const [, ai] of this.all()) if (ai.changed) return true;
    return false;
  }

  private find(aiId: string): CountedAi | undefined {
    return this.known.find(aiId) ?? this.others.find(aiId);
  }

  private *all(): Iterable<[string, CountedAi]> {
    yield* this.known;
    yield* this.others;
  }

  rules(): RuleDenials[] {
    return Array.from(this.byRule.values(), (rule) => ({ ...rule, last: { ...rule.last } }));
  }

  get floor(): number {
    return Math.max(this.known.floor, this.others.floor);
  }

  /** As it stands: a copy. */
  span(): DenialSpan {
    const ais = new Map<string, AiDenials>();
    for (const [aiId, ai] of this.all()) ais.set(aiId, copyOf(ai));
    const { start, denied, wouldDeny, floor } = this;
    return { start, end: start + HOUR_MS, denied, wouldDeny, rules: this.rules(), ais, floor };
  }
}

function namesUpTo(most: number, dropped: (name: string, ai: CountedAi) => void): FrequentNames<CountedAi> {
  const make = (before: number): CountedAi => ({
    ...{
      weight: before,
      uncounted: before,
      denied: 0,
      wouldDeny: 0,
      lastAt: 0,
      rules: [],
      changed: true,
      taken: false,
    },
  });
  return new FrequentNames(most, make, dropped);
}

/** There are few rules. */
function pairOf(pairs: Writable<PairDenials>[], rule: Rule, at: number): Writable<PairDenials> {
  for (const pair of pairs) if (pair.rule === rule) return pair;
  const made = { rule, denied: 0, wouldDeny: 0, firstAt: at, lastAt: at };
  pairs.push(made);
  return made;
}

function count(pair: Writable<PairDenials>, at: number, wouldDeny: boolean): void {
  pair.lastAt = at;
  if (wouldDeny) pair.wouldDeny += 1;
  else pair.denied += 1;
}

function copyOf({ denied, wouldDeny, lastAt, uncounted, rules }: CountedAi): AiDenials {
  return { denied, wouldDeny, lastAt, uncounted, rules: rules.map((pair) => ({ ...pair })) };
}
