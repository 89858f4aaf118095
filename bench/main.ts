import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buildGoDriver } from './drive/go-driver.js';
import { describeMachine, machineLines } from './machine.js';
import { type Options, readOptions, UsageError } from './options.js';
import { linesOf } from './report/lines.js';
import { ratesTable } from './report/table.js';
import { runRounds } from './rounds.js';
import { chosenRows, ROWS } from './rows/rows.js';
import { World } from './serve/world.js';
import { requireTools } from './tools.js';

/** `npm run bench`: see `--help`. */
async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return;
  if (options.list) {
    console.log(ROWS.map(({ id, what }) => `${id.padEnd(24)}${what}`).join('\n'));
    return;
  }
  await bench(options);
}

async function bench(options: Options): Promise<void> {
  requireTools(['ghz', 'go']);
  const mongoUri = process.env['MONGODB_URI'] || undefined;
  const chosen = chosenRows(options.only);
  if (chosen.length === 0)
    throw new UsageError(`no row begins with ${options.only.join(' or ')}; see --list`);
  const rows = chosen.filter(({ needsMongo }) => !needsMongo || mongoUri !== undefined);
  await buildGoDriver();
  const machine = await describeMachine(mongoUri);
  const world = new World(mongoUri);
  try {
    const cells = await runRounds(world, rows, { ...options, onProgress: (text) => console.error(text) });
    const lines = linesOf(cells);
    const text = `${machineLines(machine)}\n\n${ratesTable(lines)}\n`;
    console.log(text);
    await mkdir(options.out, { recursive: true });
    await writeFile(path.join(options.out, 'bench.md'), text);
    await writeFile(path.join(options.out, 'bench.json'), `${JSON.stringify({ machine, lines }, null, 2)}\n`);
  } finally {
    await world.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof UsageError ? error.message : error);
  process.exitCode = 1;
});
