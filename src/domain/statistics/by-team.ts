import type { BudgetSnapshot } from '../model/outcomes.js';
import type { Policy } from '../model/policy.js';
import type { UsageDay } from '../model/state.js';
import { type CallCount, NONE, OTHER } from '../model/types.js';
import { teamIdOf } from '../policy/team-patterns.js';
import { callsByName, sumOfCalls } from './calls-by-name.js';

/** What is counted of a day, or of a month. */
export interface CountedAis {
  readonly ais: Iterable<readonly [string, number]>;
  /** What scopes have of `(other)`: see `ledger/scope-counts.ts`. */
  readonly parts: ReadonlyMap<string, number>;
}

/** Tokens by team of the policy of now; those of AIs in no team under `(none)`. Empty while it has no teams. */
export function byTeam(policy: Policy, counted: Iterable<CountedAis>): Map<string, number> {
  const sums = new Map<string, number>();
  if (policy.teams.size === 0) return sums;
  const add = (teamId: string, tokens: number) => sums.set(teamId, (sums.get(teamId) ?? 0) + tokens);
  for (const { ais, parts } of counted) {
    let ofMany = 0;
    for (const [key, tokens] of parts) {
      const [of, teamId = ''] = key.split(' ');
      if (of !== 'TEAM' || !policy.teams.has(teamId)) continue;
      ofMany += tokens;
      add(teamId, tokens);
    }
    for (const [ai, tokens] of ais) {
      if (ai !== OTHER) add(teamIdOf(policy, ai) ?? NONE, tokens);
      else if (tokens > ofMany) add(NONE, tokens - ofMany);
    }
  }
  return sums;
}

/** Calls by team, likewise. Of `(other)` AIs nobody knows the teams. */
export function callsByTeam(policy: Policy, days: Iterable<UsageDay>): Map<string, CallCount> {
  const sums = new Map<string, CallCount>();
  if (policy.teams.size === 0) return sums;
  for (const [ai, calls] of callsByName(days, ({ aiCalls }) => aiCalls)) {
    const teamId = (ai === OTHER ? undefined : teamIdOf(policy, ai)) ?? NONE;
    sums.set(teamId, sumOfCalls([sums.get(teamId), calls]));
  }
  return sums;
}

/** Tokens of a month by team: of the current one the state says it, of a past one its days. */
export function monthByTeam(
  { budget, monthAis, monthParts }: Pick<BudgetSnapshot, 'budget' | 'monthAis' | 'monthParts'>,
  isCurrent: boolean,
  days: Iterable<CountedAis>,
): Map<string, number> {
  return byTeam(budget.policy, isCurrent ? [{ ais: monthAis, parts: monthParts }] : days);
}
