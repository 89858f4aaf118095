import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { entriesFor, weightsOfTable } from '../../src/cli/price-table.js';
import { readPolicy } from '../../src/config/policy-shape.js';
import { policyInForce } from '../../src/domain/model/policy.js';
import { ModelWeights } from '../../src/domain/policy/model-weights.js';
import { fitsPattern } from '../../src/domain/policy/patterns.js';
import { policyViolations } from '../../src/domain/policy/policy-check.js';
import type { TokenWeights } from '../../src/domain/policy/policy-fields.js';
import { randomFrom, testSeed } from '../support/seed.js';
import { cli } from './support.js';

const EXCERPT = new URL('../fixtures/litellm-prices/prices.json', import.meta.url).pathname;
/** Of pictures only. */
const UNPRICED = join(mkdtempSync(join(tmpdir(), 'prices-')), 'unpriced.json');
writeFileSync(UNPRICED, '{"painter": {"output_cost_per_image": 0.04}}');
const tableOf = (file: string) => weightsOfTable(JSON.parse(readFileSync(file, 'utf8')));

/** The policy that is printed, as CONFIG_FILE would take it. */
async function policyFor(file: string, ...models: string[]) {
  const { code, out, err } = await cli([
    'prices',
    file,
    ...models.flatMap((pattern) => ['--models', pattern]),
  ]);
  expect({ code, err }).toMatchObject({ code: 0 });
  const read = readPolicy(parse(out));
  if (!('fields' in read)) throw new Error(JSON.stringify(read.violations));
  return { out, err, fields: read.fields };
}

type Table = ReadonlyMap<string, TokenWeights | undefined>;

/** Every chosen model is charged what it costs, and no entry fits a model of the table that costs something else. */
function expectExact(table: Table, entries: ReturnType<typeof entriesFor>, chosen: readonly string[]): void {
  const weights = new ModelWeights(policyInForce({ tokenWeightsByModel: entries }));
  for (const model of chosen) expect([model, weights.of(model)]).toEqual([model, table.get(model)]);
  for (const [pattern, own] of entries) {
    for (const [model, of] of table)
      if (fitsPattern(pattern, model)) expect([pattern, model, of]).toEqual([pattern, model, own]);
  }
}

const priced = (table: Table, ...patterns: string[]) =>
  [...table]
    .filter(([model, of]) => of && patterns.some((one) => fitsPattern(one, model)))
    .map(([model]) => model);

