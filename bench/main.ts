import { endWith, typed } from '../scripts/npm-command.js';
import { buildGoDriver } from './drive/go-driver.js';
import { listNames, runFull } from './full.js';
import { describeMachine, machineLines } from './machine.js';
import { type Options, readOptions } from './options.js';
import { World } from './serve/world.js';
import { recordShort, runShort } from './short.js';
import { requireTools } from './tools.js';

/** `npm run bench`: see `--help`. */
async function main(): Promise<void> {
  const options = readOptions(typed());
  if (options.list) {
    console.log(listNames());
    return;
  }
  requireTools(['ghz', 'go']);
  await buildGoDriver();
  const mongoUri = process.env['MONGODB_URI'] || undefined;
  const machine = await describeMachine(mongoUri);
  if (!options.short) return runFull(options, machine, mongoUri);
  const world = new World(mongoUri, options.record);
  const round: Options & { onProgress: (text: string) => void } = {
    ...options,
    onProgress: (text) => console.error(text),
  };
  try {
    console.log(`${machineLines(machine)}\n`);
    if (options.keepRatios) await recordShort(world, round, machine);
    else if (!(await runShort(world, round))) process.exitCode = 1;
  } finally {
    await world.stop();
  }
}

main().catch(endWith);
