import { fitsPattern } from '../domain/policy/patterns.js';
import type { TokenWeights } from '../domain/policy/policy-fields.js';

/**
 * The price table that LiteLLM publishes (`model_prices_and_context_window.json`): by model, what one token of each kind costs in
 * dollars, and much else.
 */
export type PriceTable = Readonly<Record<string, unknown>>;

/** Weights by model, or by a pattern of models whose prices are the same. */
export type WeightEntries = readonly (readonly [pattern: string, weights: TokenWeights])[];

/** What a price in dollars for one token is as a weight: 100 percent is a millionth. */
const PERCENT_PER_DOLLAR = 1e8;
/** Weights have as many. */
const DECIMALS = 4;
/** It describes the others. */
const SPECIMEN = 'sample_spec';

/** The models of a table that have a price for a token, as weights; the others with undefined. */
export function weightsOfTable(table: PriceTable): ReadonlyMap<string, TokenWeights | undefined> {
  const models = Object.entries(table).filter(([model]) => model !== SPECIMEN);
  return new Map(models.map(([model, prices]) => [model, weightsOf(prices)]));
}

/** A kind that has no price of its own is paid as what it is made of: read, written, or answered. */
function weightsOf(prices: unknown): TokenWeights | undefined {
  const percent = (name: string): number | undefined => {
    const cost: unknown = (prices as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof cost === 'number' ? Number((cost * PERCENT_PER_DOLLAR).toFixed(DECIMALS)) : undefined;
  };
  const [asked, answered] = [percent('input_cost_per_token'), percent('output_cost_per_token')];
  if (asked === undefined && answered === undefined) return undefined;
  const [input, output] = [asked ?? 0, answered ?? 0];
  const cacheRead = percent('cache_read_input_token_cost') ?? input;
  const cacheWrite = percent('cache_creation_input_token_cost') ?? input;
  const reasoning = percent('output_cost_per_reasoning_token') ?? output;
  // Of who knows the total alone nobody knows which they were: the dearest.
  const total = Math.max(input, output, cacheRead, cacheWrite, reasoning);
  return { input, output, cacheRead, cacheWrite, reasoning, total };
}

/**
 * One entry for each of these models, or for several whose prices are the same: under a pattern that fits no model of the table
 * whose prices are others, so that each is charged exactly what it costs.
 */
export function entriesFor(
  models: readonly string[],
  table: ReadonlyMap<string, TokenWeights | undefined>,
): WeightEntries {
  const entries: [string, TokenWeights][] = [];
  for (const { weights, alike } of groupsOf(models, table)) {
    const others = [...table].filter(([, of]) => !isSame(of, weights)).map(([model]) => model);
    for (const pattern of patternsFor(alike, others)) entries.push([pattern, weights]);
  }
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

interface Group {
  readonly weights: TokenWeights;
  readonly alike: string[];
}

function groupsOf(
  models: readonly string[],
  table: ReadonlyMap<string, TokenWeights | undefined>,
): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const model of models) {
    const weights = table.get(model);
    if (weights === undefined) continue;
    const key = textOf(weights);
    const group = groups.get(key) ?? { weights, alike: [] };
    group.alike.push(model);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The fewest patterns that fit all of these, as far as taking the widest first finds them, and none of the others. */
function patternsFor(alike: readonly string[], others: readonly string[]): string[] {
  const found: string[] = [];
  const exact = patternsOfPairs(alike).filter(
    (pattern) => !others.some((model) => fitsPattern(pattern, model)),
  );
  for (let left = alike; left.length > 0; ) {
    const [widest = '', fitted = 0] = widestOf(exact, left);
    const next = fitted > 1 ? widest : (left[0] ?? '');
    found.push(next);
    left = left.filter((model) => !fitsPattern(next, model));
  }
  return found;
}

/** Of those that fit as many, the one that says most: what is not in the table may cost something else. */
function widestOf(patterns: readonly string[], models: readonly string[]): readonly [string?, number?] {
  let widest: readonly [string?, number?] = [];
  for (const pattern of patterns) {
    const fitted = models.filter((model) => fitsPattern(pattern, model)).length;
    const [best = '', most = 0] = widest;
    if (fitted > most || (fitted === most && pattern.length > best.length)) widest = [pattern, fitted];
  }
  return widest;
}

/** What two models begin with, and that with what they end with: of any number that are alike, two differ as early as all do. */
function patternsOfPairs(models: readonly string[]): string[] {
  const patterns = new Set<string>();
  for (const [at, one] of models.entries()) {
    for (const other of models.slice(at + 1)) {
      const beginning = sharedBeginning(one, other);
      const shorter = Math.min(one.length, other.length) - beginning.length;
      const ending = reversed(sharedBeginning(reversed(one), reversed(other))).slice(-shorter || one.length);
      if (beginning === '') continue;
      patterns.add(`${beginning}*`);
      if (shorter > 0) patterns.add(`${beginning}*${ending}`);
    }
  }
  return [...patterns];
}

function sharedBeginning(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return one.slice(0, length);
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}

function isSame(one: TokenWeights | undefined, other: TokenWeights): boolean {
  return one !== undefined && textOf(one) === textOf(other);
}

function textOf(weights: TokenWeights): string {
  return JSON.stringify(weights);
}
