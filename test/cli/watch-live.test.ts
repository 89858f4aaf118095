import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../faults/support/free-port.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { startCommand } from '../transfer/support/command.js';
import { temporaryFolder } from '../transfer/support/stores.js';

const PATIENCE = { timeout: 20_000, interval: 50 };

const folder = temporaryFolder(afterAll);
let service: Service;
let env: Record<string, string>;
beforeAll(async () => {
  env = { GRPC_ADDRESS: `127.0.0.1:${await freePort()}`, DATA_DIR: folder };
  service = await startService({ env });
});
afterAll(() => service?.stop());

let paused = false;
/** Something that a watcher is told of; again and again, since nobody says when it has begun to watch. */
async function change(): Promise<void> {
  const clients = new LoadedClients(service.grpcAddress);
  await clients.admin(paused ? 'ResumeBudget' : 'PauseBudget', { budget_id: 'anthropic' });
  paused = !paused;
  clients.close();
}

it('tells what happens as lines, says when the service is gone, and goes on when it is back', async () => {
  const watch = startCommand(['watch', 'anthropic'], env);
  let out = '';
  watch.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const told = (from: number) => change().then(() => out.slice(from));
  await expect.poll(() => told(0), PATIENCE).toMatch(/^\S+Z {2}changed {3}(not )?paused/m);
  await service.kill();
  await expect.poll(() => out, PATIENCE).toMatch(/^\S+Z {2}trouble .*trying again$/m);
  const from = out.length;
  service = await startService({ env });
  await expect.poll(() => told(from), PATIENCE).toContain('changed');
  watch.kill('SIGINT');
  const [code] = await once(watch, 'close');
  expect(code).toBe(0);
});

it('says nothing of a connection that has reached its age, and misses nothing', async () => {
  const aged = await startService({ env: { GRPC_MAX_CONNECTION_AGE: '1s' } });
  const clients = new LoadedClients(aged.grpcAddress);
  const watch = startCommand(['watch', 'anthropic', '--address', aged.grpcAddress], {});
  let out = '';
  watch.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const changes = () => out.match(/changed {3}/g)?.length ?? 0;
  const changeAgain = (paused: boolean) =>
    clients.admin(paused ? 'ResumeBudget' : 'PauseBudget', { budget_id: 'anthropic' });
  const ended = async () => {
    const page = await (await fetch(`http://${aged.httpAddress}/metrics`)).text();
    const counts = page.matchAll(/duration_seconds_count\{.*\/WatchBudget".*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  await expect.poll(ended, PATIENCE).toBeGreaterThan(0);
  for (let change = 0; change < 6; change += 1) {
    await changeAgain(change % 2 === 1);
    const before = await ended();
    await expect.poll(ended, PATIENCE).toBeGreaterThan(before);
  }
  await expect.poll(changes, PATIENCE).toBe(6);
  expect(out).not.toContain('trouble');
  watch.kill('SIGINT');
  await once(watch, 'close');
  clients.close();
  await aged.stop();
});
