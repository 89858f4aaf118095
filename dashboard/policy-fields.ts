import type { FormField } from '../src/http/dashboard/page-data.js';
import { apiName } from './api-json.js';
import { Amounts, count, duration, percent } from './format.js';

/** Values of a policy between the API's JSON, the texts of the form, and what a person reads. */

type Field = Pick<FormField, 'name' | 'kind'>;

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
type Unit = keyof typeof UNIT_MS;

/** A value as the form writes it; an unset one is empty. */
export function fieldText({ name, kind }: Field, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (kind) {
    case 'duration':
      return durationText(msOf(value));
    case 'choice':
      return String(value).slice(name.length + 1);
    case 'budgets':
    case 'percents':
      return (value as unknown[]).join(', ');
    case 'shares-by-ai':
      return lines(Object.entries(value), String);
    case 'weights':
      return lines(weightsOf(value), String);
    case 'weights-by-model':
      return lines(Object.entries(value), (weights) => pairsText(weightsOf(weights)));
    case 'teams':
    case 'limits-by-model':
      return lines(Object.entries(value), scopeText);
    default:
      return String(value);
  }
}

/** A value as a person reads it; one that is not there has no entries. */
export function shownValue(field: Field, value: unknown, unit = 'tokens'): string {
  switch (field.kind) {
    case 'tokens':
      return new Amounts(unit).exact(Number(value));
    case 'count':
      return count(Number(value));
    case 'share':
    case 'percent':
      return percent(Number(value));
    case 'duration':
      return duration(msOf(value));
    case 'shares-by-ai':
      return pairsText(Object.entries(value ?? {})) || 'none';
    case 'weights':
      return pairsText(weightsOf(value ?? {})) || 'none';
    case 'weights-by-model': {
      const models = Object.entries(value ?? {});
      return models.map(([model, own]) => `${model} (${pairsText(weightsOf(own))})`).join(', ') || 'none';
    }
    case 'teams':
    case 'limits-by-model':
      return (
        Object.entries(value ?? {})
          .map(([name, own]) => `${name} (${scopeText(own)})`)
          .join(', ') || 'none'
      );
    default:
      return fieldText(field, value) || 'none';
  }
}

/** What the API is sent; undefined leaves the field at its default. What is no number stays a text, of which it complains. */
export function fieldValue({ name, kind }: Field, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (kind) {
    case 'tokens':
    case 'count':
    case 'share':
    case 'percent':
      return numberOf(trimmed);
    case 'duration':
      return durationOf(trimmed);
    case 'choice':
      return `${name.toUpperCase()}_${trimmed}`;
    case 'budgets':
      return trimmed.split(/[\s,]+/).filter((id) => id !== '');
    case 'percents':
      return trimmed.split(/[\s,%]+/).flatMap((one) => (one === '' ? [] : [numberOf(one)]));
    case 'shares-by-ai':
    case 'weights':
      return entries(trimmed, numberOf);
    case 'teams':
      return entries(trimmed, teamOf, (line) => line.indexOf(':'));
    case 'weights-by-model':
    case 'limits-by-model':
      return entries(trimmed, (numbers) => pairsOf(numbers.split(',')));
    default:
      return trimmed;
  }
}

/** First its AIs and patterns, which have no spaces but may have commas, then its numbers. */
function teamOf(text: string): object {
  const [aiIds = '', ...numbers] = text.split(/,\s+|,(?=[a-z_]+ +[\d.]+)/);
  return ownEntries([
    ['ai_ids', aiIds.split(/\s+/).filter((pattern) => pattern !== '')],
    ...Object.entries(pairsOf(numbers)),
  ]);
}

function pairsOf(texts: readonly string[]): object {
  const filled = texts.map((text) => text.trim()).filter((text) => text !== '');
  const pairs = filled.map((text) => text.split(/\s+/));
  return ownEntries(pairs.map(([name = '', number = '']) => [name, numberOf(number)]));
}

/** A team, or the limits of models: the AIs of a team first. */
function scopeText(value: unknown): string {
  const { aiIds, ...numbers } = value as { readonly aiIds?: readonly string[] };
  const named = aiIds === undefined ? [] : [aiIds.join(' ')];
  return [...named, ...weightsOf(numbers).map((pair) => pair.join(' '))].join(', ');
}

/** Names may have colons themselves: the last one counts, unless it may be part of the value. */
function entries(
  text: string,
  value: (entry: string) => unknown,
  colonIn = (line: string) => line.lastIndexOf(':'),
): object {
  const filled = text.split('\n').filter((line) => line.trim() !== '');
  return ownEntries(
    filled.map((line) => {
      const colon = colonIn(line);
      if (colon < 0) return [line.trim(), ''];
      return [line.slice(0, colon).trim(), value(line.slice(colon + 1).trim())];
    }),
  );
}

/** Own properties whatever their names, `__proto__` too. */
function ownEntries(pairs: (readonly [string, unknown])[]): object {
  return Object.fromEntries(pairs);
}

function lines(pairs: readonly (readonly [string, unknown])[], text: (entry: unknown) => string): string {
  return pairs.map(([name, entry]) => `${name}: ${text(entry)}`).join('\n');
}

function pairsText(pairs: readonly (readonly [string, unknown])[]): string {
  return pairs.map(([name, entry]) => `${name} ${entry}`).join(', ');
}

function weightsOf(weights: unknown): [string, unknown][] {
  return Object.entries(weights as object).map(([kind, percent]) => [apiName(kind), percent]);
}

function numberOf(text: string): number | string {
  const plain = text.replace(/%$/, '').replaceAll('_', '').trim();
  return plain !== '' && Number.isFinite(Number(plain)) ? Number(plain) : text;
}

/** `50_000`, `1.5 M`, `12.50`: an amount as a person types it, in tokens or in millionths of a currency. */
export function amountIn(text: string, isMoney: boolean): string {
  const [, digits = '', letter = ''] = /^([\d.,_\s]+)([kmb]?)$/i.exec(text.trim()) ?? [];
  const plain = Number(plainDigits(digits));
  if (digits === '' || Number.isNaN(plain)) return text.trim();
  const times = { '': 1, k: 1e3, m: 1e6, b: 1e9 }[letter.toLowerCase()] ?? 1;
  return String(Math.round(plain * times * (isMoney ? 1e6 : 1)));
}

/** A separator that stands once, with other than three digits behind it, is that of decimals. */
function plainDigits(text: string): string {
  const compact = text.replace(/[_\s]/g, '');
  const [, whole, part] = /^(\d+)[.,](\d+)$/.exec(compact) ?? [];
  if (whole !== undefined && part?.length !== 3) return `${whole}.${part}`;
  return compact.replace(/[.,](?=\d{3}(?!\d))/g, '').replace(',', '.');
}

/** `1.5s` in JSON. */
function msOf(value: unknown): number {
  return Math.round(Number(String(value).replace(/s$/, '')) * 1_000);
}

/** The largest unit that divides it. */
function durationText(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms % UNIT_MS[unit] === 0) return ms === 0 ? '0s' : `${ms / UNIT_MS[unit]}${unit}`;
  }
  return `${ms}ms`;
}

/** In seconds, as JSON has it; to the millionth, beyond which a product of decimals is none any more. */
function durationOf(text: string): string {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  if (amount === undefined) return text;
  return `${Number(((Number(amount) * UNIT_MS[unit as Unit]) / 1_000).toFixed(6))}s`;
}
