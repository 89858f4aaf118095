import { stringify } from 'yaml';
import { Checks } from '../api/read/checks.js';
import { readPolicy } from '../api/read/policy.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { POLICY_ROWS, type PolicyField, TOKEN_WEIGHT_NAMES } from '../domain/policy/policy-fields.js';
import { SCOPE_ROWS } from '../domain/policy/scope-fields.js';
import type { Policy } from '../gen/budgetarbiter/v1/budget.js';

/** Policies as CONFIG_FILE has them: what `policy get` prints can be edited, and set. */

type Pairs = readonly (readonly [string, object | number])[];

/** From the API's message; a field of a newer service that this version does not know is left out. */
export function fieldsOf(policy: Policy | undefined): PolicyFields {
  return readPolicy(new Checks(), policy);
}

/** By the API's names, in the order of the documentation. */
export function policyObject(fields: PolicyFields): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, row] of POLICY_ROWS) {
    const value = fields[key];
    if (value !== undefined) object[row.name] = written(row, value);
  }
  return object;
}

export function policyYaml(fields: PolicyFields): string {
  const object = policyObject(fields);
  return Object.keys(object).length === 0 ? '' : stringify(object);
}

/** One value in one line. */
export function shortValue(value: unknown): string {
  if (value === undefined) return 'default';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function written(row: PolicyField, value: unknown): unknown {
  switch (row.kind) {
    case 'duration':
      return durationText(value as number);
    case 'shares-by-ai':
      return Object.fromEntries(value as Pairs);
    case 'weights':
      return weightsObject(value as object);
    case 'weights-by-model':
      return mapped(value as Pairs, weightsObject);
    case 'teams':
      return mapped(value as Pairs, (team) => scopeObject('teams', team));
    case 'limits-by-model':
      return mapped(value as Pairs, (limits) => scopeObject('limits-by-model', limits));
    default:
      return value;
  }
}

function durationText(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}

function mapped(pairs: Pairs, of: (value: object) => object): object {
  return Object.fromEntries(pairs.map(([name, value]) => [name, of(value as object)]));
}

function weightsObject(weights: object): object {
  const names: Readonly<Record<string, string>> = TOKEN_WEIGHT_NAMES;
  return Object.fromEntries(Object.entries(weights).map(([kind, percent]) => [names[kind] ?? kind, percent]));
}

function scopeObject(kind: keyof typeof SCOPE_ROWS, scope: object): object {
  const names = new Map<string, string>(SCOPE_ROWS[kind].map(([key, { name }]) => [key, name]));
  const entries = Object.entries(scope).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [names.get(key) ?? 'ai_ids', value]));
}
