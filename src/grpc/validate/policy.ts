import type { PolicyFields, TokenWeights as Weights } from '../../domain/policy.js';
import { POLICY_FIELD_NAMES, TOKEN_WEIGHT_NAMES } from '../../domain/policy-names.js';
import { rangeViolations } from '../../domain/policy-ranges.js';
import type { PolicyPath } from '../../domain/requests.js';
import type { Policy, TokenWeights } from '../../gen/budget/v1/budget.js';
import { DURATION_FIELDS, EXPIRIES, MODES, PACINGS, PLAIN_FIELDS, WEIGHT_FIELDS } from '../policy-message.js';
import type { Checks } from './checks.js';
import { exactDurationMs } from './duration.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** A policy as it is to be set. What the API cannot say is found here, what is out of range by the domain's own rules. */
export function readPolicy(checks: Checks, policy: Policy | undefined): PolicyFields {
  if (policy === undefined) return {};
  const fields: Writable<PolicyFields> = {};
  for (const name of PLAIN_FIELDS) {
    if (policy[name] !== undefined) Object.assign(fields, { [name]: policy[name] });
  }
  for (const [name, inMessage] of DURATION_FIELDS) {
    const value = policy[inMessage];
    const field = `policy.${POLICY_FIELD_NAMES[name]}`;
    const ms = value === undefined ? undefined : exactDurationMs(checks, field, value);
    if (ms !== undefined) fields[name] = ms;
  }
  const pacing = readEnum(checks, 'policy.pacing', policy.pacing, PACINGS);
  const mode = readEnum(checks, 'policy.mode', policy.mode, MODES);
  const onExpiry = readEnum(checks, 'policy.on_expiry', policy.onExpiry, EXPIRIES);
  if (pacing !== undefined) fields.pacing = pacing;
  if (mode !== undefined) fields.mode = mode;
  if (onExpiry !== undefined) fields.onExpiry = onExpiry;
  if (policy.tokenWeights !== undefined) fields.tokenWeights = readWeights(policy.tokenWeights);
  readCollections(policy, fields);
  checks.failAll(rangeViolations(fields));
  return fields;
}

function readCollections(policy: Policy, fields: Writable<PolicyFields>): void {
  const byAi = inOrder(Object.entries(policy.maxDailyPercentByAi));
  const byModel = inOrder(Object.entries(policy.tokenWeightsByModel));
  if (byAi.length > 0) fields.maxDailyPercentByAi = byAi;
  if (byModel.length > 0) {
    fields.tokenWeightsByModel = byModel.map(([model, weights]) => [model, readWeights(weights)]);
  }
  if (policy.fallbackBudgetIds.length > 0) fields.fallbackBudgetIds = policy.fallbackBudgetIds;
}

function inOrder<T>(entries: [string, T][]): [string, T][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

function readWeights(message: TokenWeights): Partial<Weights> {
  const weights: Writable<Partial<Weights>> = {};
  for (const [kind, inMessage] of WEIGHT_FIELDS) {
    const percent = message[inMessage];
    if (percent !== undefined) weights[kind] = percent;
  }
  return weights;
}

/** An enum's name; undefined when it is unset, which means the default. */
function readEnum<N extends string>(
  checks: Checks,
  field: string,
  value: number | undefined,
  names: { readonly [name in N]: number },
): N | undefined {
  if (value === undefined || value === 0) return undefined;
  const known = Object.keys(names) as N[];
  const name = known.find((candidate) => names[candidate] === value);
  if (name === undefined) checks.fail(field, `must be ${known.join(', ')} or unset; it is ${value}`);
  return name;
}

const PATHS: ReadonlyMap<string, PolicyPath> = new Map([
  ...entries(POLICY_FIELD_NAMES).map(([key, name]) => [name, key] as const),
  ...entries(TOKEN_WEIGHT_NAMES).map(
    ([kind, name]) => [`token_weights.${name}`, `tokenWeights.${kind}`] as const,
  ),
]);

/** The fields to change; undefined for the whole policy. */
export function readUpdateMask(
  checks: Checks,
  paths: readonly string[] | undefined,
): PolicyPath[] | undefined {
  if (paths === undefined) return undefined;
  if (paths.length === 0) {
    checks.fail('update_mask', 'must name a field; leave it out to replace the whole policy');
  }
  const known = new Set<PolicyPath>();
  for (const path of paths) {
    const field = PATHS.get(path);
    if (field === undefined) {
      const shown = JSON.stringify(path.slice(0, 128));
      checks.fail(
        'update_mask',
        `${shown} is no field of a policy; paths look like \`cooldown\` or \`token_weights.input_percent\``,
      );
    } else known.add(field);
  }
  return [...known];
}

function entries<K extends string>(names: { readonly [key in K]: string }): [K, string][] {
  return Object.entries(names) as [K, string][];
}
