import { MAX_AMOUNT } from './limits.js';

/**
 * What ids, texts, numbers and durations of requests may be, once: the checks of requests, CONFIG_FILE and `/openapi.json` read it
 * here. What a policy may say stands in `policy/policy-fields.ts`.
 */

export interface TextLimit {
  readonly least: number;
  readonly most: number;
  /** What `least` and `most` count. A text in bytes is counted in UTF-8. */
  readonly unit: 'characters' | 'bytes';
  /** What each character must be, whatever the length. */
  readonly pattern: RegExp;
  /** What is right, for a person. */
  readonly rule: string;
}

/** `\p{Cc}`, in words that every reader of JSON Schema knows. */
const NO_CONTROL = without('\\u0000-\\u001f\\u007f-\\u009f');
/** Line breaks and tabs aside: an error message often has several lines. */
const LINES = without('\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f');
const ASCII = /^[!-~]*$/;
const URL_SAFE = /^[A-Za-z0-9_-]*$/;

function without(characters: string): RegExp {
  return new RegExp(`^[^${characters}]*$`);
}

const id = (most: number): TextLimit => ({
  ...{ least: 1, most, unit: 'characters', pattern: ASCII },
  rule: `1 to ${most} printable ASCII characters without spaces`,
});
const bytes = (least: 0 | 1, most: number, pattern = NO_CONTROL): TextLimit => ({
  ...{ least, most, unit: 'bytes', pattern },
  rule: `${least === 0 ? 'at most' : '1 to'} ${most} bytes of UTF-8 without control characters`,
});

const LONGEST_BUDGET_ID = 63;
const LOWER_CASE = /^[a-z0-9][a-z0-9._-]*$/;
/** What a budget id looks like within a larger pattern. */
export const BUDGET_ID_PATTERN = `[a-z0-9][a-z0-9._-]{0,${LONGEST_BUDGET_ID - 1}}`;

export const TEXTS = {
  budgetId: {
    ...{ least: 1, most: LONGEST_BUDGET_ID, unit: 'characters', pattern: LOWER_CASE },
    rule: `1 to ${LONGEST_BUDGET_ID} characters, \`${BUDGET_ID_PATTERN}\``,
  },
  /** A budget id, or one with `*` in it. */
  budgetPattern: {
    ...{ least: 1, most: LONGEST_BUDGET_ID, unit: 'characters', pattern: /^[a-z0-9._*-]*$/ },
    rule: 'a budget id, or a pattern of one such as "*" or "team-*"',
  },
  teamId: {
    ...{ least: 1, most: LONGEST_BUDGET_ID, unit: 'characters', pattern: LOWER_CASE },
    rule: `1 to ${LONGEST_BUDGET_ID} characters, \`${BUDGET_ID_PATTERN}\``,
  },
  aiId: id(128),
  /** Rule, window and what else tells it apart; its parts are encoded as in a URL. */
  alertId: id(512),
  /** An AI id, or one with `*` in it. */
  aiPattern: id(64),
  requestId: id(128),
  usageId: id(128),
  adjustmentId: id(128),
  topUpId: id(64),
  /** How the log names who calls. */
  principal: id(64),
  leaseId: {
    ...{ least: 1, most: 160, unit: 'characters', pattern: NO_CONTROL },
    rule: '1 to 160 characters as AcquireSlot gave them, without control characters',
  },
  sessionId: {
    ...{ least: 1, most: 64, unit: 'characters', pattern: URL_SAFE },
    rule: 'as `SessionOpened.session_id` gave it; leave it out for a new session',
  },
  pageToken: {
    ...{ least: 0, most: 2_048, unit: 'characters', pattern: URL_SAFE },
    rule: '`next_page_token` of a page of the same list, with the same fields but page_size',
  },
  etag: bytes(1, 64),
  /** Of an operator's action. */
  reason: bytes(0, 256),
  reasonOfAdjustment: bytes(1, 256),
  model: bytes(1, 128),
  modelOrNone: bytes(0, 128),
  requestType: bytes(0, 64),
  errorMessage: bytes(0, 512, LINES),
  labelKey: bytes(1, 32),
  labelValue: bytes(0, 64),
} as const satisfies Readonly<Record<string, TextLimit>>;

export interface NumberLimit {
  readonly least: number;
  readonly most: number;
  /** Within the range, and yet wrong. */
  readonly not?: number;
}

const HOUR_MS = 3_600_000;

export const NUMBERS = {
  estimatedTokens: { least: 1, most: MAX_AMOUNT },
  atLeastTokens: { least: 1, most: MAX_AMOUNT },
  reserveTokens: { least: 1, most: MAX_AMOUNT },
  /** Of one kind, in one report. */
  countedTokens: { least: 0, most: MAX_AMOUNT },
  topUpTokens: { least: 1, most: MAX_AMOUNT },
  /** Of one report. */
  calls: { least: 0, most: 10_000 },
  adjustedTokens: { least: -MAX_AMOUNT, most: MAX_AMOUNT, not: 0 },
  /** An int32; what is above the largest page is taken for it. */
  pageSize: { least: 0, most: 2 ** 31 - 1 },
  afterRevision: { least: 0, most: Number.MAX_SAFE_INTEGER },
  simulatedDays: { least: 1, most: 28 },
  demandPercent: { least: 1, most: 1_000 },
  returnsPercent: { least: 0, most: 100 },
} as const satisfies Readonly<Record<string, NumberLimit>>;

/** In milliseconds. */
export const DURATIONS = {
  leaseTtl: { least: 1_000, most: 366 * 24 * HOUR_MS },
  /** Proxies cut calls that stay open for longer. */
  wait: { least: 0, most: HOUR_MS / 4 },
  /** The stream of a session stays open anyway. */
  waitInSession: { least: 0, most: 24 * HOUR_MS },
} as const satisfies Readonly<Record<string, NumberLimit>>;

/** Entries of lists and maps. */
export const ENTRIES = { labels: 8, otherBudgets: 16, silencedRules: 64, groupings: 4 } as const;

/** Rows of a page: of one that names no size, and of the largest. */
export const PAGES = { usual: 100, most: 1_000 } as const;

/** How much a text has of what its limit counts. */
export function lengthOf({ unit }: TextLimit, text: string): number {
  return unit === 'bytes' ? utf8Bytes(text) : [...text].length;
}

export function fits(limit: TextLimit, text: string): boolean {
  return isLengthWithin(limit, text) && limit.pattern.test(text);
}

/** Counts nothing where the length in UTF-16 says it already: this is asked several times a request. */
export function isLengthWithin(limit: TextLimit, text: string): boolean {
  const { length } = text;
  if (length < limit.least) return false;
  // A unit of UTF-16 has at most three bytes; a character at most two units.
  if (length * (limit.unit === 'bytes' ? 3 : 1) <= limit.most) return true;
  if (length > limit.most * (limit.unit === 'bytes' ? 1 : 2)) return false;
  return lengthOf(limit, text) <= limit.most;
}

function utf8Bytes(text: string): number {
  let count = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    count += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return count;
}
