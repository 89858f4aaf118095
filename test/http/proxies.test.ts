import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CallerAddresses } from '../../src/platform/caller-addresses.js';
import { collectedLog } from '../support/collected-log.js';
import { DISTRIBUTION, startServer, stopServers } from '../support/http-server.js';
import { v1, v2 } from '../support/proxy-headers.js';
import { EXAMPLE_STATS } from '../support/samples.js';
import { TlsFolder } from '../support/tls-folder.js';

const HERE = [{ address: '127.0.0.0', prefix: 8 }];
const trusting = (proxyProtocol: boolean) => new CallerAddresses({ trustedProxies: HERE, proxyProtocol });

let folder: TlsFolder;
beforeAll(() => {
  folder = new TlsFolder();
});
afterAll(() => folder.remove());
afterEach(stopServers);

/** A server whose statistics wait until the test says so, and which takes one request of an address at a time. */
async function waiting(addresses?: CallerAddresses) {
  const release: (() => void)[] = [];
  const getDistribution = () =>
    new Promise<{ stats: typeof EXAMPLE_STATS }>((resolve) => {
      release.push(() => resolve({ stats: EXAMPLE_STATS }));
    });
  const limits = { requestsPerAddress: 1 };
  return { ...(await startServer({ getDistribution, limits, ...(addresses && { addresses }) })), release };
}

const get = (url: string, forwarded: string) =>
  fetch(`${url}${DISTRIBUTION}`, { headers: { 'x-forwarded-for': forwarded } });

it('requests that a trusted proxy passes on count as those of the addresses that it names', async () => {
  const { url, release } = await waiting(trusting(false));
  const first = get(url, '203.0.113.9');
  await expect.poll(() => release.length).toBe(1);
  expect((await get(url, '198.51.100.1, 203.0.113.9')).status).toBe(503);
  const second = get(url, '198.51.100.1');
  await expect.poll(() => release.length).toBe(2);
  for (const answer of release) answer();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  const third = get(url, '203.0.113.9');
  await expect.poll(() => release.length).toBe(3);
  release[2]?.();
  expect((await third).status).toBe(200);
});

it('they count as one where the proxy is not trusted', async () => {
  const { url, release } = await waiting();
  const first = get(url, '203.0.113.9');
  await expect.poll(() => release.length).toBe(1);
  expect((await get(url, '198.51.100.1')).status).toBe(503);
  release[0]?.();
  expect((await first).status).toBe(200);
});

it('what is under way on a connection that breaks is no longer counted, of whomever it was', async () => {
  const { port, url, release } = await waiting(trusting(false));
  const socket = connectTcp(port, '127.0.0.1');
  for (const forwarded of ['203.0.113.9', '198.51.100.1']) {
    socket.write(`GET ${DISTRIBUTION} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${forwarded}\r\n\r\n`);
  }
  await expect.poll(() => release.length).toBe(2);
  socket.destroy();
  for (const forwarded of ['203.0.113.9', '198.51.100.1']) {
    const asked = release.length;
    await expect
      .poll(async () => {
        void get(url, forwarded).catch(() => {});
        await new Promise((resolve) => void setImmediate(resolve));
        return release.length;
      })
      .toBeGreaterThan(asked);
  }
  for (const answer of release) answer();
});

describe.each([
  ['without TLS', false],
  ['with TLS', true],
])('connections with a PROXY header, %s', (_what, withTls) => {
  async function start() {
    const tls = withTls ? { tls: folder.read(collectedLog(), false) } : {};
    return startServer({ addresses: trusting(true), limits: { connectionsPerAddress: 1 }, ...tls });
  }

  /** What a request is answered, on a connection that begins with these bytes. */
  async function answer(port: number, begin: Buffer): Promise<{ socket: Socket; text: string }> {
    const raw = connectTcp(port, '127.0.0.1');
    raw.on('error', () => {});
    // In one packet with what follows, where nothing has to wait.
    if (withTls) raw.write(begin);
    const ca = folder.serverAuthority.cert;
    const socket = withTls ? connectTls({ socket: raw, ca, servername: 'localhost' }) : raw;
    socket.on('error', () => {});
    const request = Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    socket.write(withTls ? request : Buffer.concat([begin, request]));
    const [text] = await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => ['']);
    return { socket: raw, text: text instanceof Buffer ? text.toString() : '' };
  }

  it('are answered, and count as those of the addresses that it names', async () => {
    const { port } = await start();
    const one = v1('TCP4 203.0.113.9 192.0.2.1 1 2');
    const first = await answer(port, one);
    expect(first.text).toContain('200 OK');
    expect((await answer(port, one)).text).not.toContain('200 OK');
    const second = await answer(port, v2({ family: 0x21, addresses: ['2001:db8::9', '::1'] }));
    expect(second.text).toContain('200 OK');
    for (const { socket } of [first, second]) socket.destroy();
  });

  it('are closed without one', async () => {
    const { port, log } = await start();
    expect((await answer(port, Buffer.alloc(0))).text).toBe('');
    expect(log.entries).toMatchObject([{ level: 'warn', message: 'a trusted proxy sends no PROXY header' }]);
  });
});