describe('budget-arbiter prices', () => {
  it('prints what a budget in dollars needs to charge models what they cost', async () => {
    const { out, err, fields } = await policyFor(EXCERPT, 'claude-*', 'gpt-*');
    const table = tableOf(EXCERPT);
    const chosen = priced(table, 'claude-*', 'gpt-*');
    const entries = fields.tokenWeightsByModel ?? [];
    expect(out).toMatch(
      `# ${chosen.length} models in ${entries.length} entries; 100 percent is a price of 1 USD`,
    );
    expect(entries.length).toBeLessThan(chosen.length * 0.8);
    expect(err).toMatch(/^\d models are left out: they have no price for a token/);
    expectExact(table, entries as ReturnType<typeof entriesFor>, chosen);
    expect(policyViolations({ ...fields, minReservation: 1_000 })).toEqual([]);
    expect(fields).toMatchObject({ unit: 'USD' });
  });

  it('3 USD for a million input tokens are 300 percent, and what has no price of its own costs as what it is made of', () => {
    const weights = weightsOfTable({
      sonnet: {
        input_cost_per_token: 3e-6,
        output_cost_per_token: 1.5e-5,
        cache_read_input_token_cost: 3e-7,
      },
      thinker: {
        input_cost_per_token: 1e-6,
        output_cost_per_token: 2e-6,
        output_cost_per_reasoning_token: 4e-6,
      },
      embedder: { input_cost_per_token: 2e-8 },
      painter: { output_cost_per_image: 0.04 },
      sample_spec: { input_cost_per_token: 0 },
      broken: null,
    });
    expect(Object.fromEntries(weights)).toEqual({
      sonnet: { input: 300, output: 1_500, cacheRead: 30, cacheWrite: 300, reasoning: 1_500, total: 1_500 },
      thinker: { input: 100, output: 200, cacheRead: 100, cacheWrite: 100, reasoning: 400, total: 400 },
      embedder: { input: 2, output: 0, cacheRead: 2, cacheWrite: 2, reasoning: 0, total: 2 },
      painter: undefined,
      broken: undefined,
    });
  });

  it('groups equal prices under one pattern where that fits no other price of the table, and only there', () => {
    const dear = { input_cost_per_token: 5e-6 };
    const cheap = { input_cost_per_token: 1e-6 };
    const names = (others: object, ...models: string[]) =>
      entriesFor(
        models,
        weightsOfTable({ ...others, ...Object.fromEntries(models.map((m) => [m, dear])) }),
      ).map(([p]) => p);
    expect(names({}, 'opus-4', 'opus-4-5', 'opus-4-6')).toEqual(['opus-4*']);
    expect(names({ 'opus-3': cheap }, 'opus-4', 'opus-4-5')).toEqual(['opus-4*']);
    expect(names({ 'opus-4-mini': cheap }, 'opus-4', 'opus-4-5', 'opus-4-6')).toEqual([
      'opus-4',
      'opus-4-5',
      'opus-4-6',
    ]);
    expect(names({ 'opus-4-image': {} }, 'opus-4', 'opus-4-1')).toEqual(['opus-4', 'opus-4-1']);
    expect(names({ 'a-x-2': cheap }, 'a-b-1', 'a-c-1')).toEqual(['a-*-1']);
    expect(names({}, 'left', 'right')).toEqual(['left', 'right']);
    expect(names({}, 'abc', 'xyz')).toEqual(['abc', 'xyz']);
    expect(names({}, 'aa', 'aaa')).toEqual(['aa*']);
  });

  it.each<[string, string[], number, RegExp]>([
    ['a pattern that fits nothing', [EXCERPT, '--models', 'llama-*'], 2, /no model of .* fits "llama-\*"/],
    ['models without a price', [UNPRICED, '--models', '*'], 2, /no model that fits has a price for a token/],
    ['no pattern', [EXCERPT], 2, /--models/],
    ['no table', ['/no/where.json', '--models', '*'], 2, /cannot be read as JSON/],
    [
      'another kind of file',
      [new URL(import.meta.url).pathname, '--models', '*'],
      2,
      /cannot be read as JSON/,
    ],
    ['tokens for a currency', [EXCERPT, '--models', '*', '--currency', 'tokens'], 2, /ISO 4217/],
  ])('refuses %s', async (_, args, code, message) => {
    expect(await cli(['prices', ...args])).toMatchObject({
      code,
      out: '',
      err: expect.stringMatching(message),
    });
  });

  it('says how many entries there would be, where they are too many', async () => {
    const models = Array.from({ length: 101 }, (_, at) => [`m${at}x`, { input_cost_per_token: at * 1e-6 }]);
    const file = join(mkdtempSync(join(tmpdir(), 'prices-')), 'table.json');
    writeFileSync(file, JSON.stringify(Object.fromEntries(models)));
    expect(await cli(['prices', file, '--models', 'm*'])).toMatchObject({
      ...{ code: 1, out: '' },
      err: expect.stringContaining('101 models come to 101 entries, and token_weights_by_model takes 100'),
    });
    const { fields } = await policyFor(file, 'm1*', 'm2*');
    expect(fields.tokenWeightsByModel).toHaveLength(23);
  });

  const seed = testSeed('prices');
  it(`is exact on any table (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const any = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T;
    for (let round = 0; round < 300; round += 1) {
      const models = Array.from({ length: 30 }, () =>
        Array.from({ length: 1 + Math.floor(random() * 4) }, () => any(['a', 'b', '-', 'mini', '4'])).join(
          '',
        ),
      );
      const prices = () => any([{ input_cost_per_token: 1e-6 }, { input_cost_per_token: 2e-6 }, {}]);
      const table = weightsOfTable(Object.fromEntries(models.map((model) => [model, prices()])));
      const chosen = priced(table, any(['*', 'a*', '*mini']));
      expectExact(table, entriesFor(chosen, table), chosen);
    }
  });
});

const WHOLE = process.env['LITELLM_PRICES'];
describe.skipIf(WHOLE === undefined)('on the whole table (set LITELLM_PRICES to its file to run)', () => {
  it('is exact, within what a policy takes', async () => {
    const table = tableOf(WHOLE ?? '');
    const chosen = priced(table, 'claude-*', 'gpt-*');
    const { fields } = await policyFor(WHOLE ?? '', 'claude-*', 'gpt-*');
    expect(chosen.length).toBeGreaterThan(100);
    expectExact(table, fields.tokenWeightsByModel as ReturnType<typeof entriesFor>, chosen);
  });
});
