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
}, 60_000);
