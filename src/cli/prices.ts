import { readFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { isUnit, TOKENS } from '../domain/model/unit.js';
import { fitsPattern } from '../domain/policy/patterns.js';
import {
  MAX_WEIGHT,
  POLICY_FIELDS,
  TOKEN_WEIGHT_NAMES,
  type TokenWeights,
} from '../domain/policy/policy-fields.js';
import { StartError } from '../platform/start-error.js';
import type { Run } from './output.js';
import { entriesFor, type PriceTable, type WeightEntries, weightsOfTable } from './price-table.js';

export interface PricesOptions {
  readonly models: readonly string[];
  readonly currency: string;
}

const MOST_ENTRIES = POLICY_FIELDS.tokenWeightsByModel.most;

/** Prints the part of a policy that charges these models what they cost; what could not be taken is told on stderr. */
export function printPrices(
  { output }: Run,
  file: string,
  { models: patterns, currency }: PricesOptions,
): void {
  if (!isUnit(currency) || currency === TOKENS)
    throw new StartError(
      `--currency: ${JSON.stringify(currency)} is not the ISO 4217 code of a currency, such as USD`,
      2,
    );
  const table = weightsOfTable(readTable(file));
  for (const pattern of patterns) {
    if (![...table.keys()].some((model) => fitsPattern(pattern, model)))
      throw new StartError(`--models: no model of ${file} fits ${JSON.stringify(pattern)}`, 2);
  }
  const chosen = [...table.keys()].filter((model) => patterns.some((pattern) => fitsPattern(pattern, model)));
  const priced = chosen.filter((model) => isPriced(table.get(model)));
  if (priced.length === 0)
    throw new StartError(`--models: of ${file} no model that fits has a price for a token`, 2);
  const entries = entriesFor(priced, table);
  if (entries.length > MOST_ENTRIES) {
    const counted = `the prices of ${priced.length} models come to ${entries.length} entries`;
    throw new StartError(
      `${counted}, and token_weights_by_model takes ${MOST_ENTRIES}: name fewer models`,
      1,
    );
  }
  const without = chosen.length - priced.length;
  if (without > 0)
    output.err(`${without} models are left out: they have no price for a token, or one beyond any weight\n`);
  output.out(policyText(entries, currency, priced.length));
}

function isPriced(weights: TokenWeights | undefined): boolean {
  return (
    weights !== undefined && Object.values(weights).every((percent) => percent >= 0 && percent <= MAX_WEIGHT)
  );
}

function readTable(file: string): PriceTable {
  let table: unknown;
  try {
    table = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StartError(`${file} cannot be read as JSON: ${(error as Error).message}`, 2);
  }
  if (typeof table === 'object' && table !== null && !Array.isArray(table)) return table as PriceTable;
  throw new StartError(`${file} is no price table: it must be a map from models to their prices`, 2);
}

/** As it stands in CONFIG_FILE beneath a budget. */
function policyText(entries: WeightEntries, currency: string, models: number): string {
  const lines = entries.map(([pattern, weights]) => {
    const kinds = Object.entries(TOKEN_WEIGHT_NAMES) as [keyof TokenWeights, string][];
    const percents = kinds.map(([kind, name]) => `${name}: ${weights[kind]}`);
    return `  ${stringify(pattern, { defaultStringType: 'QUOTE_DOUBLE' }).trim()}: {${percents.join(', ')}}\n`;
  });
  return [
    `# ${models} models in ${entries.length} entries; 100 percent is a price of 1 ${currency} for a million tokens.\n`,
    `unit: ${currency}\n`,
    'token_weights_by_model:\n',
    ...lines,
  ].join('');
}
