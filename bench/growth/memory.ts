import { setTimeout as pause } from 'node:timers/promises';
import { LoadedClients } from '../../test/support/loaded-client.js';
import { startService } from '../../test/support/service.js';
import { memoryMiB } from '../measure/cpu-time.js';
import { median } from '../measure/median.js';
import { eachOf } from '../serve/budgets.js';
import type { Growth, GrowthLine } from './growth-line.js';
import type { StorePlace } from './inside.js';
import { runProgram, STORE_NAMES, type StoreKind, settingsFor, withStore } from './store-places.js';

const IN_STORE = [10, 1_000, 100_000];
const ACTIVE = [100, 10_000];
const STARTS = 3;
const IDLE_MS = 5_000;

/** Memory and start-up with many budgets in the store, of which some are in use. */
export async function memoryGrowth(kind: StoreKind, mongoUri: string | undefined): Promise<Growth> {
  const lines: GrowthLine[] = [];
  const figures: [string, number][] = [];
  for (const count of IN_STORE) {
    await withStore(kind === 'mongo' ? mongoUri : undefined, async (place) => {
      await runProgram('fill-process', JSON.stringify(place), 'budgets', String(count));
      const at = `${count.toLocaleString('en-US')} in the store`;
      const started = await startTimes(place);
      lines.push({ what: `start, ${STORE_NAMES[kind]}`, at, unit: 'ms', value: median(started) });
      for (const { active, used, ofDataFile } of await memoryOf(place, count)) {
        const words = active === 0 ? 'idle' : `${active.toLocaleString('en-US')} active`;
        const of = `${STORE_NAMES[kind]}, ${words}`;
        lines.push({ what: `memory, ${of}`, at, unit: 'MiB', value: used });
        if (kind === 'mongo') continue;
        lines.push({ what: `data file in memory, ${of}`, at, unit: 'MiB', value: ofDataFile });
        if (active === 0 && count === 10) figures.push(['memory-idle', used]);
        if (active === 10_000) figures.push(['memory-10000', used]);
      }
    });
  }
  return { lines, figures };
}

async function startTimes(place: StorePlace): Promise<number[]> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const since = performance.now();
    const service = await startService({ env: settingsFor(place) });
    times.push(performance.now() - since);
    await service.stop();
  }
  return times;
}

type Found = { readonly active: number } & ReturnType<typeof memoryMiB>;

/** Of one process: idle, and with more and more budgets in use. */
async function memoryOf(place: StorePlace, count: number): Promise<Found[]> {
  const service = await startService({ env: settingsFor(place) });
  const clients = new LoadedClients(service.grpcAddress);
  try {
    await pause(IDLE_MS);
    const found: Found[] = [{ active: 0, ...memoryMiB(service.pid) }];
    for (const active of ACTIVE.filter((some) => some <= count)) {
      await eachOf(
        Array.from({ length: active }, (_, number) => `budget-${number}`),
        (budget_id) => use(clients, budget_id),
      );
      found.push({ active, ...memoryMiB(service.pid) });
    }
    return found;
  } finally {
    clients.close();
    await service.stop();
  }
}

async function use(clients: LoadedClients, budget_id: string): Promise<void> {
  const unleased = { budget_id, ai_id: 'ai-1' };
  const usage = { usage_id: 'only', model: 'claude-sonnet-4', tokens: { total_tokens: 180 } };
  await clients.call('RecordUsage', { unleased, usage });
}
