import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { credentials, status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { HealthCheckRequest, HealthClient, HealthService } from '../../src/gen/grpc/health/v1/health.js';
import type { GateLimits } from '../../src/grpc/gate/gate-limits.js';
import { collectedLog } from '../support/collected-log.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { TlsFolder } from '../support/tls-folder.js';
import { type Harness, startHarness } from './support/harness.js';
import { endOf, framed, RawClient } from './support/raw-client.js';

let folder: TlsFolder;
let harness: Harness;
let scheduler: ManualScheduler;
const sockets: Socket[] = [];
beforeAll(() => {
  folder = new TlsFolder();
});
afterAll(() => folder.remove());
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  harness.stop();
});

async function start(limits: Partial<GateLimits>, withTls: boolean): Promise<void> {
  scheduler = new ManualScheduler([]);
  const tls = withTls ? { tls: folder.read(collectedLog()) } : {};
  harness = await startHarness({ gate: { limits, scheduler }, ...tls });
}

/** A connection whose client never says a word. */
async function silent(): Promise<Socket> {
  const socket = connectTcp(harness.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Whether a client with the right manners is served. */
function isServed(): Promise<boolean> {
  const client = new HealthClient(
    `localhost:${harness.port}`,
    credentials.createSsl(folder.serverAuthority.cert),
  );
  return new Promise((resolve) => {
    client.check({ service: '' }, (error) => {
      client.close();
      resolve(error === null);
    });
  });
}

it('a client that makes no TLS handshake loses its connection', async () => {
  await start({ helloSeconds: 2 }, true);
  const socket = await silent();
  expect(await isServed()).toBe(true);
  const closed = once(socket, 'close');
  socket.resume();
  for (let second = 0; second < 3; second += 1) await scheduler.advance(1_000);
  await closed;
});

it('connections without a handshake count for the bound of their address', async () => {
  await start({ connectionsPerAddress: 2 }, true);
  const [first] = [await silent(), await silent()];
  const third = await silent();
  third.resume();
  await once(third, 'close');
  expect(first?.destroyed).toBe(false);
  first?.destroy();
  await expect.poll(isServed).toBe(true);
});

it('who opens connections and closes them without end is turned away until the next second', async () => {
  await start({ newConnectionsPerSecond: 3 }, true);
  for (let round = 0; round < 3; round += 1) {
    const socket = await silent();
    const closed = once(socket, 'close');
    socket.destroy();
    await closed;
  }
  const fourth = await silent();
  fourth.resume();
  await once(fourth, 'close');
  await scheduler.advance(1_000);
  expect(await isServed()).toBe(true);
});

it('who watches the health without end leaves room for others', async () => {
  await start({ healthWatchesPerAddress: 2 }, false);
  const client = await RawClient.connect(harness.port);
  const request = framed(HealthCheckRequest.encode({ service: '' }).finish());
  const watch = () => {
    const stream = client.open(HealthService.watch.path);
    stream.end(request);
    return stream;
  };
  const [first] = [watch(), watch()];
  expect(await endOf(watch())).toMatchObject({
    grpcStatus: status.RESOURCE_EXHAUSTED,
    detailTypes: ['ErrorInfo', 'RetryInfo'],
  });
  const asked = HealthCheckRequest.encode({ service: '' }).finish();
  expect((await client.call(HealthService.check.path, asked)).grpcStatus).toBe(status.OK);
  first?.close();
  await expect
    .poll(async () => {
      const stream = watch();
      const [{ 'grpc-status': code }] = await once(stream, 'response');
      return code;
    })
    .toBeUndefined();
  await client.close();
});
