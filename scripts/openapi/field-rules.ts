import type { DescField } from '@bufbuild/protobuf';
import { MAX_AMOUNT } from '../../src/domain/model/limits.js';
import {
  MAX_WEIGHT,
  POLICY_ROWS,
  type PolicyField,
  TOKEN_WEIGHT_NAMES,
} from '../../src/domain/policy/policy-fields.js';

/** What the checks of requests demand of a field beyond its type; the comments of the proto files say it in words. */

export interface FieldRule {
  readonly [keyword: string]: unknown;
}

const DAY = { format: 'date', pattern: '^\\d{4}-\\d{2}-\\d{2}$' };
const ID = { pattern: '^[!-~]{1,128}$' };

/** By the name that a field has in every request. Whoever breaks one of these is refused. */
const REQUEST_RULES: Readonly<Record<string, FieldRule>> = {
  budget_id: { pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' },
  ai_id: ID,
  request_id: ID,
  adjustment_id: ID,
  usage_id: { pattern: '^[!-~]{0,128}$' },
  lease_id: { minLength: 1, maxLength: 160 },
  day: DAY,
  from_day: DAY,
  to_day: DAY,
  month: { pattern: '^\\d{4}-(0[1-9]|1[0-2])$' },
  reason: text(256),
  model: text(128),
  request_type: text(64),
  error_message: { maxLength: 512 },
  page_size: { minimum: 0 },
  tokens: { minimum: -MAX_AMOUNT, maximum: MAX_AMOUNT },
};

/** By the name of a message, then of its field: ranges that hold there alone. */
const MESSAGE_RULES: Readonly<Record<string, Readonly<Record<string, FieldRule>>>> = {
  Policy: Object.fromEntries(POLICY_ROWS.map(([, row]) => [row.name, rangeOf(row)])),
  TokenWeights: Object.fromEntries(
    Object.values(TOKEN_WEIGHT_NAMES).map((name) => [name, { minimum: 0, maximum: MAX_WEIGHT }]),
  ),
};

/** What is demanded of a field of a request; undefined if nothing is beyond its type. */
export function ruleFor(field: DescField): FieldRule | undefined {
  return MESSAGE_RULES[field.parent.name]?.[field.name] ?? REQUEST_RULES[field.name];
}

function rangeOf(row: PolicyField): FieldRule {
  switch (row.kind) {
    case 'tokens':
    case 'slots':
    case 'percent':
      return { minimum: row.least, maximum: row.most };
    case 'share':
      return { exclusiveMinimum: 0, maximum: 100 };
    case 'budgets':
      return { maxItems: row.most };
    case 'shares-by-ai':
    case 'weights-by-model':
      return { maxProperties: row.most };
    default:
      return {};
  }
}

/** The range of every other amount of tokens. */
export const AMOUNT: FieldRule = { minimum: 0, maximum: MAX_AMOUNT };

/** Bytes are counted, of which a character has one or more. */
function text(maxLength: number): FieldRule {
  return { maxLength, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' };
}
