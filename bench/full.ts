import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../scripts/npm-command.js';
import { GROWTH_PARTS, growthTable, runGrowth } from './growth/growth.js';
import type { GrowthLine } from './growth/growth-line.js';
import { type Machine, machineLines } from './machine.js';
import type { Options } from './options.js';
import { chart } from './report/chart.js';
import { writeDocs } from './report/docs.js';
import { linesOf } from './report/lines.js';
import { ratesTable } from './report/table.js';
import { targetsTable, verdicts } from './report/targets.js';
import { type Cell, runRounds } from './rounds.js';
import type { Row } from './rows/row.js';
import { chosenRows } from './rows/rows.js';
import { World } from './serve/world.js';
import { runSoak, type SoakSlice, soakFigures, soakTable } from './soak/soak.js';

const SOAK = 'soak';

interface Chosen {
  readonly rows: readonly Row[];
  readonly growth: readonly string[];
  readonly soak: boolean;
}

interface Found {
  readonly machine: Machine;
  readonly cells: readonly Cell[];
  readonly growth: readonly GrowthLine[];
  readonly soak: readonly SoakSlice[];
  readonly figures: ReadonlyMap<string, number>;
  readonly notes: readonly string[];
}

/** Measures what was asked for, prints it, and writes it. */
export async function runFull(
  options: Options,
  machine: Machine,
  mongoUri: string | undefined,
): Promise<void> {
  const chosen = choose(options.only);
  const found = await measure(chosen, options, machine, mongoUri);
  const text = report(found);
  console.log(text);
  const lines = linesOf(found.cells);
  const title = `Calls a second, ${machine.cpu}, ${machine.date}`;
  const svg = lines.length === 0 ? undefined : chart(lines, title);
  const { growth, soak, notes } = found;
  const targets = verdicts(found.cells, found.figures);
  const json = JSON.stringify({ machine, lines, growth, soak, targets, notes }, null, 2);
  await mkdir(options.out, { recursive: true });
  await writeFile(path.join(options.out, 'bench.md'), text);
  await writeFile(path.join(options.out, 'bench.json'), `${json}\n`);
  if (svg !== undefined) await writeFile(path.join(options.out, 'bench.svg'), svg);
  if (options.docs) await writeDocs(`npm run bench -- ${process.argv.slice(2).join(' ')}`, text, svg);
}

function choose(names: readonly string[]): Chosen {
  const growth = Object.keys(GROWTH_PARTS);
  if (names.length === 0) return { rows: chosenRows([]), growth, soak: true };
  const begins = (id: string) => names.some((name) => id.startsWith(name));
  const chosen: Chosen = {
    rows: names.includes('rates') ? chosenRows([]) : chosenRows(names),
    growth: growth.filter(begins),
    soak: begins(SOAK),
  };
  if (chosen.rows.length + chosen.growth.length > 0 || chosen.soak) return chosen;
  throw new UsageError(`nothing begins with ${names.join(' or ')}; --list prints the names`);
}

async function measure(
  chosen: Chosen,
  options: Options,
  machine: Machine,
  mongoUri: string | undefined,
): Promise<Found> {
  const onProgress = (text: string) => console.error(text);
  const world = new World(mongoUri, options.record);
  try {
    const rows = chosen.rows.filter(({ needsMongo }) => !needsMongo || mongoUri !== undefined);
    const cells = await runRounds(world, rows, { ...options, onProgress });
    const soak = chosen.soak ? await runSoak(world, options.soakMinutes, onProgress) : [];
    await world.stop();
    const { lines: growth, figures } = await runGrowth(chosen.growth, mongoUri, onProgress);
    return {
      ...{ machine, cells, growth, soak, notes: notesOn(chosen, cells, mongoUri) },
      figures: new Map([...figures, ...(soak.length === 0 ? [] : soakFigures(soak))]),
    };
  } finally {
    await world.stop();
  }
}

function notesOn(chosen: Chosen, cells: readonly Cell[], mongoUri: string | undefined): string[] {
  const left = chosen.rows.filter(({ needsMongo }) => needsMongo === true && mongoUri === undefined);
  const errors = linesOf(cells).filter((line) => line.errors > 0);
  return [
    ...(left.length === 0 ? [] : [`Left out without MONGODB_URI: ${left.map(({ id }) => id).join(', ')}.`]),
    ...errors.map(({ what, callers, lastError }) => `${what}, ${callers} callers: ${lastError}`),
  ];
}

function report({ machine, cells, growth, soak, figures, notes }: Found): string {
  const targets = verdicts(cells, figures);
  const tables = [
    ...(targets.length === 0 ? [] : [targetsTable(targets)]),
    ...(cells.length === 0 ? [] : [ratesTable(linesOf(cells))]),
    ...(growth.length === 0 ? [] : [growthTable(growth)]),
    ...(soak.length === 0 ? [] : [soakTable(soak)]),
  ];
  return `${[machineLines(machine), ...tables, ...notes].join('\n\n')}\n`;
}

/** Every name that `--only` takes. */
export function listNames(): string {
  const rows = chosenRows([]).map(({ id, what }) => `${id.padEnd(32)}${what}`);
  return [...rows, ...Object.keys(GROWTH_PARTS), SOAK].join('\n');
}
