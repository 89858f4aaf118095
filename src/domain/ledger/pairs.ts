import { LazyMap } from '../model/lazy-map.js';
import { MAX_PAIR_BYTES, MAX_PAIRS } from '../model/limits.js';
import type { StoredCount } from '../model/state.js';
import type { CallCount } from '../model/types.js';
import { countedOn, countOf, tokensOf } from './counts.js';
import { MEASURES } from './state-size.js';
import type { Entry, Table } from './table.js';

/**
 * What an AI used of one model in an open day: the crossing of `dayAis` and `dayModels`, under the names that the day has for both.
 *
 * Of each AI and of each model the pairs come to no more than the day counts, and to all of it unless something is in no pair: what
 * the day has no room for, and what was counted before pairs were. That much is left over, of an AI as of a model, and is kept
 * nowhere: it follows from the figures of the day.
 */

/** Pairs of one open day. None leaves before the day does. */
export class DayPairs {
  private readonly byAi = new LazyMap<string, Map<string, Entry<StoredCount>>>();
  size = 0;
  /** Of its entries as they are stored. */
  bytes = 0;

  get(ai: string, model: string): Entry<StoredCount> | undefined {
    return this.byAi.get(ai)?.get(model);
  }

  put(ai: string, model: string, entry: Entry<StoredCount>): void {
    let models = this.byAi.get(ai);
    if (models === undefined) {
      models = new Map();
      this.byAi.set(ai, models);
    }
    if (!models.has(model)) {
      this.size += 1;
      this.bytes += entry.bytes;
    }
    models.set(model, entry);
  }

  get hasRoom(): boolean {
    return this.size < MAX_PAIRS && this.bytes < MAX_PAIR_BYTES;
  }

  /** Walks all of them. */
  *[Symbol.iterator](): IterableIterator<[ai: string, model: string, entry: Entry<StoredCount>]> {
    for (const [ai, models] of this.byAi) for (const [model, entry] of models) yield [ai, model, entry];
  }
}

/** No AI's name has a space. */
export function pairName(ai: string, model: string): string {
  return `${ai} ${model}`;
}

export function pairOf(name: string): [ai: string, model: string] {
  const space = name.indexOf(' ');
  return [name.slice(0, space), name.slice(space + 1)];
}

/** Whether a day that has these had no room for more. */
export function isFullOfPairs(day: string, pairs: ReadonlyMap<string, StoredCount>): boolean {
  if (pairs.size >= MAX_PAIRS) return true;
  const { nameBytes, valueBytes } = MEASURES.dayPairs;
  let bytes = 0;
  for (const [name, count] of pairs) bytes += nameBytes(`${day} ${name}`) + valueBytes(count);
  return bytes >= MAX_PAIR_BYTES;
}

/** What a day counts by name. */
interface Figures {
  get(name: string): Entry<StoredCount> | undefined;
}

interface Accounts {
  readonly ais: Figures;
  readonly models: Figures;
  readonly pairs: DayPairs;
}

/** What is counted in a day. */
interface Counted {
  readonly day: string;
  /** May be negative. */
  readonly tokens: number;
  readonly calls?: CallCount | undefined;
}

/** Counts in a pair, by the names of the day, what was just counted of its AI and of its model. */
export function countPair(
  table: Table<StoredCount>,
  accounts: Accounts,
  counted: Counted,
  ai: string,
  model: string,
): void {
  const { pairs } = accounts;
  const { tokens, calls } = counted;
  const entry = pairs.get(ai, model);
  if (entry === undefined) {
    if (tokens < 0) level(table, accounts, counted.day, ai, model);
    else if ((tokens > 0 || calls !== undefined) && pairs.hasRoom)
      pairs.put(ai, model, table.set(`${counted.day} ${pairName(ai, model)}`, countOf(tokens, calls)));
    return;
  }
  if (tokens >= 0) {
    table.change(entry, countedOn(entry.value, tokens, calls));
    return;
  }
  const had = tokensOf(entry.value);
  table.change(entry, countedOn(entry.value, Math.max(tokens, -had), calls));
  if (had + tokens < 0) level(table, accounts, counted.day, ai, model);
}

/**
 * More was taken of an AI and a model than is known that it used of that one: a correction may name any two. So other pairs of them
 * give way, and what these two lose, the others of both have of each other: all sums stay what they are.
 */
function level(table: Table<StoredCount>, accounts: Accounts, day: string, ai: string, model: string): void {
  const { ais, models, pairs } = accounts;
  const change = (one: string, other: string, tokens: number) =>
    countPair(table, accounts, { day, tokens }, one, other);
  for (;;) {
    const overAi = sumOf(pairs, ai, undefined) - tokensOf(ais.get(ai)?.value);
    const overModel = sumOf(pairs, undefined, model) - tokensOf(models.get(model)?.value);
    const ofAi = overAi > 0 ? largest(pairs, ai, undefined) : undefined;
    const ofModel = overModel > 0 ? largest(pairs, undefined, model) : undefined;
    if (ofAi === undefined && ofModel === undefined) return;
    const tokens = Math.min(
      ...(ofAi === undefined ? [] : [overAi, ofAi.tokens]),
      ...(ofModel === undefined ? [] : [overModel, ofModel.tokens]),
    );
    if (ofAi !== undefined) change(ofAi.ai, ofAi.model, -tokens);
    if (ofModel !== undefined) change(ofModel.ai, ofModel.model, -tokens);
    if (ofAi !== undefined && ofModel !== undefined) change(ofModel.ai, ofAi.model, tokens);
  }
}

function sumOf(pairs: DayPairs, ai: string | undefined, model: string | undefined): number {
  let sum = 0;
  for (const [one, other, { value }] of pairs)
    if ((ai ?? one) === one && (model ?? other) === other) sum += tokensOf(value);
  return sum;
}

interface Pair {
  readonly ai: string;
  readonly model: string;
  readonly tokens: number;
}

function largest(pairs: DayPairs, ai: string | undefined, model: string | undefined): Pair | undefined {
  let found: Pair | undefined;
  for (const [one, other, { value }] of pairs) {
    const tokens = tokensOf(value);
    if ((ai ?? one) !== one || (model ?? other) !== other || tokens <= (found?.tokens ?? 0)) continue;
    found = { ai: one, model: other, tokens };
  }
  return found;
}
