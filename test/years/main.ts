/**
 * Years of the service in minutes: `npm run years -- --days 820`. Its books are held against independent ones at the end of every
 * month, through restarts, crashes, months of downtime, summer times, and clocks that are wrong and believed.
 */
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.js';
import { newSeed } from '../support/seed.js';
import type { OpenStore } from './machine.js';
import { openEmbedded } from './open-embedded.js';
import { Years } from './years.js';

const STORES = ['embedded', 'mongodb', 'memory'] as const;
const HELP = `npm run years -- [options]

  --days N       how many days; default 820
  --store NAME   ${STORES.join(', ')}; default embedded. mongodb: a database of its own at MONGODB_URI
  --brief        only what comes out in the end
  --help         this

SEED repeats a run. The exit code is 1 where the books did not balance.
`;

interface Options {
  readonly days: number;
  readonly store: (typeof STORES)[number];
  readonly brief: boolean;
}

class WrongOption extends Error {}

function optionsOf(args: readonly string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const days = Number(values.days);
  if (!Number.isInteger(days) || days < 1 || days > 10_000)
    throw new WrongOption('--days takes a whole number from 1 to 10,000');
  const store = STORES.find((name) => name === values.store);
  if (store === undefined) throw new WrongOption(`--store is one of ${STORES.join(', ')}`);
  if (store === 'mongodb' && !process.env['MONGODB_URI'])
    throw new WrongOption('--store mongodb needs MONGODB_URI');
  return { days, store, brief: values.brief };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        days: { type: 'string', default: '820' },
        store: { type: 'string', default: 'embedded' },
        brief: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    const [line] = (error as Error).message.split(/\.? To specify|\n/);
    throw new WrongOption(line);
  }
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

async function main(): Promise<number> {
  try {
    const options = optionsOf(process.argv.slice(2));
    if (options !== undefined) return await run(options);
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    if (!(error instanceof WrongOption)) throw error;
    process.stderr.write(`${error.message}; --help says what there is\n`);
    return 2;
  }
}

process.exitCode = await main();
