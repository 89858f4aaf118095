import type { Denial, Rule } from '../domain/model/types.js';
import { REST } from '../domain/model/types.js';

/** AIs that a report names one by one: memory stays flat, whoever made up how many names. */
const MOST_AIS = 1_000;

/** Requests and their tokens. */
export interface Tally {
  requests: number;
  tokens: number;
}

/** What an AI asked for, and what it got. */
export interface AiTally {
  readonly asked: Tally;
  readonly granted: Tally;
  readonly refused: Tally;
}

export interface FirstRefusal {
  readonly at: number;
  readonly aiId: string;
  readonly rule: string;
  readonly message: string;
}

/** Counts what became of requests. */
export class Tallies {
  readonly asked: Tally = nothing();
  readonly granted: Tally = nothing();
  readonly refused: Tally = nothing();
  /** A request that several rules refuse counts under each. */
  readonly byRule = new Map<string, Tally>();
  readonly byAi = new Map<string, AiTally>();
  first: FirstRefusal | undefined;

  ask(aiId: string, tokens: number): void {
    count(this.asked, tokens);
    count(this.of(aiId).asked, tokens);
  }

  grant(aiId: string, tokens: number): void {
    count(this.granted, tokens);
    count(this.of(aiId).granted, tokens);
  }

  deny(aiId: string, tokens: number, { blockers }: Denial, at: number): void {
    this.refuse(
      aiId,
      tokens,
      at,
      blockers.map(({ rule }) => rule),
      blockers[0]?.message ?? '',
    );
  }

  refuse(aiId: string, tokens: number, at: number, rules: readonly (Rule | string)[], message: string): void {
    count(this.refused, tokens);
    count(this.of(aiId).refused, tokens);
    for (const rule of rules) {
      const known = this.byRule.get(rule) ?? nothing();
      count(known, tokens);
      this.byRule.set(rule, known);
    }
    this.first ??= { at, aiId, rule: rules[0] ?? '', message };
  }

  private of(aiId: string): AiTally {
    const found = this.byAi.get(aiId);
    if (found !== undefined) return found;
    if (this.byAi.size >= MOST_AIS && aiId !== REST) return this.of(REST);
    const made = { asked: nothing(), granted: nothing(), refused: nothing() };
    this.byAi.set(aiId, made);
    return made;
  }
}

function nothing(): Tally {
  return { requests: 0, tokens: 0 };
}

function count(tally: Tally, tokens: number): void {
  tally.requests += 1;
  tally.tokens += tokens;
}
