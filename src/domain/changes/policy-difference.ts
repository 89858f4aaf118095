import type { PolicyChange } from '../model/changes.js';
import type { PolicyFields, PresetName } from '../model/policy.js';
import { POLICY_FIELDS, POLICY_ROWS, type PolicyKey } from '../policy/policy-fields.js';

/** Policies as they are set, against each other: what differs is kept of each change, not the whole. */

type Entries = readonly (readonly [string, unknown])[];
type Fields = Readonly<Record<string, unknown>>;

/** Of two policies in their one form (`tidyPolicy`). */
export function policyDifference(before: PolicyFields, after: PolicyFields): PolicyChange {
  const fields = POLICY_ROWS.map(([key]) => key).filter((key) => !isSame(before[key], after[key]));
  return { fields, before: partOf(before, after, fields), after: partOf(after, before, fields) };
}

/** What a policy has of these fields; of maps only the entries that the other has not, or has otherwise. */
function partOf(policy: PolicyFields, other: PolicyFields, fields: readonly PolicyKey[]): PolicyFields {
  const part: Record<string, unknown> = {};
  for (const key of fields) {
    const value = policy[key];
    if (value === undefined) continue;
    part[key] = isMap(key) ? entriesApart(value as Entries, (other[key] ?? []) as Entries) : value;
  }
  if (policy.preset !== undefined && !isSame(policy.preset, other.preset)) part['preset'] = policy.preset;
  return part as PolicyFields;
}

function entriesApart(entries: Entries, others: Entries): Entries {
  const known = new Map(others);
  return entries.filter(([name, value]) => !isSame(value, known.get(name)));
}

/** Its entries are named by operators, and may be many. */
function isMap(key: PolicyKey): boolean {
  const { kind } = POLICY_FIELDS[key];
  return ['shares-by-ai', 'weights-by-model', 'teams', 'limits-by-model'].includes(kind);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What is to be set to put the one before back. */
export interface PolicyUndo {
  readonly fields: PolicyFields;
  /** The fields to set; empty where the preset alone changed. */
  readonly mask: readonly PolicyKey[];
  readonly preset?: PresetName;
}

/**
 * Puts back what a change replaced, in the policy as it is now: fields that it did not change stay, and so do entries of maps that
 * others have changed since.
 */
export function undoOf(change: PolicyChange, current: PolicyFields): PolicyUndo {
  const fields: Record<string, unknown> = {};
  for (const key of change.fields) {
    fields[key] = isMap(key) ? entriesBefore(key, change, current) : change.before[key];
  }
  const [was, is] = [change.before.preset, change.after.preset];
  return {
    fields: fields as PolicyFields,
    mask: change.fields,
    ...(!isSame(was, is) && { preset: was?.name ?? 'WORK_SESSIONS' }),
  };
}

function entriesBefore(key: PolicyKey, change: PolicyChange, current: PolicyFields): Entries | undefined {
  const of = (policy: Fields) => (policy[key] ?? []) as Entries;
  const entries = new Map(of(current as Fields));
  for (const [name] of of(change.after as Fields)) entries.delete(name);
  for (const [name, value] of of(change.before as Fields)) entries.set(name, value);
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.length === 0 ? undefined : sorted;
}
