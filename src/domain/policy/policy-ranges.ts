import { fits, TEXTS } from '../model/field-limits.js';
import type { FieldViolation } from '../model/outcomes.js';
import { isPercent } from '../model/percent.js';
import type { PolicyFields } from '../model/policy.js';
import { reservedAi, reservedModel } from '../model/reserved-names.js';
import { isUnit } from '../model/unit.js';
import { amount, duration } from '../model/wording.js';
import { isTimeZone } from '../time/windows.js';
import {
  MAX_WEIGHT,
  POLICY_ROWS,
  type PolicyField,
  TOKEN_WEIGHT_NAMES,
  type TokenWeights,
} from './policy-fields.js';
import { sizeViolations } from './policy-size.js';
import { MAX_TEAM_PATTERNS, SCOPE_ROWS, type ScopeField } from './scope-fields.js';

/** Every field that is out of its own range. */
export function rangeViolations(fields: PolicyFields): FieldViolation[] {
  const wrong = POLICY_ROWS.flatMap(([key, row]) => {
    const value = fields[key];
    return value === undefined ? [] : violationsOf(row, `policy.${row.name}`, value);
  });
  return [...wrong, ...sizeViolations(fields)];
}

function violationsOf(row: PolicyField, field: string, value: unknown): FieldViolation[] {
  switch (row.kind) {
    case 'shares-by-ai':
      return aiOverrides(field, value as NonNullable<PolicyFields['maxDailyPercentByAi']>, row.most);
    case 'weights':
      return weights(field, value as Partial<TokenWeights>);
    case 'weights-by-model':
      return modelOverrides(field, value as NonNullable<PolicyFields['tokenWeightsByModel']>, row.most);
    case 'budgets':
      return budgets(field, value as readonly string[], row.most);
    case 'percents':
      return percents(field, value as readonly number[], row.most);
    case 'teams':
      return teams(field, value as NonNullable<PolicyFields['teams']>, row.most);
    case 'limits-by-model':
      return modelLimits(field, value as NonNullable<PolicyFields['models']>, row.most);
    default: {
      const description = wrongValue(row, value);
      return description === undefined ? [] : [{ field, description }];
    }
  }
}

type Simple = Exclude<
  PolicyField,
  {
    kind:
      | 'shares-by-ai'
      | 'weights'
      | 'weights-by-model'
      | 'budgets'
      | 'percents'
      | 'teams'
      | 'limits-by-model';
  }
>;

/** What is right, for a person, if the value is not; undefined if it is. */
function wrongValue(row: Simple, value: unknown): string | undefined {
  switch (row.kind) {
    case 'choice':
      return row.values.includes(value as string) ? undefined : `must be one of ${row.values.join(', ')}`;
    case 'zone':
      return isTimeZone(value as string)
        ? undefined
        : 'must be the IANA name of a time zone, such as `Europe/Berlin` or `UTC`';
    case 'unit':
      return isUnit(value as string)
        ? undefined
        : 'must be `tokens`, or the ISO 4217 code of a currency in capitals, such as `USD`';
    default:
      return wrongNumber(row, value as number);
  }
}

function wrongNumber(
  row: Exclude<Simple, { kind: 'choice' | 'zone' | 'unit' }> | ScopeField,
  value: number,
): string | undefined {
  if (row.kind === 'share') return wrongShare(value);
  const { kind, least, most } = row;
  const inRange = value >= least && value <= most;
  if (kind === 'percent') return wrongPercent(value, least, most);
  if (Number.isSafeInteger(value) && inRange) return undefined;
  return kind === 'duration'
    ? `must be ${duration(least)} to ${duration(most)} in whole milliseconds; it is ${value} ms`
    : `must be a whole number from ${least} to ${amount(most)}; it is ${value}`;
}

function wrongShare(value: number): string | undefined {
  return isPercent(value) && value > 0 && value <= 100
    ? undefined
    : `must be above 0 and at most 100, with at most 4 decimal places; it is ${value}`;
}

function wrongPercent(value: number, least: number, most: number): string | undefined {
  return isPercent(value) && value >= least && value <= most
    ? undefined
    : `must be ${amount(least)} to ${amount(most)}, with at most 4 decimal places; it is ${value}`;
}

/** Below a percent there might be an alert for each of thousands of AIs. */
function percents(field: string, values: readonly number[], most: number): FieldViolation[] {
  const wrong = values.flatMap((value, index) => {
    const description = wrongPercent(value, 1, 100);
    return description === undefined ? [] : [{ field: `${field}[${index}]`, description }];
  });
  return [...tooMany(field, values.length, most), ...wrong];
}

