import { readFileSync } from 'node:fs';
import { npmCommand, optionsOf, positiveNumber, typed } from '../../scripts/npm-command.js';
import { BudgetServiceService, RecordUsageRequest } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { LoadedClients } from '../../test/support/loaded-client.js';
import { startService } from '../../test/support/service.js';
import { emptyTally, FloodConnection, type Tally } from './flood-connection.js';
import { CallTemplate } from './frames.js';

/** npm run bench:overload: what the service carries, what becomes of it at five times that for a minute, and afterwards. */
const { times: TIMES, seconds: FLOOD_SECONDS } = optionsOf<{ times: number; seconds: number }>(
  npmCommand(
    'bench:overload',
    'What the service carries, what becomes of it under more than that, and afterwards.',
  )
    .option('--seconds <count>', 'for how long', positiveNumber(), 60)
    .option('--times <factor>', 'so many times what it carries', positiveNumber(), 5),
  typed(),
);
const CALLERS = 64;
const CARRY_SECONDS = 10;
const CONNECTIONS = 200;
const REST_SECONDS = 10;
/** The stated bound: 5,000 calls of 64 KiB, their books and what the collector leaves for later, and the state in use. */
const MEMORY_BOUND_MIB = 1_024;
const FLOODER = '127.0.0.2';

const BUDGET = 'flooded';
const template = new CallTemplate(BudgetServiceService.recordUsage.path, (usageId) =>
  RecordUsageRequest.encode(
    RecordUsageRequest.fromPartial({
      subject: { $case: 'unleased', value: { budgetId: BUDGET, aiId: 'flood' } },
      usage: { usageId, tokens: { totalTokens: 1 } },
    }),
  ).finish(),
);
let lastId = 0;
const nextId = () => ++lastId;

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1_000));

/** As many calls as the service answers to callers who wait for their answers. */
async function carry(port: number): Promise<Tally> {
  const tally = emptyTally();
  const connections: FloodConnection[] = Array.from({ length: 4 }, () => {
    const connection: FloodConnection = new FloodConnection(port, FLOODER, template, tally, () => {
      connection.send(1, nextId);
    });
    return connection;
  });
  await seconds(0.5);
  for (const connection of connections) connection.send(CALLERS / 4, nextId);
  await seconds(CARRY_SECONDS);
  for (const connection of connections) connection.close();
  return tally;
}

/** Calls at a rate, whether they are answered or not. */
async function flood(port: number, rate: number, everySecond: () => void): Promise<Tally> {
  const tally = emptyTally();
  const open = () => new FloodConnection(port, FLOODER, template, tally);
  const connections = Array.from({ length: CONNECTIONS }, open);
  const started = performance.now();
  let due = 0;
  let sent = 0;
  const pulse = setInterval(() => {
    due = (rate * (performance.now() - started)) / 1_000;
    const each = Math.floor((due - sent) / CONNECTIONS);
    sent += each * CONNECTIONS;
    for (const connection of connections) connection.send(each, nextId);
  }, 10);
  for (let second = 0; second < FLOOD_SECONDS; second += 1) {
    await seconds(1);
    everySecond();
    // Who was cut off comes back, as clients do.
    for (const [at, connection] of connections.entries()) if (connection.lost) connections[at] = open();
  }
  clearInterval(pulse);
  for (const connection of connections) connection.close();
  return tally;
}

/** A client from another address, which asks ten times a second. */
function bystander(clients: LoadedClients) {
  const seen = { answered: 0, failed: 0, latenciesMs: [] as number[] };
  const timer = setInterval(() => {
    const started = performance.now();
    const asked = clients.call('GetAvailability', { budget_id: 'anthropic', ai_id: 'bystander' });
    asked.then(
      () => {
        seen.answered += 1;
        seen.latenciesMs.push(performance.now() - started);
      },
      () => {
        seen.failed += 1;
      },
    );
  }, 100);
  return { seen, stop: () => clearInterval(timer) };
}

function percentile(values: readonly number[], share: number): string {
  const sorted = [...values].sort((a, b) => a - b);
  return `${Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)} ms`;
}

function describe(name: string, tally: Tally, over: number): void {
  const { accepted, refused, reset, heldBack, lostConnections, latenciesMs } = tally;
  const rate = (count: number) => `${Math.round(count / over).toLocaleString('en')}/s`;
  const waits = `p50 ${percentile(latenciesMs, 0.5)}, p99 ${percentile(latenciesMs, 0.99)}`;
  const rest = `refused ${rate(refused)}, reset ${rate(reset)}, held back ${rate(heldBack)}`;
  console.log(`${name}: answered ${rate(accepted)} (${waits}), ${rest}, connections lost ${lostConnections}`);
}

const service = await startService();
const port = Number(service.grpcAddress.split(':').at(-1));
const resident = () =>
  Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]) / 1024);
const clients = new LoadedClients(service.grpcAddress);
const policy = { monthly_limit: 1e12, emergency_percent: 100 };
await clients.admin('CreateBudget', { budget_id: BUDGET, policy });
const idle = resident();

const before = await carry(port);
describe('carries', before, CARRY_SECONDS);
const capacity = before.accepted / CARRY_SECONDS;
const carrying = resident();

let peak = 0;
const other = bystander(clients);
const overloaded = await flood(port, TIMES * capacity, () => {
  peak = Math.max(peak, resident());
});
describe(`${TIMES} times that for ${FLOOD_SECONDS} s`, overloaded, FLOOD_SECONDS);
other.stop();
const { answered, failed, latenciesMs } = other.seen;
console.log(
  `a bystander meanwhile: answered ${answered}, failed ${failed}, p50 ${percentile(latenciesMs, 0.5)}, p99 ${percentile(latenciesMs, 0.99)}`,
);
const recoveredAt = performance.now();
const asksOnce = () => clients.call('GetAvailability', { budget_id: BUDGET, ai_id: 'bystander' });
while (!(await asksOnce().catch(() => false))) await seconds(0.1);
console.log(`first answer after the flood: ${Math.round(performance.now() - recoveredAt)} ms`);
await seconds(REST_SECONDS);
const after = await carry(port);
describe('afterwards', after, CARRY_SECONDS);
console.log(`memory: idle ${idle}, carrying ${carrying}, peak ${peak}, afterwards ${resident()} MiB`);
clients.close();
const code = await service.stop();
const wrong = [
  ...(peak > MEMORY_BOUND_MIB ? [`memory rose above ${MEMORY_BOUND_MIB} MiB`] : []),
  ...(after.accepted < 0.7 * before.accepted ? ['it does not carry afterwards what it carried before'] : []),
  ...(failed > 0 ? ['a client of another address was refused'] : []),
  ...(code === 0 ? [] : [`it ended with code ${code}`]),
];
for (const line of wrong) console.error(line);
if (wrong.length > 0) process.exitCode = 1;
