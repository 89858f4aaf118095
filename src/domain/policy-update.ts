import type { PolicyFields, TokenWeights } from './policy.js';
import type { PolicyPath } from './requests.js';
import { TOKEN_KINDS } from './types.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

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
  const set = Object.entries(fields).filter(([, value]) => value !== undefined);
  const result: Writable<PolicyFields> = Object.fromEntries(set);
  const { maxDailyPercentByAi, tokenWeights, tokenWeightsByModel, fallbackBudgetIds } = fields;
  if (maxDailyPercentByAi?.length) result.maxDailyPercentByAi = inOrder(maxDailyPercentByAi);
  else delete result.maxDailyPercentByAi;
  const models = tokenWeightsByModel?.map(([model, own]) => [model, tidyWeights(own) ?? {}] as const);
  if (models?.length) result.tokenWeightsByModel = inOrder(models);
  else delete result.tokenWeightsByModel;
  const weights = tidyWeights(tokenWeights);
  if (weights === undefined) delete result.tokenWeights;
  else result.tokenWeights = weights;
  if (!fallbackBudgetIds?.length) delete result.fallbackBudgetIds;
  return result;
}

function tidyWeights(weights: Partial<TokenWeights> | undefined): Partial<TokenWeights> | undefined {
  const set = TOKEN_KINDS.filter((kind) => weights?.[kind] !== undefined);
  return set.length === 0 ? undefined : Object.fromEntries(set.map((kind) => [kind, weights?.[kind]]));
}

function inOrder<T>(entries: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return [...new Map(entries)].sort(([a], [b]) => (a < b ? -1 : 1));
}

function canonicalText(fields: PolicyFields): string {
  const tidy = tidyPolicy(fields);
  return JSON.stringify(Object.entries(tidy).sort(([a], [b]) => (a < b ? -1 : 1)));
}
