import { type Refused, refused } from '../model/outcomes.js';
import type { PolicyFields } from '../model/policy.js';
import type { PolicyPath, PutPolicyRequest } from '../model/requests.js';
import { TOKEN_KINDS } from '../model/types.js';
import { workabilityViolations } from './policy-check.js';
import { POLICY_ROWS, type PolicyField, type TokenWeights } from './policy-fields.js';
import { rangeViolations } from './policy-ranges.js';
import { SCOPE_ROWS, type ScopeLimitFields, type TeamFields } from './scope-fields.js';

/** The policy after a change: `fields` as a whole, or with a mask those that it names. Named and unset means the default. */
export function updatePolicy(
  current: PolicyFields,
  fields: PolicyFields,
  mask?: readonly PolicyPath[],
): PolicyFields {
  if (mask === undefined) return tidyPolicy(fields);
  const updated: Record<string, unknown> = { ...current };
  for (const path of mask) {
    const [name, kind] = path.split('.') as [keyof PolicyFields, keyof TokenWeights | undefined];
    updated[name] =
      kind === undefined
        ? fields[name]
        : { ...(updated['tokenWeights'] as object | undefined), [kind]: fields.tokenWeights?.[kind] };
  }
  return tidyPolicy(updated as PolicyFields);
}

/** Whether two policies set the same, whatever the order of their fields and entries. A default set by name is not an unset one. */
export function samePolicy(a: PolicyFields, b: PolicyFields): boolean {
  return canonicalText(a) === canonicalText(b);
}

/** One form for one content: entries in the order of their names, and nothing that is unset or empty. */
export function tidyPolicy(fields: PolicyFields): PolicyFields {
  const tidy: Record<string, unknown> = { ...fields };
  for (const [key, row] of POLICY_ROWS) {
    const value = fields[key] === undefined ? undefined : tidyValue(row, fields[key]);
    if (value === undefined) delete tidy[key];
    else tidy[key] = value;
  }
  return tidy as PolicyFields;
}

type Pairs<T> = readonly (readonly [string, T])[];

function tidyValue({ kind }: PolicyField, value: unknown): unknown {
  switch (kind) {
    case 'shares-by-ai':
      return unlessEmpty(inOrder(value as Pairs<number>));
    case 'weights':
      return tidyWeights(value as Partial<TokenWeights>);
    case 'weights-by-model': {
      const models = value as Pairs<Partial<TokenWeights>>;
      return unlessEmpty(inOrder(models.map(([model, own]) => [model, tidyWeights(own) ?? {}] as const)));
    }
    case 'budgets':
      return unlessEmpty(value as readonly string[]);
    case 'percents':
      return unlessEmpty([...new Set(value as readonly number[])].sort((a, b) => a - b));
    case 'teams': {
      const teams = value as Pairs<TeamFields>;
      return unlessEmpty(inOrder(teams.map(([teamId, own]) => [teamId, tidyTeam(own)] as const)));
    }
    case 'limits-by-model': {
      const models = value as Pairs<ScopeLimitFields>;
      return unlessEmpty(inOrder(models.map(([pattern, own]) => [pattern, tidyScope(own)] as const)));
    }
    default:
      return value;
  }
}

function unlessEmpty<T>(entries: readonly T[]): readonly T[] | undefined {
  return entries.length === 0 ? undefined : entries;
}

function tidyWeights(weights: Partial<TokenWeights>): Partial<TokenWeights> | undefined {
  const set = TOKEN_KINDS.filter((kind) => weights[kind] !== undefined);
  return set.length === 0 ? undefined : Object.fromEntries(set.map((kind) => [kind, weights[kind]]));
}

function tidyTeam({ aiIds, ...own }: TeamFields): TeamFields {
  return { ...tidyScope(own), ...(aiIds !== undefined && { aiIds: [...new Set(aiIds)].sort() }) };
}

/** In the order of the table, whatever that of the message was. */
function tidyScope(own: object): object {
  const set = SCOPE_ROWS.teams.map(([key]) => [key, own[key as keyof typeof own]] as const);
  return Object.fromEntries(set.filter(([, value]) => value !== undefined));
}

function inOrder<T>(entries: Pairs<T>): Pairs<T> {
  return [...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : 1));
}

function canonicalText(fields: PolicyFields): string {
  const tidy = tidyPolicy(fields);
  return JSON.stringify(Object.entries(tidy).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What a change of policy asks for. */
type PolicyChange = Pick<PutPolicyRequest, 'fields' | 'updateMask'>;

/** The policy that a change makes of the current one, if it may be set at all. */
export function changedPolicy(current: PolicyFields, change: PolicyChange): PolicyFields | Refused {
  const preset = change.fields.preset ?? current.preset;
  const updated = updatePolicy(current, change.fields, change.updateMask);
  const fields = tidyPolicy({ ...updated, ...(preset && { preset }) });
  const invalid = rangeViolations(fields);
  if (invalid.length > 0) return refused({ reason: 'INVALID_FIELD', violations: invalid });
  const unworkable = workabilityViolations(fields);
  if (unworkable.length > 0) return refused({ reason: 'UNWORKABLE_POLICY', violations: unworkable });
  return fields;
}

export function isRefused(changed: PolicyFields | Refused): changed is Refused {
  return 'kind' in changed;
}
