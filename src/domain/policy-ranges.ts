import { MAX_AMOUNT } from './limits.js';
import type { FieldViolation } from './outcomes.js';
import { isPercent } from './percent.js';
import type { PolicyFields, TokenWeights } from './policy.js';
import { POLICY_FIELD_NAMES, TOKEN_WEIGHT_NAMES } from './policy-names.js';
import { reservedAi, reservedModel } from './reserved-names.js';
import { isTimeZone } from './windows.js';
import { amount, duration } from './wording.js';

const SECOND = 1_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MAX_SLOTS = 1_000;
// With these the largest legal policy stays within the 64 KiB that a message may have.
const MAX_AI_OVERRIDES = 250;
const MAX_MODEL_OVERRIDES = 100;
const MAX_FALLBACKS = 16;

/** What is right, for a person, if the value is not; undefined if it is. */
type Check<T> = (value: T) => string | undefined;

const share: Check<number> = (value) =>
  isPercent(value) && value > 0 && value <= 100
    ? undefined
    : `must be above 0 and at most 100, with at most 4 decimal places; it is ${value}`;

const CHECKS: { readonly [K in keyof Required<PolicyFields>]?: Check<NonNullable<PolicyFields[K]>> } = {
  monthlyLimit: tokens(1),
  enforcedPercent: share,
  maxDailyPercent: share,
  maxHourlyPercent: share,
  minDailyPercent: percentage(100),
  pacing: oneOf('NONE', 'FLOOR', 'EVEN'),
  mode: oneOf('ENFORCE', 'OBSERVE'),
  maxDailyPercentPerAi: share,
  maxRequestTokens: tokens(0),
  maxReportTokens: tokens(0),
  cooldownMs: lasting(0, 31 * DAY),
  maxConcurrent: whole(1, MAX_SLOTS),
  maxConcurrentPerAi: whole(1, MAX_SLOTS),
  sessionGraceMs: lasting(0, HOUR),
  leaseTtlMs: lasting(SECOND, DAY),
  maxLeaseDurationMs: lasting(SECOND, DAY),
  defaultReservation: tokens(0),
  minReservation: tokens(1),
  minEstimate: tokens(0),
  onExpiry: oneOf('CHARGE', 'REFUND'),
  lateReportGraceMs: lasting(0, DAY),
  timeZone: (zone) =>
    isTimeZone(zone) ? undefined : 'must be the IANA name of a time zone, such as `Europe/Berlin` or `UTC`',
  warningPercent: share,
  criticalPercent: share,
  emergencyPercent: share,
};

/** Every field that is out of its own range. */
export function rangeViolations(fields: PolicyFields): FieldViolation[] {
  const violations: FieldViolation[] = [];
  for (const key of Object.keys(CHECKS) as (keyof PolicyFields)[]) {
    const value = fields[key];
    const wrong = value === undefined ? undefined : (CHECKS[key] as Check<unknown>)(value);
    if (wrong !== undefined)
      violations.push({ field: `policy.${POLICY_FIELD_NAMES[key]}`, description: wrong });
  }
  return [
    ...violations,
    ...aiOverrides(fields),
    ...weights('policy.token_weights', fields.tokenWeights ?? {}),
    ...modelOverrides(fields),
    ...fallbacks(fields),
  ];
}

function aiOverrides(fields: PolicyFields): FieldViolation[] {
  const entries = fields.maxDailyPercentByAi ?? [];
  const field = 'policy.max_daily_percent_by_ai';
  const violations = tooMany(field, entries.length, MAX_AI_OVERRIDES);
  for (const [aiId, percent] of entries) {
    const wrong = /^[!-~]{1,128}$/.test(aiId)
      ? (reservedAi(aiId) ?? share(percent))
      : 'an AI id is 1 to 128 printable ASCII characters without spaces';
    if (wrong !== undefined) violations.push({ field: entryOf(field, aiId), description: wrong });
  }
  return violations;
}

function modelOverrides(fields: PolicyFields): FieldViolation[] {
  const entries = fields.tokenWeightsByModel ?? [];
  const field = 'policy.token_weights_by_model';
  const violations = tooMany(field, entries.length, MAX_MODEL_OVERRIDES);
  for (const [model, own] of entries) {
    const entry = entryOf(field, model);
    const wrong = isModelName(model)
      ? reservedModel(model)
      : 'a model is 1 to 128 bytes without control characters';
    if (wrong === undefined) violations.push(...weights(entry, own));
    else violations.push({ field: entry, description: wrong });
  }
  return violations;
}

function weights(field: string, own: Partial<TokenWeights>): FieldViolation[] {
  const inRange = percentage(10_000);
  return (Object.keys(TOKEN_WEIGHT_NAMES) as (keyof TokenWeights)[]).flatMap((kind) => {
    const value = own[kind];
    const wrong = value === undefined ? undefined : inRange(value);
    return wrong === undefined ? [] : [{ field: `${field}.${TOKEN_WEIGHT_NAMES[kind]}`, description: wrong }];
  });
}

function fallbacks(fields: PolicyFields): FieldViolation[] {
  const ids = fields.fallbackBudgetIds ?? [];
  const field = 'policy.fallback_budget_ids';
  const violations = tooMany(field, ids.length, MAX_FALLBACKS);
  for (const [index, id] of ids.entries()) {
    if (/^[a-z0-9][a-z0-9._-]{0,62}$/.test(id)) continue;
    const description = 'a budget id is 1 to 63 characters, `[a-z0-9][a-z0-9._-]{0,62}`';
    violations.push({ field: `${field}[${index}]`, description });
  }
  return violations;
}

function tokens(least: number): Check<number> {
  return whole(least, MAX_AMOUNT);
}

function whole(least: number, most: number): Check<number> {
  return (value) =>
    Number.isSafeInteger(value) && value >= least && value <= most
      ? undefined
      : `must be a whole number from ${least} to ${amount(most)}; it is ${value}`;
}

function percentage(most: number): Check<number> {
  return (value) =>
    isPercent(value) && value >= 0 && value <= most
      ? undefined
      : `must be 0 to ${amount(most)}, with at most 4 decimal places; it is ${value}`;
}

function lasting(least: number, most: number): Check<number> {
  return (value) =>
    Number.isSafeInteger(value) && value >= least && value <= most
      ? undefined
      : `must be ${duration(least)} to ${duration(most)} in whole milliseconds; it is ${value} ms`;
}

function oneOf(...values: readonly string[]): Check<string> {
  return (value) => (values.includes(value) ? undefined : `must be one of ${values.join(', ')}`);
}

function tooMany(field: string, count: number, most: number): FieldViolation[] {
  if (count <= most) return [];
  return [{ field, description: `must have at most ${amount(most)} entries; it has ${amount(count)}` }];
}

function entryOf(field: string, key: string): string {
  return `${field}[${JSON.stringify(key.slice(0, 128))}]`;
}

function isModelName(model: string): boolean {
  return model !== '' && utf8Bytes(model) <= 128 && !/\p{Cc}/u.test(model);
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
