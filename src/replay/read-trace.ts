import { TEXTS } from '../domain/model/field-limits.js';
import { MAX_AMOUNT } from '../domain/model/limits.js';
import type { PolicyFields } from '../domain/model/policy.js';
import { UNSPECIFIED, type Writable } from '../domain/model/types.js';
import { type AskedSlot, MICROS_PER_SECOND, type Trace, type TraceEntry } from './trace.js';
import { MOMENT_RULE, parseMoment } from './trace-moment.js';

/**
 * A trace is a table in CSV, with a line of names first, or JSON lines. What may stand in a line:
 *
 *   at        when it was asked; lines are in its order
 *   ai        who asks
 *   model     of which model
 *   used_model  the model that its usage names, where that is another
 *   tokens    what the request spent, or would have
 *   estimate  what it asked for; without it the policy's default_reservation counts
 *   seconds   how long the slot was held
 *   at_least  where caps refuse the whole, so much is enough
 *   wait      how many seconds it stays for a slot
 *   outcome   what became of it: granted or denied
 *   unleased  true: tokens that were spent without a slot
 *   budget    of which budget it is a request
 *   policy    in JSON lines alone: the policy in force from then on, in the form that the state has
 */
const NAMES = [
  ...['at', 'ai', 'model', 'used_model', 'tokens', 'estimate', 'seconds'],
  ...['at_least', 'wait', 'outcome', 'unleased', 'budget', 'policy'],
];

type Fields = Readonly<Record<string, unknown>>;

/** A line that cannot be read: where, and what is right. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

export interface ReadOptions {
  /** For messages. */
  readonly file: string;
  /** Lines of other budgets are passed over; absent: all must be of one. */
  readonly budgetId?: string | undefined;
}

/** Reads a line at a time: a trace may be larger than the memory. */
export async function* readTrace(
  lines: AsyncIterable<string> | Iterable<string>,
  { file, budgetId }: ReadOptions,
): Trace {
  let number = 0;
  let names: readonly string[] | undefined;
  let lastAt = 0;
  let only = budgetId;
  for await (const raw of lines) {
    number += 1;
    const line = number === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (line.trim() === '' || line.startsWith('#')) continue;
    const wrong = (message: string) => new TraceError(`${file}:${number}: ${message}`);
    if (names === undefined && !line.startsWith('{')) {
      names = headOf(line, wrong);
      continue;
    }
    const fields = names === undefined ? parseJson(line, wrong) : parseCsv(names, line, wrong);
    const budget = fields['budget'];
    if (budget !== undefined && budget !== only) {
      if (budgetId !== undefined) continue;
      if (only !== undefined) throw wrong(`it has several budgets, ${only} and ${budget}: name one`);
      only = String(budget);
    }
    const entry = entryOf(fields, wrong);
    if (entry.at < lastAt) throw wrong('it is earlier than the line before: sort the lines by `at`');
    lastAt = entry.at;
    yield entry;
  }
}

type Wrong = (message: string) => TraceError;

function headOf(line: string, wrong: Wrong): readonly string[] {
  const names = cellsOf(line).map((name) => name.trim());
  const strange = names.find((name) => !NAMES.includes(name));
  if (strange !== undefined)
    throw wrong(`${JSON.stringify(strange)} is no column of a trace; there are ${NAMES.join(', ')}`);
  for (const name of ['at', 'ai'])
    if (!names.includes(name)) throw wrong(`the column \`${name}\` is missing`);
  return names;
}

function parseJson(line: string, wrong: Wrong): Fields {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  } catch {
    // Told as everything that is no object.
  }
  throw wrong('it is not a JSON object in one line');
}

function parseCsv(names: readonly string[], line: string, wrong: Wrong): Fields {
  const cells = cellsOf(line);
  if (cells.length > names.length)
    throw wrong(`it has ${cells.length} cells, and the first line ${names.length}`);
  const fields: Record<string, unknown> = {};
  for (const [at, name] of names.entries()) {
    const cell = cells[at]?.trim();
    if (cell !== undefined && cell !== '') fields[name] = cell;
  }
  return fields;
}

/** A cell may stand in quotation marks, and then has commas of its own. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, bare]) =>
    quoted === undefined ? (bare ?? '') : quoted.replaceAll('""', '"'),
  );
}

function entryOf(fields: Fields, wrong: Wrong): TraceEntry {
  const at = parseMoment(String(fields['at'] ?? ''));
  if (at === undefined) throw wrong(`at: ${shown(fields['at'])} is not ${MOMENT_RULE}`);
  const { policy } = fields;
  if (policy !== undefined) {
    if (typeof policy !== 'object' || policy === null) throw wrong('policy: it is no JSON object');
    return { kind: 'policy', at, fields: policy as PolicyFields };
  }
  const aiId = textOf(fields, 'ai', wrong);
  if (aiId === undefined) throw wrong('ai: it is missing');
  const model = textOf(fields, 'model', wrong) ?? '';
  const tokens = numberOf(fields, 'tokens', 0, wrong);
  if (isTrue(fields['unleased'])) return { kind: 'unleased', at, aiId, model, tokens: tokens ?? 0 };
  const estimate = numberOf(fields, 'estimate', 1, wrong);
  const atLeast = numberOf(fields, 'at_least', 1, wrong);
  const outcome = outcomeOf(fields['outcome'], wrong);
  const usedModel = textOf(fields, 'used_model', wrong);
  if (tokens === undefined && estimate === undefined && outcome !== 'denied')
    throw wrong('tokens: it is missing, and so is estimate');
  const took = Math.round(secondsOf(fields, 'seconds', wrong) * MICROS_PER_SECOND);
  const waitMs = Math.round(secondsOf(fields, 'wait', wrong) * 1_000);
  const asked: Writable<AskedSlot> = { kind: 'slot', at, aiId, model, took, waitMs };
  if (usedModel !== undefined) asked.usedModel = usedModel;
  if (tokens !== undefined) asked.tokens = tokens;
  if (estimate !== undefined) asked.estimate = estimate;
  if (atLeast !== undefined) asked.atLeast = atLeast;
  if (outcome !== undefined) asked.recorded = outcome;
  return asked;
}

function isTrue(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

function outcomeOf(value: unknown, wrong: Wrong): 'granted' | 'denied' | undefined {
  if (value === undefined || value === 'granted' || value === 'denied') return value;
  throw wrong(`outcome: ${shown(value)} is neither granted nor denied`);
}

function textOf(fields: Fields, name: 'ai' | 'model' | 'used_model', wrong: Wrong): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  const limit = name === 'ai' ? TEXTS.aiId : TEXTS.model;
  const isRight = typeof value === 'string' && value.length <= limit.most && limit.pattern.test(value);
  if (!isRight) throw wrong(`${name}: ${shown(value)} is not ${limit.rule}`);
  return value === UNSPECIFIED ? '' : value;
}

function numberOf(fields: Fields, name: string, least: number, wrong: Wrong): number | undefined {
  if (fields[name] === undefined) return undefined;
  const value = Math.ceil(Number(fields[name]));
  if (value >= least && value <= MAX_AMOUNT) return value;
  throw wrong(`${name}: ${shown(fields[name])} is not a number of tokens, ${least} to ${MAX_AMOUNT}`);
}

const MOST_SECONDS = 86_400;

function secondsOf(fields: Fields, name: 'seconds' | 'wait', wrong: Wrong): number {
  const value = Number(fields[name] ?? 0);
  if (value >= 0 && value <= MOST_SECONDS) return value;
  throw wrong(`${name}: ${shown(fields[name])} is not a number of seconds, 0 to ${MOST_SECONDS}`);
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
