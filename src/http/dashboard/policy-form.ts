import { DEFAULT_POLICY, type Policy, type PolicyFields } from '../../domain/policy.js';
import { POLICY_FIELD_NAMES, TOKEN_WEIGHT_NAMES } from '../../domain/policy-names.js';
import type { TokenCounts } from '../../domain/types.js';
import type { PolicyChangeData, PolicyForm } from './page-data.js';

/** A policy under the API's names, with values as CONFIG_FILE writes them, and as a person reads them. */

const KEYS = Object.keys(POLICY_FIELD_NAMES) as (keyof Policy)[];
const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const;

/** What is set. */
export function policyForm(fields: PolicyFields): PolicyForm {
  const set = KEYS.filter((key) => fields[key] !== undefined);
  return Object.fromEntries(set.map((key) => [POLICY_FIELD_NAMES[key], formValue(key, fields[key])]));
}

export const DEFAULTS: PolicyForm = Object.fromEntries(
  KEYS.map((key) => [POLICY_FIELD_NAMES[key], formValue(key, DEFAULT_POLICY[key])]),
);

function formValue(key: keyof Policy, value: unknown): unknown {
  if (key.endsWith('Ms')) return durationText(value as number);
  if (key === 'tokenWeights') return weightsForm(value as Partial<TokenCounts>);
  if (key === 'maxDailyPercentByAi') return Object.fromEntries(value as Iterable<[string, number]>);
  if (key !== 'tokenWeightsByModel') return value;
  const models = [...(value as Iterable<readonly [string, Partial<TokenCounts>]>)];
  return Object.fromEntries(models.map(([model, weights]) => [model, weightsForm(weights)]));
}

function weightsForm(weights: Partial<TokenCounts>): object {
  const kinds = Object.keys(TOKEN_WEIGHT_NAMES) as (keyof TokenCounts)[];
  const set = kinds.filter((kind) => weights[kind] !== undefined);
  return Object.fromEntries(set.map((kind) => [TOKEN_WEIGHT_NAMES[kind], weights[kind]]));
}

function durationText(ms: number): string {
  for (const [length, unit] of UNITS) if (ms > 0 && ms % length === 0) return `${ms / length}${unit}`;
  return `${ms}ms`;
}

/** Fields in force that differ. */
export function policyChanges(before: Policy, after: Policy): PolicyChangeData[] {
  return KEYS.map((key) => ({
    field: POLICY_FIELD_NAMES[key],
    before: shownValue(before[key]),
    after: shownValue(after[key]),
    ...unitOf(key),
  })).filter((change) => change.before !== change.after);
}

function unitOf(key: keyof Policy): Pick<PolicyChangeData, 'unit'> {
  if (key.endsWith('Ms')) return { unit: 'ms' };
  return typeof DEFAULT_POLICY[key] === 'number' && key.includes('Percent') ? { unit: 'percent' } : {};
}

/** Numbers as they are: the page writes them as its reader does. */
function shownValue(value: unknown): number | string {
  return typeof value === 'number' || typeof value === 'string' ? value : entriesText(value);
}

/** `guardian 50, sandbox 12`; nested entries in brackets. */
function entriesText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  if (entries.length === 0) return 'none';
  return entries
    .map(
      ([name, entry]) => `${name} ${typeof entry === 'object' ? `(${entriesText(entry)})` : String(entry)}`,
    )
    .join(', ');
}
