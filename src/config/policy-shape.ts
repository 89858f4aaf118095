import { z } from 'zod';
import type { FieldViolation } from '../domain/model/outcomes.js';
import { type PolicyFields, PRESETS } from '../domain/model/policy.js';
import {
  POLICY_ROWS,
  type PolicyField,
  TOKEN_WEIGHT_NAMES,
  type TokenWeights,
} from '../domain/policy/policy-fields.js';
import { presetOf } from '../domain/policy/presets.js';
import { SCOPE_ROWS, type ScopeLimitFields, type TeamFields } from '../domain/policy/scope-fields.js';
import { DURATION_RULE, isNot, parseDuration, parsed } from './values.js';

/**
 * The form of a policy in YAML: the names of the API, durations and enum values as text. Ranges are not checked here,
 * but by the rules that the API has too.
 */

const tokens = z.number({ error: isNot('a whole number of tokens') });
const count = z.number({ error: isNot('a whole number') });
const percent = z.number({ error: isNot('a percentage: a number such as 0.5') });
const duration = parsed(parseDuration, DURATION_RULE);
const weights = renamed<Partial<TokenWeights>>(
  Object.entries(TOKEN_WEIGHT_NAMES).map(([kind, name]) => [kind, name, percent]),
);

const aiIds = z.array(z.string({ error: isNot('an AI id or a pattern') }), {
  error: isNot('a list of AI ids or patterns'),
});
const team = renamed<TeamFields>([['aiIds', 'ai_ids', aiIds], ...shapesOf('teams')]);
const modelLimit = renamed<ScopeLimitFields>(shapesOf('limits-by-model'));

function shapesOf(kind: keyof typeof SCOPE_ROWS): [own: string, name: string, shape: z.ZodType][] {
  return SCOPE_ROWS[kind].map(([key, row]) => [key, row.name, row.kind === 'count' ? count : percent]);
}
const preset = z.enum(PRESETS, { error: isNot(`one of ${PRESETS.join(', ')}`) }).transform(presetOf);

/** The form of one field, by its kind. */
function shapeOf(row: PolicyField): z.ZodType {
  switch (row.kind) {
    case 'tokens':
      return tokens;
    case 'count':
      return count;
    case 'share':
    case 'percent':
      return percent;
    case 'duration':
      return duration;
    case 'choice':
      return z.enum(row.values, { error: isNot(`one of ${row.values.join(', ')}`) });
    case 'zone':
      return z.string({ error: isNot('the IANA name of a time zone, such as Europe/Berlin') });
    case 'unit':
      return z.string({ error: isNot('tokens, or the code of a currency, such as USD') });
    case 'budgets':
      return z.array(z.string({ error: isNot('a budget id') }), { error: isNot('a list of budget ids') });
    case 'percents':
      return z.array(percent, { error: isNot('a list of percentages, such as [50, 80, 95]') });
    case 'shares-by-ai':
      return byName(percent, 'a map from AI ids to percentages');
    case 'weights':
      return weights;
    case 'weights-by-model':
      return byName(weights, 'a map from models to token weights');
    case 'teams':
      return byName(team, 'a map from team ids to teams');
    case 'limits-by-model':
      return byName(modelLimit, 'a map from models or patterns to limits');
  }
}

/** A policy; nothing at all is one with every default. */
export const POLICY_SHAPE = z.preprocess(
  (value) => value ?? {},
  renamed<PolicyFields>([
    ...POLICY_ROWS.map(([key, row]) => [key, row.name, shapeOf(row)] as const),
    ['preset', 'preset', preset],
  ]),
);

/** The whole file, its sections not yet looked at. */
export const FILE_SHAPE = z.strictObject(
  {
    alert_sinks: z.unknown().optional(),
    budgets: byName(z.unknown(), 'a map from budget ids to policies').optional(),
    credentials: z.unknown().optional(),
    metrics: z.unknown().optional(),
    tls: z.unknown().optional(),
  },
  { error: isNot('a map with the key "budgets"') },
);

/** A map with our own names for its keys, every one optional, from one with the API's. */
function renamed<T extends object>(
  fields: readonly (readonly [own: string, name: string, shape: z.ZodType])[],
): z.ZodType<T> {
  const shape = fields.map(([, name, schema]) => [name, schema.optional()]);
  const own = new Map(fields.map(([key, name]) => [name, key]));
  return z
    .strictObject(Object.fromEntries(shape), {
      error: isNot(`a map of settings such as ${fields[0]?.[1]}`),
    })
    .transform((value): T => {
      const entries = Object.entries(value).map(([name, field]) => [own.get(name), field]);
      return Object.fromEntries(entries);
    });
}

/** A map keyed by names that callers make, as pairs ordered by name. Not z.record: it drops `__proto__`. */
function byName<T>(schema: z.ZodType<T>, expected: string) {
  return z.unknown().transform((value, context): (readonly [string, T])[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      context.addIssue({ code: 'custom', message: isNot(expected)({ input: value }) });
      return z.NEVER;
    }
    const pairs: (readonly [string, T])[] = [];
    for (const [name, entry] of Object.entries(value)) {
      const result = schema.safeParse(entry);
      if (result.success) pairs.push([name, result.data]);
      else for (const issue of result.error.issues) context.issues.push(beneath(name, issue));
    }
    return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  });
}

function beneath(name: string, issue: z.core.$ZodIssue): z.core.$ZodRawIssue {
  return { ...issue, path: [name, ...issue.path], input: issue.input } as z.core.$ZodRawIssue;
}

/** A policy in the form that CONFIG_FILE has for it, from wherever it comes. Ranges are for the domain to judge. */
export function readPolicy(
  value: unknown,
): { readonly fields: PolicyFields } | { readonly violations: readonly FieldViolation[] } {
  const result = POLICY_SHAPE.safeParse(value);
  if (result.success) return { fields: result.data };
  const violations = result.error.issues.map((issue) => ({
    field: ['policy', ...issue.path].join('.'),
    description: issue.code === 'unrecognized_keys' ? `there is no ${issue.keys.join(', ')}` : issue.message,
  }));
  return { violations };
}
