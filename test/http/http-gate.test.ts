import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { HttpLimits } from '../../src/http/http-limits.js';
import { DISTRIBUTION, startServer, stopServers } from '../support/http-server.js';
import { EXAMPLE_STATS } from '../support/samples.js';

afterEach(stopServers);

it('refuses what a client sends ahead beyond a bound, and answers everything in order', async () => {
  const release: (() => void)[] = [];
  const { port, url } = await startServer({
    getDistribution: () =>
      new Promise((resolve) => void release.push(() => resolve({ stats: EXAMPLE_STATS }))),
  });
  const socket = connect(port, '127.0.0.1');
  let text = '';
  const all = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.match(/HTTP\/1\.1 /g)?.length === 20) resolve();
    });
  });
  socket.write(`GET ${DISTRIBUTION} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(20));
  await expect.poll(() => release.length).toBe(8);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  for (const answer of release) answer();
  await all;
  expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([
    ...Array.from({ length: 8 }, () => 'HTTP/1.1 200'),
    ...Array.from({ length: 12 }, () => 'HTTP/1.1 503'),
  ]);
  expect(text).toContain('retry-after: 1');
  socket.destroy();
  expect(release).toHaveLength(8);
});

/** A server whose statistics wait until the test says so. */
async function waiting(limits: Partial<HttpLimits>) {
  const release: (() => void)[] = [];
  const getDistribution = () =>
    new Promise<{ stats: typeof EXAMPLE_STATS }>((resolve) => {
      release.push(() => resolve({ stats: EXAMPLE_STATS }));
    });
  return { ...(await startServer({ getDistribution, limits })), release };
}

it('leaves room beside one address, and answers health checks when there is none', async () => {
  const { url, release } = await waiting({ requestsPerAddress: 2, healthChecks: 1 });
  const busy = [fetch(`${url}${DISTRIBUTION}`), fetch(`${url}${DISTRIBUTION}`)];
  await expect.poll(() => release.length).toBe(2);
  const refused = await fetch(`${url}${DISTRIBUTION}`);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  for (const answer of release) answer();
  for (const answer of busy) expect((await answer).status).toBe(200);
});

it('closes what one address opens beyond its bound', async () => {
  const { port, url } = await startServer({ limits: { connectionsPerAddress: 2 } });
  const silent = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {}).resume();
    await once(socket, 'connect');
    return socket;
  };
  const [first, second] = [await silent(), await silent()];
  await once(await silent(), 'close');
  expect([first.destroyed, second.destroyed]).toEqual([false, false]);
  first.destroy();
  await expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        ({ status }) => status,
        () => 'closed',
      ),
    )
    .toBe(200);
  second.destroy();
});

it('forgets what a client sent ahead when it goes without an answer', async () => {
  const { url, port, release } = await waiting({ requestsPerAddress: 4 });
  for (let round = 1; round <= 3; round += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET ${DISTRIBUTION} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(4));
    await expect.poll(() => release.length).toBe(4 * round);
    socket.destroy();
    await once(socket, 'close');
  }
  const asked = fetch(`${url}${DISTRIBUTION}`);
  await expect.poll(() => release.length).toBe(13);
  for (const answer of release) answer();
  expect((await asked).status).toBe(200);
});
