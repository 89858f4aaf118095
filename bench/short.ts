import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Machine, machineLines } from './machine.js';
import { linesOf } from './report/lines.js';
import { fixed, ratesTable, table } from './report/table.js';
import { type RoundOptions, runRounds } from './rounds.js';
import type { Row } from './rows/row.js';
import { chosenRows } from './rows/rows.js';
import type { World } from './serve/world.js';

const RECORDED = fileURLToPath(new URL('./recorded.json', import.meta.url));
const ROWS = ['embedded-cycle', 'embedded-record', 'embedded-denials', 'mongo-cycle'];
const CALLERS = [16, 64];
/** Below this share of the recorded ratio something got slower, whatever the machine. */
const LEAST_SHARE = 2 / 3;

/** Throughput to the limit's, by row and callers, as `embedded-cycle/64`. */
type Ratios = Readonly<Record<string, number>>;

interface Recorded {
  readonly machine: Machine;
  readonly ratios: Ratios;
}

/** A few rows for a few seconds, against the recorded ratios. Returns whether they hold: each failed one gets a second try. */
export async function runShort(world: World, options: RoundOptions): Promise<boolean> {
  const { ratios: recorded } = JSON.parse(await readFile(RECORDED, 'utf8')) as Recorded;
  const all = shortRows(world);
  const failing = await failed(world, all, options, recorded);
  if (failing.length === 0) return true;
  console.log(`\nbelow two thirds of the recorded ratio: ${failing.join(', ')}; once more\n`);
  const rows = rowsOf(failing, all);
  const twice = (await failed(world, rows, options, recorded)).filter((name) => failing.includes(name));
  if (twice.length === 0) return true;
  console.error(
    `slower twice in a row: ${twice.join(', ')}. npm run bench -- --only NAME shows more; after a change that`,
  );
  console.error('is worth it, npm run bench -- --short --keep-ratios writes bench/recorded.json anew.');
  return false;
}

/** Rows of ratios such as `embedded-cycle/64`, with their limits. */
export function rowsOf(ratios: readonly string[], rows: readonly Row[]): Row[] {
  const named = rows.filter(({ id }) => ratios.some((name) => name.startsWith(`${id}/`)));
  const limits = new Set(named.map(({ limit }) => limit));
  return rows.filter((row) => named.includes(row) || limits.has(row.id));
}

/** Writes what later runs are compared with. */
export async function recordShort(world: World, options: RoundOptions, machine: Machine): Promise<void> {
  const ratios = await measure(world, shortRows(world), options);
  const rounded = Object.fromEntries(Object.entries(ratios).map(([name, ratio]) => [name, round(ratio)]));
  const recorded: Recorded = { machine, ratios: rounded };
  await writeFile(RECORDED, `${JSON.stringify(recorded, null, 2)}\n`);
  console.log(`${machineLines(machine)}\nwritten to ${RECORDED}`);
}

function shortRows(world: World): Row[] {
  return chosenRows(ROWS)
    .filter(({ id }) => ROWS.includes(id) || id.startsWith('echo'))
    .filter(({ needsMongo }) => !needsMongo || world.mongoUri !== undefined)
    .map((row) => ({ ...row, callers: CALLERS }));
}

async function failed(
  world: World,
  rows: readonly Row[],
  options: RoundOptions,
  recorded: Ratios,
): Promise<string[]> {
  const found = await measure(world, rows, options);
  const compared = Object.entries(found).flatMap(([name, ratio]) => {
    const before = recorded[name];
    return before === undefined ? [] : [{ name, ratio, before, share: ratio / before }];
  });
  const cells = compared.map(({ name, ratio, before, share }) => [
    name,
    ...[fixed(ratio, 3), fixed(before, 3), fixed(share, 2)],
  ]);
  console.log(`\n${table(['ratio to echo', 'now', 'recorded', 'share'], cells)}`);
  return compared.filter(({ share }) => share < LEAST_SHARE).map(({ name }) => name);
}

async function measure(world: World, rows: readonly Row[], options: RoundOptions): Promise<Ratios> {
  const lines = linesOf(await runRounds(world, rows, options));
  console.log(ratesTable(lines));
  const ratios = lines.flatMap(({ row, callers, ratio }) =>
    ratio === undefined ? [] : [[`${row}/${callers}`, ratio] as const],
  );
  return Object.fromEntries(ratios);
}

function round(ratio: number): number {
  return Math.round(ratio * 1_000) / 1_000;
}
