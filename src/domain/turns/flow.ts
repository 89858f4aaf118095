/** Whose turn an AI's is: its team's, or its own. */
export interface Flow {
  readonly id: string;
  readonly weight: number;
  /** Others share it: within it its AIs take turns by the same rule, alike. */
  readonly shared: boolean;
}

export type FlowOf = (aiId: string) => Flow;

export type Weights = ReadonlyMap<string, { readonly weight: number }>;

// No AI has a space in its id.
const IN_NO_TEAM: Flow = { id: 'no team', weight: 1, shared: true };

/**
 * The flow of an AI in this team. Where there are teams, all in none are one flow, else a hundred invented names would be a hundred
 * flows.
 */
export function flowOf(teams: Weights, teamId: string | undefined, aiId: string): Flow {
  if (teams.size === 0) return { id: aiId, weight: 1, shared: false };
  const team = teamId === undefined ? undefined : teams.get(teamId);
  return team === undefined ? IN_NO_TEAM : { id: `team ${teamId}`, weight: team.weight, shared: true };
}
