/**
 * All faults of `test/faults`, mixed and for as long as you like, on every store that there is: `npm run soak -- --minutes N`.
 * MONGODB_URI adds MongoDB, MONGO_ENGINE one that is killed, root the full disk, libfaketime the clock. SEED repeats the order.
 */
import { npmCommand, optionsOf, positiveNumber, typed } from '../../scripts/npm-command.js';
import { newSeed, randomFrom } from '../support/seed.js';
import { embeddedUnderFire, mongoUnderFire, type UnderFire } from './under-fire.js';

const { minutes } = optionsOf<{ minutes: number }>(
  npmCommand(
    'soak',
    'All faults of test/faults, mixed, on every store that there is: MONGODB_URI adds MongoDB, MONGO_ENGINE one that is killed, root the full disk, libfaketime the clock. SEED repeats the order.',
  ).option('--minutes <count>', 'for how long', positiveNumber(), 10),
  typed(),
);

const seed = newSeed('soak');
const random = randomFrom(seed);
const started = performance.now();
const say = (text: string) =>
  console.info(`${((performance.now() - started) / 60_000).toFixed(1)} min  ${text}`);

async function torment(store: UnderFire): Promise<boolean> {
  const tried = new Map<string, number>();
  try {
    while (performance.now() - started < minutes * 60_000) {
      await store.load.answered(50 + Math.floor(random() * 200));
      const fault = store.faults[Math.floor(random() * store.faults.length)];
      if (fault === undefined) break;
      tried.set(fault.name, (tried.get(fault.name) ?? 0) + 1);
      await fault.strike();
      const healed = performance.now();
      await store.load.answered(50);
      say(
        `${store.name}: ${fault.name}; 50 calls answered ${((performance.now() - healed) / 1_000).toFixed(1)} s later`,
      );
    }
    await store.load.settle();
  } catch (error) {
    store.load.record.wrong(String(error));
  }
  await store.end();
  const { record } = store.load;
  say(`${store.name}: tried ${[...tried].map(([name, count]) => `${name} ${count}`).join(', ')}`);
  say(`${store.name}: ${record}`);
  for (const wrong of record.wrongs) say(`${store.name}: WRONG: ${wrong}`);
  if (record.wrongs.length === 0) say(`${store.name}: the books balance, every slot came back`);
  return record.wrongs.length === 0;
}

const stores = await Promise.all([embeddedUnderFire(seed, random), mongoUnderFire(seed, random)]);
const results = await Promise.all(stores.filter((store) => store !== undefined).map(torment));
process.exit(results.every(Boolean) ? 0 : 1);
