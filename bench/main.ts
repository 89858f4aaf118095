import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { LoadedClients } from '../test/support/loaded-client.js';
import { type Service, startService } from '../test/support/service.js';

/**
 * `npm run bench [records]`: how long a start takes, what an idle service holds, and how fast a month of many usage records
 * is summed. On the embedded store, or on MongoDB where MONGODB_URI names one; build first.
 */

const RECORDS = Number(process.argv[2] ?? 100_000);
const CALLERS = 256;
const AIS = 200;
const MODELS = 20;
const STARTS = 5;
const READS = 200;
const IDLE_MS = 5_000;
const BUDGET = 'bench';

const mongo = process.env['MONGODB_URI'];
const env: Record<string, string> = mongo
  ? { MONGODB_URI: mongo, MONGODB_DATABASE: `budget_bench_${process.pid}` }
  : {};

const ROOMY = {
  monthly_limit: 1_000_000_000_000,
  enforced_percent: 100,
  max_daily_percent: 100,
  max_hourly_percent: 100,
  min_daily_percent: 0,
  pacing: 'PACING_NONE',
};

async function main(): Promise<void> {
  const rows: Record<string, string> = {};
  rows['start until it serves, median'] = milliseconds(median(await starts()));
  const service = await startService({ env });
  const clients = new LoadedClients(service.grpcAddress);
  try {
    await pause(IDLE_MS);
    rows['idle memory'] = memoryOf(service);
    await clients.admin('PutBudget', { budget_id: BUDGET, policy: ROOMY });
    const seconds = await record(clients);
    rows[`${RECORDS} usage records`] = `${seconds.toFixed(1)} s, ${Math.round(RECORDS / seconds)} a second`;
    const times = await readDistribution(clients);
    rows['GetDistribution, median'] = milliseconds(median(times));
    rows['GetDistribution, 99 percent'] = milliseconds(times[Math.floor(times.length * 0.99)] ?? 0);
    rows['memory after it'] = memoryOf(service);
  } finally {
    clients.close();
    await service.stop();
  }
  console.table(rows);
}

async function starts(): Promise<number[]> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const since = performance.now();
    const service = await startService({ env });
    times.push(performance.now() - since);
    await service.stop();
  }
  return times;
}

/** Many AIs and models today, and something on each earlier day of the month. */
async function record(clients: LoadedClients): Promise<number> {
  const today = new Date();
  for (let day = 1; day < today.getUTCDate(); day += 1) {
    const date = `${today.toISOString().slice(0, 8)}${String(day).padStart(2, '0')}`;
    const request = {
      budget_id: BUDGET,
      adjustment_id: date,
      tokens: 1_000 * day,
      reason: 'bench',
      day: date,
    };
    await clients.admin('AdjustUsage', request);
  }
  const since = performance.now();
  let next = 0;
  const caller = async () => {
    for (let index = next++; index < RECORDS; index = next++) {
      const unleased = { budget_id: BUDGET, ai_id: `ai-${index % AIS}` };
      const tokens = { input_tokens: 100, output_tokens: index % 50 };
      const usage = { usage_id: `use-${index}`, model: `model-${index % MODELS}`, tokens };
      await clients.call('RecordUsage', { unleased, usage });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return (performance.now() - since) / 1_000;
}

async function readDistribution(clients: LoadedClients): Promise<number[]> {
  const times: number[] = [];
  for (let read = 0; read < READS; read += 1) {
    const since = performance.now();
    await clients.call('GetDistribution', { budget_id: BUDGET });
    times.push(performance.now() - since);
  }
  return times.sort((a, b) => a - b);
}

function memoryOf({ pid }: Service): string {
  const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return `${Math.round(kilobytes / 1_024)} MB`;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 100 ? 1 : 0)} ms`;
}

await main();
