import { type DescField, ScalarType } from '@bufbuild/protobuf';
import {
  BUDGET_ID_PATTERN,
  DURATIONS,
  ENTRIES,
  NUMBERS,
  type NumberLimit,
  TEXTS,
  type TextLimit,
} from '../../src/domain/model/field-limits.js';
import { OTHER, UNKNOWN } from '../../src/domain/model/types.js';
import {
  MAX_WEIGHT,
  POLICY_ROWS,
  type PolicyField,
  TOKEN_WEIGHT_NAMES,
} from '../../src/domain/policy/policy-fields.js';
import { MAX_TEAM_PATTERNS, SCOPE_ROWS, type ScopeField } from '../../src/domain/policy/scope-fields.js';
import { FIRST_DAY, FIRST_MONTH, LAST_DAY, LAST_MONTH } from '../../src/domain/time/calendar.js';
import { wholeWithin } from './whole-within.js';

/** What the checks of requests demand of a field beyond its type, from where they read it; comments of the proto files say it in words. */

export interface Keywords {
  readonly [keyword: string]: unknown;
}

export interface FieldRule {
  /** Of the value, or of each in a list or map. */
  readonly value: Keywords;
  /** Of each key of a map. */
  readonly key?: Keywords;
  /** How many entries a list or map may have. */
  readonly entries?: number;
}

const MONTH_PATTERN = '^[0-9]{4}-(0[1-9]|1[0-2])';
const DAY = value({
  ...{ format: 'date', pattern: `${MONTH_PATTERN}-(0[1-9]|[12][0-9]|3[01])$` },
  ...{ 'x-minimum': FIRST_DAY, 'x-maximum': LAST_DAY },
});
const MOMENT = value({ pattern: `${MONTH_PATTERN}-(0[1-9]|[12][0-9]|3[01])T[0-9:.]+(Z|[+-][0-9:]+)$` });

const FREE = value({});
const UNIT = value({ pattern: '^(tokens|[A-Z]{3})$' });
const SHARE = value({ exclusiveMinimum: 0, maximum: 100 });

/** By the name that a field has in every request. Whoever breaks one of these is refused. */
const BY_NAME: Readonly<Record<string, FieldRule>> = {
  budget_id: text(TEXTS.budgetId),
  ai_id: text(TEXTS.aiId, OTHER),
  request_id: text(TEXTS.requestId),
  adjustment_id: text(TEXTS.adjustmentId),
  top_up_id: text(TEXTS.topUpId),
  alert_id: text(TEXTS.alertId),
  team_id: text(TEXTS.teamId),
  lease_id: text(TEXTS.leaseId),
  day: DAY,
  from_day: DAY,
  to_day: DAY,
  month: value({ pattern: `${MONTH_PATTERN}$`, 'x-minimum': FIRST_MONTH, 'x-maximum': LAST_MONTH }),
  expires_at: MOMENT,
  until: MOMENT,
  from: MOMENT,
  to: MOMENT,
  reason: text(TEXTS.reason),
  etag: text(TEXTS.etag),
  request_type: text(TEXTS.requestType),
  error_message: text(TEXTS.errorMessage),
  days: number(NUMBERS.simulatedDays),
  demand_percent: number(NUMBERS.demandPercent),
  returns_percent: number(NUMBERS.returnsPercent),
  page_size: number(NUMBERS.pageSize),
  page_token: text(TEXTS.pageToken),
  estimated_tokens: number(NUMBERS.estimatedTokens),
  at_least_tokens: number(NUMBERS.atLeastTokens),
  reserve_tokens: number(NUMBERS.reserveTokens),
  lease_ttl: duration(DURATIONS.leaseTtl, '[0-9]{1,9}'),
  wait: duration(DURATIONS.wait, '[0-9]{1,9}'),
  labels: {
    value: text(TEXTS.labelValue).value,
    key: text(TEXTS.labelKey).value,
    entries: ENTRIES.labels,
  },
};

