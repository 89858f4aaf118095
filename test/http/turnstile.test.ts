import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { EXAMPLE_STATS } from '../support/distribution.js';
import { DISTRIBUTION, startServer, stopServers } from '../support/http-server.js';

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
  socket.write(`GET ${DISTRIBUTION} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20));
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
