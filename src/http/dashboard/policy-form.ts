import { DEFAULT_POLICY, type Policy, type PolicyFields } from '../../domain/model/policy.js';
import type { TokenCounts } from '../../domain/model/types.js';
import {
  POLICY_FIELDS,
  POLICY_GROUPS,
  POLICY_KEYS,
  POLICY_ROWS,
  type PolicyKey,
  TOKEN_WEIGHT_NAMES,
} from '../../domain/policy/policy-fields.js';
import type { FormGroup, PolicyChangeData, PolicyForm } from './page-data.js';

/** A policy under the API's names, with values as CONFIG_FILE writes them, and as a person reads them. */

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1_000, 's'],
] as const;

/** What is set. */
export function policyForm(fields: PolicyFields): PolicyForm {
  const set = POLICY_KEYS.filter((key) => fields[key] !== undefined);
  return Object.fromEntries(set.map((key) => [POLICY_FIELDS[key].name, formValue(key, fields[key])]));
}

export const DEFAULTS: PolicyForm = Object.fromEntries(
  POLICY_KEYS.map((key) => [POLICY_FIELDS[key].name, formValue(key, DEFAULT_POLICY[key])]),
);

/** The fields as the form asks for them. */
export const FORM_GROUPS: readonly FormGroup[] = POLICY_GROUPS.map((title) => {
  const rows = POLICY_ROWS.map(([, row]) => row).filter(({ group }) => group === title);
  const fields = rows.map((row) => {
    const { name, kind, help } = row;
    return { name, kind, help, ...(row.kind === 'choice' && { values: row.values }) };
  });
  return { title, fields };
});

function formValue(key: PolicyKey, value: unknown): unknown {
  switch (POLICY_FIELDS[key].kind) {
    case 'duration':
      return durationText(value as number);
    case 'weights':
      return weightsForm(value as Partial<TokenCounts>);
    case 'shares-by-ai':
      return Object.fromEntries(value as Iterable<[string, number]>);
    case 'weights-by-model': {
      const models = [...(value as Iterable<readonly [string, Partial<TokenCounts>]>)];
      return Object.fromEntries(models.map(([model, weights]) => [model, weightsForm(weights)]));
    }
    default:
      return value;
  }
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
  return POLICY_KEYS.map((key) => ({
    field: POLICY_FIELDS[key].name,
    before: shownValue(before[key]),
    after: shownValue(after[key]),
    ...unitOf(key),
  })).filter((change) => change.before !== change.after);
}

function unitOf(key: PolicyKey): Pick<PolicyChangeData, 'unit'> {
  switch (POLICY_FIELDS[key].kind) {
    case 'duration':
      return { unit: 'ms' };
    case 'share':
    case 'percent':
      return { unit: 'percent' };
    default:
      return {};
  }
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