/** By the name of a message, then of its field: what holds there alone. */
const BY_MESSAGE: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  AcquireSlotRequest: { model: text(TEXTS.modelOrNone, OTHER, UNKNOWN) },
  AdjustUsageRequest: {
    reason: text(TEXTS.reasonOfAdjustment),
    model: text(TEXTS.model, OTHER),
    tokens: number(NUMBERS.adjustedTokens),
  },
  AddTopUpRequest: {
    reason: text(TEXTS.reasonOfAdjustment),
    tokens: number(NUMBERS.topUpTokens),
  },
  GetAvailabilityRequest: { model: text(TEXTS.modelOrNone, OTHER, UNKNOWN) },
  /** It may ask for what was granted before a name was reserved. */
  LeaseRequest: { ai_id: text(TEXTS.aiId) },
  /** Those that nobody counted by name, too. */
  ListDenialsRequest: { ai_id: text(TEXTS.aiId) },
  /** Names that stand for many, too; and HOUR stands alone, which no keyword says. */
  ListUsageRequest: {
    ai_id: text(TEXTS.aiId),
    model: text(TEXTS.model),
    team_id: value({ pattern: `^(\\(none\\)|${BUDGET_ID_PATTERN})$` }),
    by: { value: {}, entries: ENTRIES.groupings },
  },
  ModelLimit: Object.fromEntries(SCOPE_ROWS['limits-by-model'].map(([, row]) => [row.name, policyRule(row)])),
  Policy: Object.fromEntries(POLICY_ROWS.map(([, row]) => [row.name, policyRule(row)])),
  SilenceAlertsRequest: { rules: { value: {}, entries: ENTRIES.silencedRules } },
  Team: {
    ...Object.fromEntries(SCOPE_ROWS.teams.map(([, row]) => [row.name, policyRule(row)])),
    ai_ids: { value: text(TEXTS.aiPattern, OTHER).value, entries: MAX_TEAM_PATTERNS },
  },
  TokenCounts: Object.fromEntries(
    ['input', 'output', 'cache_read', 'cache_write', 'reasoning', 'total'].map((kind) => [
      `${kind}_tokens`,
      number(NUMBERS.countedTokens),
    ]),
  ),
  TokenWeights: Object.fromEntries(
    Object.values(TOKEN_WEIGHT_NAMES).map((name) => [name, number({ least: 0, most: MAX_WEIGHT })]),
  ),
  Usage: {
    // Of a release it may be empty.
    usage_id: text({ ...TEXTS.usageId, least: 0 }),
    model: text(TEXTS.modelOrNone, OTHER, UNKNOWN),
    calls: number(NUMBERS.calls),
  },
};

/** What is demanded of a field of a request. A text, number or duration that nobody has thought of has no place in a request. */
export function ruleFor(field: DescField): FieldRule {
  const rule = BY_MESSAGE[field.parent.name]?.[field.name] ?? BY_NAME[field.name];
  if (rule !== undefined) return rule;
  const isFree =
    field.fieldKind === 'enum' ||
    (field.fieldKind === 'scalar' && field.scalar === ScalarType.BOOL) ||
    (field.fieldKind === 'message' && field.message.typeName !== 'google.protobuf.Duration');
  if (!isFree) throw new Error(`${field.toString()} has no limits: give it some in field-rules.ts`);
  return FREE;
}

function policyRule(row: PolicyField | ScopeField): FieldRule {
  const { kind } = row;
  switch (kind) {
    case 'tokens':
    case 'count':
    case 'percent':
      return number(row);
    case 'share':
      return SHARE;
    case 'duration':
      return duration(row, '[0-9]{1,3}0{0,6}');
    case 'budgets':
      return { value: text(TEXTS.budgetId).value, entries: row.most };
    case 'percents':
      return { value: number({ least: 1, most: 100 }).value, entries: row.most };
    case 'shares-by-ai':
      return { value: SHARE.value, key: text(TEXTS.aiId, OTHER).value, entries: row.most };
    case 'weights-by-model':
    case 'limits-by-model':
      return { value: {}, key: text(TEXTS.model, OTHER, UNKNOWN).value, entries: row.most };
    case 'teams':
      return { value: {}, key: text(TEXTS.teamId).value, entries: row.most };
    case 'unit':
      return UNIT;
    default:
      return FREE;
  }
}

function value(keywords: Keywords): FieldRule {
  return { value: keywords };
}

/** JSON Schema counts characters. Of what is counted in bytes no text may have more of them, and `x-maxBytes` says the rest. */
function text({ least, most, unit, pattern }: TextLimit, ...reserved: readonly string[]): FieldRule {
  return value({
    ...(least > 0 && { minLength: least }),
    ...{ maxLength: most, pattern: pattern.source },
    ...(unit === 'bytes' && { 'x-maxBytes': most }),
    ...(reserved.length > 0 && { not: { enum: reserved } }),
  });
}

function number({ least, most, not }: NumberLimit): FieldRule {
  return value({ minimum: least, maximum: most, ...(not !== undefined && { not: { enum: [not] } }) });
}

/** In the JSON of protobuf, with the bounds as that has them beside the pattern. Bounds are whole seconds. */
function duration({ least, most }: NumberLimit, fraction: string): FieldRule {
  const [from, to] = [least / 1_000, most / 1_000];
  const within = `${wholeWithin(from, to - 1)}(?:\\.${fraction})?`;
  return value({
    pattern: `^(?:${within}|${to}(?:\\.0{1,9})?)s$`,
    ...{ 'x-minimum': `${from}s`, 'x-maximum': `${to}s` },
  });
}
