import { z } from 'zod';
import { fits, TEXTS } from '../domain/model/field-limits.js';
import { reservedAi } from '../domain/model/reserved-names.js';
import { OTHER } from '../domain/model/types.js';

/** A value as a message shows it: quoted, and cut if long. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** A message that says what is there and what would be right. */
export function isNot(expected: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `${shown(input)} is not ${expected}`;
}

/** As `shown`, where somebody may have put a secret, or an address that is one: only a short plain word is repeated. */
export function discreet(value: unknown): string {
  if (typeof value !== 'string' || /^[\w .-]{1,15}$/.test(value)) return shown(value);
  return 'what stands here';
}

/** As `isNot`, where somebody may have put a secret. */
export function isNotDiscreetly(expected: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => `${discreet(input)} is not ${expected}`;
}

type Message = (issue: { readonly input?: unknown }) => string;

/** A text that `parse` understands. Says `expected` where it does not; a secret text is not repeated there. */
export function parsed<T>(
  parse: (text: string) => T | undefined,
  expected: string,
  secret: boolean | Message = false,
) {
  const known = typeof secret === 'function' ? secret : isNot(expected);
  const message = secret === true ? () => `it is not ${expected}` : known;
  return z.string({ error: message }).transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: message({ input: text }) });
    return z.NEVER;
  });
}

/** The budgets that a setting is about. */
export const BUDGET_PATTERN = parsed(
  (text) => (fits(TEXTS.budgetPattern, text) ? text : undefined),
  TEXTS.budgetPattern.rule,
);

/** An AI that a setting names. */
export const AI_ID = parsed(
  (text) => (fits(TEXTS.aiId, text) && reservedAi(text) === undefined ? text : undefined),
  `an AI id of ${TEXTS.aiId.rule}, other than ${OTHER}`,
);

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `2s`, `5m`, `1.5h`, `1d` in milliseconds; undefined for anything else, and for parts of a millisecond. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined) return undefined;
  const [whole = '', fraction = ''] = amount.split('.');
  const unitMs = UNIT_MS[unit as keyof typeof UNIT_MS];
  const millionths = Number(fraction.padEnd(6, '0')) * unitMs;
  const ms = Number(whole) * unitMs + millionths / 1e6;
  return Number.isSafeInteger(ms) ? ms : undefined;
}

export const DURATION_RULE = 'a duration such as 500ms, 2s, 5m, 1h or 1d';

/** A duration as its shortest text. */
export function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms > 0 && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

const MONGODB_HOST = String.raw`(?:\[[0-9a-fA-F:.]+\]|[^@/\s:,[\]]+)(?::\d{1,5})?`;
const MONGODB_URI = new RegExp(
  String.raw`^mongodb(?:\+srv)?://(?:[^@/\s]+@)?${MONGODB_HOST}(?:,${MONGODB_HOST})*(?:[/?]\S*)?$`,
);

/** A MongoDB URI in its form; the driver checks the rest when it connects. */
export function parseMongoUri(text: string): string | undefined {
  return MONGODB_URI.test(text) ? text : undefined;
}

/** The address of an HTTP server, and a path there. A user and password in it would end in logs. */
export function parseHttpUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, search, hash } = new URL(text);
  const plain = username === '' && search === '' && hash === '';
  return plain && (protocol === 'http:' || protocol === 'https:') ? text : undefined;
}

/** A whole number of decimal digits within bounds. */
export function parseWhole(text: string, least: number, most: number): number | undefined {
  if (!/^\d{1,9}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : undefined;
}