function aiOverrides(
  field: string,
  entries: readonly (readonly [string, number])[],
  most: number,
): FieldViolation[] {
  const violations = tooMany(field, entries.length, most);
  for (const [aiId, percent] of entries) {
    const wrong = fits(TEXTS.aiId, aiId)
      ? (reservedAi(aiId) ?? wrongShare(percent))
      : `an AI id is ${TEXTS.aiId.rule}`;
    if (wrong !== undefined) violations.push({ field: entryOf(field, aiId), description: wrong });
  }
  return violations;
}

function modelOverrides(
  field: string,
  entries: readonly (readonly [string, Partial<TokenWeights>])[],
  most: number,
): FieldViolation[] {
  const violations = tooMany(field, entries.length, most);
  for (const [model, own] of entries) {
    const entry = entryOf(field, model);
    const wrong = fits(TEXTS.model, model) ? reservedModel(model) : `a model is ${TEXTS.model.rule}`;
    if (wrong === undefined) violations.push(...weights(entry, own));
    else violations.push({ field: entry, description: wrong });
  }
  return violations;
}

function teams(field: string, entries: NonNullable<PolicyFields['teams']>, most: number): FieldViolation[] {
  const violations = tooMany(field, entries.length, most);
  let patterns = 0;
  for (const [teamId, team] of entries) {
    const entry = entryOf(field, teamId);
    patterns += team.aiIds?.length ?? 0;
    if (!fits(TEXTS.teamId, teamId))
      violations.push({ field: entry, description: `a team id is ${TEXTS.teamId.rule}` });
    else violations.push(...members(`${entry}.ai_ids`, team.aiIds ?? []), ...scope(entry, 'teams', team));
  }
  if (patterns > MAX_TEAM_PATTERNS) {
    const description = `must have at most ${MAX_TEAM_PATTERNS} ai_ids in all; it has ${amount(patterns)}`;
    violations.push({ field, description });
  }
  return violations;
}

function members(field: string, patterns: readonly string[]): FieldViolation[] {
  if (patterns.length === 0)
    return [{ field, description: 'must name at least one AI, or a pattern such as `web/*`' }];
  return patterns.flatMap((pattern, index) => {
    const wrong = fits(TEXTS.aiPattern, pattern)
      ? reservedAi(pattern)
      : `an AI id or a pattern of one is ${TEXTS.aiPattern.rule}`;
    return wrong === undefined ? [] : [{ field: `${field}[${index}]`, description: wrong }];
  });
}

function modelLimits(
  field: string,
  entries: NonNullable<PolicyFields['models']>,
  most: number,
): FieldViolation[] {
  const violations = tooMany(field, entries.length, most);
  for (const [pattern, limits] of entries) {
    const entry = entryOf(field, pattern);
    const wrong = fits(TEXTS.model, pattern)
      ? reservedModel(pattern)
      : `a model or a pattern of one is ${TEXTS.model.rule}`;
    if (wrong === undefined) violations.push(...scope(entry, 'limits-by-model', limits));
    else violations.push({ field: entry, description: wrong });
  }
  return violations;
}

/** The numbers of a team, or of a model's limit. */
function scope(field: string, kind: keyof typeof SCOPE_ROWS, own: object): FieldViolation[] {
  const values = own as Readonly<Record<string, number | undefined>>;
  return SCOPE_ROWS[kind].flatMap(([key, row]) => {
    const value = values[key];
    const wrong = value === undefined ? undefined : wrongNumber(row, value);
    return wrong === undefined ? [] : [{ field: `${field}.${row.name}`, description: wrong }];
  });
}

function weights(field: string, own: Partial<TokenWeights>): FieldViolation[] {
  return (Object.keys(TOKEN_WEIGHT_NAMES) as (keyof TokenWeights)[]).flatMap((kind) => {
    const value = own[kind];
    const wrong = value === undefined ? undefined : wrongPercent(value, 0, MAX_WEIGHT);
    return wrong === undefined ? [] : [{ field: `${field}.${TOKEN_WEIGHT_NAMES[kind]}`, description: wrong }];
  });
}

function budgets(field: string, ids: readonly string[], most: number): FieldViolation[] {
  const violations = tooMany(field, ids.length, most);
  for (const [index, id] of ids.entries()) {
    if (fits(TEXTS.budgetId, id)) continue;
    const description = `a budget id is ${TEXTS.budgetId.rule}`;
    violations.push({ field: `${field}[${index}]`, description });
  }
  return violations;
}

function tooMany(field: string, count: number, most: number): FieldViolation[] {
  if (count <= most) return [];
  return [{ field, description: `must have at most ${amount(most)} entries; it has ${amount(count)}` }];
}

function entryOf(field: string, key: string): string {
  return `${field}[${JSON.stringify(key.slice(0, TEXTS.aiId.most))}]`;
}
