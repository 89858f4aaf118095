import type { Policy } from '../model/policy.js';
import { Patterns } from './patterns.js';

type Teams = Pick<Policy, 'teams'>;

/** Of policies in use, which stay the same objects until they change. */
const compiled = new WeakMap<Policy['teams'], Patterns>();

/** The patterns of all teams, each with its team's id. */
export function teamPatterns({ teams }: Teams): Patterns {
  const known = compiled.get(teams);
  if (known !== undefined) return known;
  const members = Array.from(teams, ([id, { aiIds }]) => aiIds.map((pattern) => ({ pattern, id })));
  const patterns = new Patterns(members.flat());
  compiled.set(teams, patterns);
  return patterns;
}

/** The team that an AI is in, for those who have a policy alone: a ledger remembers it (`Scopes.teamOf`). */
export function teamIdOf(policy: Teams, aiId: string): string | undefined {
  return policy.teams.size === 0 ? undefined : teamPatterns(policy).bestFor(aiId);
}
