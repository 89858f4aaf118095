/**
 * Years of the service in minutes: `npm run years -- --days 820`. Its books are held against independent ones at the end of every
 * month, through restarts, crashes, months of downtime, summer times, and clocks that are wrong and believed.
 */
import { Option } from 'commander';
import { MongoClient } from 'mongodb';
import { endWith, npmCommand, optionsOf, typed, UsageError, wholeNumber } from '../../scripts/npm-command.js';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import { newSeed } from '../support/seed.js';
import type { OpenStore } from './machine.js';
import { openEmbedded } from './open-embedded.js';
import { Years } from './years.js';

const STORES = ['embedded', 'mongodb', 'memory'] as const;
interface Options {
  readonly days: number;
  readonly store: (typeof STORES)[number];
  readonly brief: boolean;
}

function readOptions(): Options {
  const options = optionsOf<Options>(
    npmCommand(
      'years',
      'Years of the service in minutes, its books against independent ones. SEED repeats a run. The exit code is 1 where they did not balance.',
    )
      .option('--days <count>', 'how many days', wholeNumber(1, 10_000), 820)
      .addOption(
        new Option('--store <name>', 'mongodb: a database of its own at MONGODB_URI')
          .choices(STORES)
          .default('embedded'),
      )
      .option('--brief', 'only what comes out in the end', false),
    typed(),
  );
  if (options.store === 'mongodb' && !process.env['MONGODB_URI'])
    throw new UsageError('--store mongodb needs MONGODB_URI');
  return options;
}

async function openPlace({ store }: Options): Promise<{ open: OpenStore; remove: () => unknown }> {
  if (store === 'embedded') return openEmbedded();
  if (store === 'memory') {
    const memory = await openMemoryStore({ exclusive: false });
    return { open: async () => memory, remove: () => {} };
  }
  const uri = process.env['MONGODB_URI'] ?? '';
  const database = `years_${process.pid}`;
  const remove = async () => {
    const client = new MongoClient(uri);
    await client.db(database).dropDatabase();
    await client.close();
  };
  return { open: () => openMongoStore({ uri, database }), remove };
}

async function run(options: Options): Promise<number> {
  const seed = newSeed('years');
  const started = performance.now();
  const place = await openPlace(options);
  try {
    const say = options.brief ? {} : { say: (line: string) => console.log(line) };
    const { wrong, counts } = await new Years({ ...say, days: options.days, seed, open: place.open }).live();
    for (const line of wrong.slice(0, 20)) console.log(`WRONG ${line}`);
    const figures = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
    console.log(figures.join(', '));
    const minutes = ((performance.now() - started) / 60_000).toFixed(1);
    const verdict = wrong.length === 0 ? 'the books balance' : `${wrong.length} things are wrong`;
    console.log(`${options.days} days on the store ${options.store} in ${minutes} minutes: ${verdict}`);
    return wrong.length === 0 ? 0 : 1;
  } finally {
    await place.remove();
  }
}

try {
  process.exitCode = await run(readOptions());
} catch (error) {
  endWith(error);
}
