/**
 * What a policy says of a scope, which is a part of the budget that is counted by itself: of a team, and of the models that one
 * pattern binds. As `policy-fields.ts` does of the budget.
 */

/** What the AIs of a team, or the models that a pattern binds, may use together. */
export interface ScopeLimits {
  /** Of the hour's cap in force, as it is paced; 100 turns the rule off, here and below. */
  readonly maxHourlyPercent: number;
  /** Of the day's cap in force. */
  readonly maxDailyPercent: number;
  /** Of the enforced limit. */
  readonly maxMonthlyPercent: number;
  /** Live slots; 0: no limit of its own. */
  readonly maxConcurrent: number;
}

export interface Team extends ScopeLimits {
  /** Ids of AIs, or patterns of them. */
  readonly aiIds: readonly string[];
  /** Of the hour's and the day's cap in force, what is kept for it. */
  readonly guaranteedPercent: number;
  readonly guaranteedSlots: number;
  /** Its part of the turns among those who wait. */
  readonly weight: number;
}

/** A team as it was set: an absent field follows the default. */
export type TeamFields = { readonly [K in keyof Team]?: Team[K] };
export type ScopeLimitFields = { readonly [K in keyof ScopeLimits]?: number };

/** Patterns of all teams together. */
export const MAX_TEAM_PATTERNS = 256;

/** A number that a scope may set. `share`: above 0, at most 100 percent. `percent`: at most 4 decimal places. */
export type ScopeField = { readonly name: string; readonly default: number } & (
  | { readonly kind: 'share' }
  | { readonly kind: 'percent' | 'count'; readonly least: number; readonly most: number }
);

const share = (name: string) => ({ name, kind: 'share', default: 100 }) as const;
const slots = (name: string) => ({ name, kind: 'count', least: 0, most: 1_000, default: 0 }) as const;

export const LIMIT_FIELDS = {
  maxHourlyPercent: share('max_hourly_percent'),
  maxDailyPercent: share('max_daily_percent'),
  maxMonthlyPercent: share('max_monthly_percent'),
  maxConcurrent: slots('max_concurrent'),
} as const satisfies { readonly [K in keyof ScopeLimits]: ScopeField };

/** But for `ai_ids`. */
export const TEAM_FIELDS = {
  ...LIMIT_FIELDS,
  guaranteedPercent: { name: 'guaranteed_percent', kind: 'percent', least: 0, most: 100, default: 0 },
  guaranteedSlots: slots('guaranteed_slots'),
  weight: { name: 'weight', kind: 'percent', least: 0.01, most: 100, default: 1 },
} as const satisfies { readonly [K in Exclude<keyof Team, 'aiIds'>]: ScopeField };

/** The tables for those who walk them: of a team, or of the models that a pattern binds. */
export const SCOPE_ROWS: {
  readonly [K in 'teams' | 'limits-by-model']: readonly (readonly [string, ScopeField])[];
} = { teams: Object.entries(TEAM_FIELDS), 'limits-by-model': Object.entries(LIMIT_FIELDS) };

type Numbers = Readonly<Record<string, number>>;

const DEFAULTS: { readonly [K in keyof typeof SCOPE_ROWS]: Numbers } = {
  teams: defaults(SCOPE_ROWS.teams),
  'limits-by-model': defaults(SCOPE_ROWS['limits-by-model']),
};

function defaults(rows: readonly (readonly [string, ScopeField])[]): Numbers {
  return Object.fromEntries(rows.map(([key, row]) => [key, row.default]));
}

/** With every default filled in. */
export function teamInForce(fields: TeamFields): Team {
  return { aiIds: [], ...DEFAULTS.teams, ...fields } as unknown as Team;
}

export function limitsInForce(fields: ScopeLimitFields): ScopeLimits {
  return { ...DEFAULTS['limits-by-model'], ...fields } as unknown as ScopeLimits;
}
