import {
  type POLICY_FIELDS,
  POLICY_ROWS,
  type PolicyField,
  type PolicyKey,
  type TokenWeights,
} from '../policy/policy-fields.js';
import {
  limitsInForce,
  type ScopeLimitFields,
  type ScopeLimits,
  type Team,
  type TeamFields,
  teamInForce,
} from '../policy/scope-fields.js';

type Fields = typeof POLICY_FIELDS;

type ValueInForce<F> = F extends { kind: 'choice'; values: readonly (infer V)[] }
  ? V
  : F extends { kind: 'zone' | 'unit' }
    ? string
    : F extends { kind: 'budgets' }
      ? readonly string[]
      : F extends { kind: 'percents' }
        ? readonly number[]
        : F extends { kind: 'shares-by-ai' }
          ? ReadonlyMap<string, number>
          : F extends { kind: 'weights' }
            ? TokenWeights
            : F extends { kind: 'weights-by-model' }
              ? ReadonlyMap<string, TokenWeights>
              : F extends { kind: 'teams' }
                ? ReadonlyMap<string, Team>
                : F extends { kind: 'limits-by-model' }
                  ? ReadonlyMap<string, ScopeLimits>
                  : number;

type SetValue<F> = F extends { kind: 'shares-by-ai' }
  ? readonly (readonly [string, number])[]
  : F extends { kind: 'weights' }
    ? Partial<TokenWeights>
    : F extends { kind: 'weights-by-model' }
      ? readonly (readonly [string, Partial<TokenWeights>])[]
      : F extends { kind: 'teams' }
        ? readonly (readonly [string, TeamFields])[]
        : F extends { kind: 'limits-by-model' }
          ? readonly (readonly [string, ScopeLimitFields])[]
          : ValueInForce<F>;

/** A policy in force: every default filled in. */
export type Policy = { readonly [K in PolicyKey]: ValueInForce<Fields[K]> };

/**
 * A policy as it was set, in plain JSON: an absent field follows the default. Maps keyed by callers' names are lists of
 * pairs in the order of the names, so that no store meets such a name as a field.
 */
export type PolicyFields = { readonly [K in PolicyKey]?: SetValue<Fields[K]> } & {
  /** Where absent fields take their defaults from; absent: WORK_SESSIONS. */
  readonly preset?: Preset;
};

/** Fields whose entries operators name. */
type OfNames = 'maxDailyPercentByAi' | 'tokenWeights' | 'tokenWeightsByModel' | 'teams' | 'models';

export const PRESETS = ['WORK_SESSIONS', 'CALLS'] as const;
export type PresetName = (typeof PRESETS)[number];

/** What a preset is called, and what it stood for when it was chosen: see `policy/presets.ts`. */
export interface Preset {
  readonly name: PresetName;
  readonly values: Partial<Omit<Policy, OfNames>>;
}

export type Pacing = Policy['pacing'];
export type Mode = Policy['mode'];
export type OnExpiry = Policy['onExpiry'];

export const DEFAULT_POLICY = Object.fromEntries(
  POLICY_ROWS.map(([key, field]) => [key, defaultOf(field)]),
) as Policy;

function defaultOf(field: PolicyField): unknown {
  if ('default' in field) return field.default;
  return field.kind === 'budgets' || field.kind === 'percents' ? [] : new Map();
}

/** Fills in every default. */
export function policyInForce(fields: PolicyFields): Policy {
  const { preset, maxDailyPercentByAi, tokenWeights, tokenWeightsByModel, teams, models, ...simple } = fields;
  const weights = { ...DEFAULT_POLICY.tokenWeights, ...tokenWeights };
  return {
    ...DEFAULT_POLICY,
    ...preset?.values,
    ...simple,
    maxDailyPercentByAi: mapOf(maxDailyPercentByAi),
    tokenWeights: weights,
    tokenWeightsByModel: mapOf(
      tokenWeightsByModel?.map(([model, own]) => [model, { ...weights, ...own }] as const),
    ),
    teams: mapOf(teams?.map(([teamId, team]) => [teamId, teamInForce(team)] as const)),
    models: mapOf(models?.map(([pattern, limits]) => [pattern, limitsInForce(limits)] as const)),
  };
}

const NO_ENTRIES = new Map<never, never>();

/** Most policies name nobody: all of these share one. */
function mapOf<V>(entries: readonly (readonly [string, V])[] = []): ReadonlyMap<string, V> {
  return entries.length === 0 ? NO_ENTRIES : new Map(entries);
}
