import { type PolicyFields, PRESETS, type Preset } from '../../domain/model/policy.js';
import type { PolicyPath } from '../../domain/model/requests.js';
import {
  POLICY_ROWS,
  type PolicyField,
  type PolicyKey,
  TOKEN_WEIGHT_NAMES,
  type TokenWeights as Weights,
} from '../../domain/policy/policy-fields.js';
import { rangeViolations } from '../../domain/policy/policy-ranges.js';
import { presetOf } from '../../domain/policy/presets.js';
import { SCOPE_ROWS } from '../../domain/policy/scope-fields.js';
import { type Policy, Preset as PresetNumber, type TokenWeights } from '../../gen/budgetarbiter/v1/budget.js';
import type { Duration } from '../../gen/google/protobuf/duration.js';
import { enumNumber, MESSAGE_ROWS, MESSAGE_WEIGHTS } from '../write/policy-message.js';
import type { Checks } from './checks.js';
import { exactDurationMs } from './duration.js';

/** A policy as it is to be set. What the API cannot say is found here, what is out of range by the domain's own rules. */
export function readPolicy(checks: Checks, policy: Policy | undefined): PolicyFields {
  if (policy === undefined) return {};
  const fields: Record<string, unknown> = {};
  for (const [key, name, row] of MESSAGE_ROWS) {
    const value = policy[name] === undefined ? undefined : readValue(checks, row, policy[name]);
    if (value !== undefined) fields[key] = value;
  }
  checks.failAll(rangeViolations(fields as PolicyFields));
  return fields as PolicyFields;
}

/** Undefined where it is unset. */
export function readPreset(checks: Checks, value: number): Preset | undefined {
  if (value === PresetNumber.PRESET_UNSPECIFIED) return undefined;
  const name = PRESETS.find((candidate) => PresetNumber[`PRESET_${candidate}`] === value);
  if (name !== undefined) return presetOf(name);
  checks.fail('preset', `must be ${PRESETS.join(', ')} or unset; it is ${value}`);
  return undefined;
}

/** Undefined for what is unset, and for what is wrong and told already. */
function readValue(checks: Checks, row: PolicyField, value: unknown): unknown {
  switch (row.kind) {
    case 'duration':
      return exactDurationMs(checks, `policy.${row.name}`, value as Duration);
    case 'choice':
      return readChoice(checks, row.name, value as number, row.values);
    case 'budgets':
    case 'percents':
      return unlessEmpty(value as readonly unknown[]);
    case 'shares-by-ai':
      return unlessEmpty(inOrder(Object.entries(value as Policy['maxDailyPercentByAi'])));
    case 'weights':
      return readWeights(value as TokenWeights);
    case 'weights-by-model': {
      const models = inOrder(Object.entries(value as Policy['tokenWeightsByModel']));
      return unlessEmpty(models.map(([model, weights]) => [model, readWeights(weights)]));
    }
    case 'teams': {
      const teams = inOrder(Object.entries(value as Policy['teams']));
      return unlessEmpty(
        teams.map(([teamId, team]) => [teamId, { aiIds: team.aiIds, ...readScope('teams', team) }]),
      );
    }
    case 'limits-by-model': {
      const models = inOrder(Object.entries(value as Policy['models']));
      return unlessEmpty(models.map(([pattern, limits]) => [pattern, readScope('limits-by-model', limits)]));
    }
    default:
      return value;
  }
}

/** A list or map that is empty is one that is unset. */
function unlessEmpty<T>(entries: readonly T[]): readonly T[] | undefined {
  return entries.length === 0 ? undefined : entries;
}

function inOrder<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function readWeights(message: TokenWeights): Partial<Weights> {
  const set = MESSAGE_WEIGHTS.filter(([, inMessage]) => message[inMessage] !== undefined);
  return Object.fromEntries(set.map(([kind, inMessage]) => [kind, message[inMessage]]));
}

/** The numbers of a team, or of a model's limit: their names in a message are those of the domain. */
function readScope(kind: keyof typeof SCOPE_ROWS, message: object): object {
  const set = SCOPE_ROWS[kind].map(([key]) => [key, message[key as keyof typeof message]] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== undefined));
}

/** An enum's name; undefined when it is unset, which means the default. */
function readChoice(
  checks: Checks,
  field: string,
  value: number,
  names: readonly string[],
): string | undefined {
  if (value === 0) return undefined;
  const name = names.find((candidate) => enumNumber(field, candidate) === value);
  if (name === undefined)
    checks.fail(`policy.${field}`, `must be ${names.join(', ')} or unset; it is ${value}`);
  return name;
}

const PATHS: ReadonlyMap<string, PolicyPath> = new Map([
  ...POLICY_ROWS.map(([key, { name }]) => [name, key] as const),
  ...Object.entries(TOKEN_WEIGHT_NAMES).map(
    ([kind, name]) => [`token_weights.${name}`, `tokenWeights.${kind}`] as const,
  ),
]);

/** The fields to change; without a mask those that are set. */
export function readUpdateMask(
  checks: Checks,
  paths: readonly string[] | undefined,
  fields: PolicyFields,
): PolicyPath[] | 'everything' {
  if (paths === undefined) return setPaths(fields);
  if (paths.length === 1 && paths[0] === '*') return 'everything';
  if (paths.length === 0) {
    const message =
      'must name a field; leave it out to change the fields that are set, `*` replaces the policy';
    checks.fail('update_mask', message);
  }
  const known = new Set<PolicyPath>();
  for (const path of paths) {
    const field = PATHS.get(path);
    if (field !== undefined) known.add(field);
    else {
      const shown = JSON.stringify(path.slice(0, 128));
      const rule = 'paths look like `cooldown` or `token_weights.input_percent`, and `*` stands alone';
      checks.fail('update_mask', `${shown} is no field of a policy; ${rule}`);
    }
  }
  return [...known];
}

/** Of weights each kind by itself: one that is unset is not meant to go back to its default. */
function setPaths({ tokenWeights = {}, ...fields }: PolicyFields): PolicyPath[] {
  const kinds = Object.keys(tokenWeights).map((kind) => `tokenWeights.${kind}` as const);
  return [...(Object.keys(fields) as PolicyKey[]), ...kinds];
}
