import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { credentials } from '@grpc/grpc-js';
import {
  BudgetAdminServiceClient,
  PutBudgetRequest,
  type WatchBudgetResponse,
} from '../../src/gen/budget/v1/budget_admin_service.js';
import type { AiLine } from './ai-line.js';
import { balance, readDistribution } from './books.js';
import { ask, pause } from './client.js';
import { type Ai, type Service, startAi, startService, stopped } from './processes.js';
import { Scene } from './scene.js';
import { draw } from './screen.js';
import { AIS, readTrace, totalTokens } from './trace.js';

const BUDGET = 'demo';
const LEASE_TTL_S = 3;
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, keep: { type: 'boolean', default: false } },
});
const seconds = Number(values.seconds);
const terminal = process.stdout.isTTY === true;
const dataDir = mkdtempSync(join(tmpdir(), 'budget-demo-'));
const ais = new Map<string, Ai>();
let service: Service | undefined;

/** Scaled to the trace: not even half of its tokens fit into the hour, a little more into the day. */
async function putPolicy(admin: BudgetAdminServiceClient): Promise<void> {
  const policy = {
    monthlyLimit: 10 * totalTokens(),
    enforcedPercent: 50,
    maxHourlyPercent: 8,
    maxDailyPercent: 8.4,
    maxRequestTokens: Math.round(totalTokens() / 60),
    cooldown: { seconds: 0, nanos: Math.min(999, Math.round(seconds * 20)) * 1_000_000 },
    leaseTtl: { seconds: LEASE_TTL_S, nanos: 0 },
  };
  await ask((done) => admin.putBudget(PutBudgetRequest.fromPartial({ budgetId: BUDGET, policy }), done));
}

function heard(scene: Scene, aiId: string, line: AiLine, killAfter: number): void {
  if (line.event === 'granted') {
    scene.slots.set(line.leaseId, { aiId, tokens: line.tokens, expiresAt: Date.now() + LEASE_TTL_S * 1_000 });
  }
  if (line.event === 'released') scene.slots.delete(line.leaseId);
  if (line.event === 'charged') scene.charge(aiId, line.tokens);
  if (line.event === 'denied') scene.denied(aiId, line.rules);
  if (line.event === 'repeated') {
    scene.repeats += 1;
    if (!line.replayed) scene.wrongRepeats += 1;
  }
  const conquest = ais.get('conquest');
  if (
    line.event === 'granted' &&
    aiId === 'conquest' &&
    Date.now() > killAfter &&
    !conquest?.process.killed
  ) {
    conquest?.process.kill('SIGKILL');
    scene.say('conquest is killed (SIGKILL) while it holds a slot');
  }
}

async function run(): Promise<number> {
  service = await startService(dataDir);
  const admin = new BudgetAdminServiceClient(service.grpc, credentials.createInsecure());
  await putPolicy(admin);
  const scene = new Scene((line) => {
    if (!terminal) console.log(line);
  });
  const watch = admin.watchBudget({ budgetId: BUDGET });
  watch.on('data', (update: WatchBudgetResponse) => scene.watch(update));
  watch.on('error', () => {});

  const speed = ((readTrace().at(-1)?.atMs ?? 0) / 1_000 / seconds) * 1.4;
  const endsAt = Date.now() + seconds * 1_000;
  const killAfter = Date.now() + seconds * 250;
  for (const aiId of AIS) {
    const args = [service.grpc, BUDGET, aiId, String(speed), String(seconds)];
    ais.set(
      aiId,
      startAi(args, (line) => heard(scene, aiId, line, killAfter)),
    );
  }
  if (terminal) process.stdout.write('\u001b[2J');
  const redraw = setInterval(() => {
    if (terminal)
      process.stdout.write(draw(scene, (endsAt - Date.now()) / 1_000, process.stdout.columns ?? 100));
  }, 250);
  await Promise.all([...ais.values()].map(({ ended }) => ended));
  // The dead AI's lease runs out, and the last events arrive.
  for (let waited = 0; scene.slots.size > 0 && waited < LEASE_TTL_S * 2; waited += 1) await pause(1_000);
  await pause(1_200);
  clearInterval(redraw);
  watch.cancel();
  return report(scene, service.http);
}

async function report(scene: Scene, http: string): Promise<number> {
  const distribution = await readDistribution(http, BUDGET);
  const { lines, balanced } = balance(scene, distribution);
  if (terminal) process.stdout.write(draw(scene, 0, process.stdout.columns ?? 100));
  console.log(`\n\nGET /api/token-usage/distribution\n${JSON.stringify(distribution, null, 1)}\n`);
  console.log(`denied by ${[...scene.denials].map(([rule, count]) => `${rule} ${count}`).join(', ')}`);
  console.log(`leases that expired: ${scene.expired}; reports sent twice: ${scene.repeats}\n`);
  console.log(lines.join('\n'));
  console.log(balanced ? '\nthe books balance' : '\nTHE BOOKS DO NOT BALANCE');
  return balanced ? 0 : 1;
}

async function cleanUp(): Promise<void> {
  for (const { process: child } of ais.values()) child.kill('SIGKILL');
  if (service !== undefined) await stopped(service.process);
  if (values.keep) console.log(`the data is in ${dataDir}`);
  else rmSync(dataDir, { recursive: true, force: true });
}

process.once('SIGINT', () => void cleanUp().then(() => process.exit(130)));
try {
  process.exitCode = await run();
} finally {
  await cleanUp();
}
process.exit();
