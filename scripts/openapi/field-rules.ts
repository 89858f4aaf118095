/** What the checks of requests demand of a field beyond its type; the comments of the proto files say it in words. */

export interface FieldRule {
  readonly [keyword: string]: unknown;
}

const MAX_AMOUNT = 1_000_000_000_000;
const DAY = { format: 'date', pattern: '^\\d{4}-\\d{2}-\\d{2}$' };
const ID = { pattern: '^[!-~]{1,128}$' };

/** By the name that a field has in every request. Whoever breaks one of these is refused. */
export const REQUEST_RULES: Readonly<Record<string, FieldRule>> = {
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
  max_concurrent: { minimum: 1, maximum: 1_000 },
  max_concurrent_per_ai: { minimum: 1, maximum: 1_000 },
  tokens: { minimum: -MAX_AMOUNT, maximum: MAX_AMOUNT },
};

/** The range of every other amount of tokens. */
export const AMOUNT: FieldRule = { minimum: 0, maximum: MAX_AMOUNT };

/** Bytes are counted, of which a character has one or more. */
function text(maxLength: number): FieldRule {
  return { maxLength, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' };
}
