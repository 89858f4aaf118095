import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HealthCheckRequest } from '../../src/gen/grpc/health/v1/health.js';
import type { GrpcServerOptions } from '../../src/grpc/server.js';
import { CallerAddresses } from '../../src/platform/caller-addresses.js';
import { accessFor, viewer } from '../support/access.js';
import { collectedLog } from '../support/collected-log.js';
import { ManualScheduler } from '../support/manual-scheduler.js';
import { v1, v2 } from '../support/proxy-headers.js';
import { TlsFolder } from '../support/tls-folder.js';
import { type Harness, startHarness } from './support/harness.js';
import { RawClient } from './support/raw-client.js';

const CHECK = '/grpc.health.v1.Health/Check';
const SESSION = '/budgetarbiter.v1.BudgetService/Session';
const QUESTION = HealthCheckRequest.encode({ service: '' }).finish();
const HERE = [{ address: '127.0.0.1', prefix: 32 }];
const ELSEWHERE = [{ address: '10.0.0.0', prefix: 8 }];

let folder: TlsFolder;
let harness: Harness;
let scheduler: ManualScheduler;
let isTls = false;
const clients: RawClient[] = [];
const sockets: Socket[] = [];
beforeAll(() => {
  folder = new TlsFolder();
});
afterAll(() => folder.remove());
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  harness.stop();
});

interface Start extends Partial<GrpcServerOptions> {
  readonly proxyProtocol?: boolean;
  readonly withTls?: boolean;
}

async function start(
  trustedProxies: typeof HERE,
  { proxyProtocol = false, withTls = false, ...more }: Start = {},
): Promise<void> {
  scheduler = new ManualScheduler([]);
  isTls = withTls;
  const addresses = new CallerAddresses({ trustedProxies, proxyProtocol });
  const tls = withTls ? { tls: folder.read(collectedLog()) } : {};
  const gate = { limits: { callsPerAddress: 1, healthChecks: 0 }, scheduler };
  harness = await startHarness({ addresses, gate, ...tls, ...more });
}

async function tcp(): Promise<Socket> {
  const socket = connectTcp(harness.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** A client whose connection begins with these bytes. */
async function client(...begin: Buffer[]): Promise<RawClient> {
  const socket = await tcp();
  socket.setNoDelay(true);
  for (const bytes of begin) await new Promise<void>((resolve) => void socket.write(bytes, () => resolve()));
  const ca = folder.serverAuthority.cert;
  const named = { servername: 'localhost', ALPNProtocols: ['h2'] };
  const over = isTls ? connectTls({ socket, ca, ...named }) : socket;
  const session = connectHttp2('http://localhost', { createConnection: () => over });
  const made = await RawClient.over(session);
  clients.push(made);
  return made;
}

/** Keeps a call of that address open, once the server has it. */
async function hold(on: RawClient, forwarded?: string): Promise<void> {
  on.open(SESSION, forwarded === undefined ? {} : { 'x-forwarded-for': forwarded });
  await new Promise<void>((resolve) => on.session.ping(() => resolve()));
}

async function codeOf(on: RawClient, forwarded?: string): Promise<number | undefined> {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  return (await on.call(CHECK, QUESTION, headers)).grpcStatus;
}

describe('calls that a trusted proxy passes on', () => {
  it('count as those of the addresses that it names', async () => {
    await start(HERE);
    const proxy = await client();
    await hold(proxy, '203.0.113.9');
    expect(await codeOf(proxy, '198.51.100.1, 203.0.113.9')).toBe(status.RESOURCE_EXHAUSTED);
    expect(await codeOf(proxy, '198.51.100.1')).toBe(status.OK);
    expect(await codeOf(await client(), '203.0.113.9')).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('count as its own where it names none', async () => {
    await start(HERE);
    const proxy = await client();
    await hold(proxy);
    expect(await codeOf(proxy, 'garbage')).toBe(status.RESOURCE_EXHAUSTED);
    expect(await codeOf(proxy, '203.0.113.9')).toBe(status.OK);
  });

  it('count as one where the proxy is not trusted', async () => {
    await start(ELSEWHERE);
    const proxy = await client();
    await hold(proxy, '203.0.113.9');
    expect(await codeOf(proxy, '198.51.100.1')).toBe(status.RESOURCE_EXHAUSTED);
  });

  it('may come on more connections than those of one address', async () => {
    await start(HERE, { gate: { limits: { connectionsPerAddress: 1, newConnectionsPerSecond: 1 } } });
    const [first, second] = [await client(), await client()];
    expect([await codeOf(first), await codeOf(second)]).toEqual([status.OK, status.OK]);
  });

  it('fail to authenticate in the name of their callers', async () => {
    const { access, log } = accessFor({ tokens: { right: [viewer('*')] } });
    await start(HERE, { access, gate: {} });
    const proxy = await client();
    const call = (forwarded: string) =>
      proxy.call('/budgetarbiter.v1.BudgetAdminService/ListBudgets', new Uint8Array(), {
        'x-forwarded-for': forwarded,
        authorization: 'Bearer wrong',
      });
    for (let time = 0; time < 11; time += 1) await call('203.0.113.9');
    await call('198.51.100.1');
    expect(log.entries.filter(({ level }) => level === 'warn')).toMatchObject([
      { fields: { peer: '203.0.113.9', failures: 11 } },
    ]);
  });
});

describe.each([
  ['without TLS', false],
  ['with TLS', true],
])('connections with a PROXY header, %s', (_what, withTls) => {
  const first = v1('TCP4 203.0.113.9 192.0.2.1 56324 443');
  const second = v2({ family: 0x11, addresses: ['198.51.100.1', '192.0.2.1'] });
  const local = v2({ command: 0x20, family: 0 });

  it('count as those of the addresses that it names', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    const one = await client(first);
    await hold(one);
    expect(await codeOf(one)).toBe(status.RESOURCE_EXHAUSTED);
    expect(await codeOf(await client(first))).toBe(status.RESOURCE_EXHAUSTED);
    expect(await codeOf(await client(second))).toBe(status.OK);
    expect(await codeOf(await client(second), '203.0.113.9')).toBe(status.OK);
  });

  it('count as the proxy where it speaks for itself', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    expect(await codeOf(await client(local))).toBe(status.OK);
  });

  it('may send it byte by byte', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    const bytes = Array.from(second, (_byte, index) => second.subarray(index, index + 1));
    expect(await codeOf(await client(...bytes))).toBe(status.OK);
  });

  it('need none where they come from elsewhere', async () => {
    await start(ELSEWHERE, { proxyProtocol: true, withTls });
    expect(await codeOf(await client())).toBe(status.OK);
  });

  it('are closed where they send another, and the log says so', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    for (const bytes of ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'PROXY TCP4 nobody\r\n', '\x16\x03\x01']) {
      const socket = await tcp();
      socket.resume().write(bytes);
      await once(socket, 'close');
    }
    expect(harness.logged).toMatchObject([
      { level: 'warn', fields: { proxy: '127.0.0.1', refused: 1 } },
      { level: 'warn', fields: { refused: 2 } },
    ]);
  });

  it('whatever stands in it, are closed or served, and others notice nothing', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    const good = await client(second);
    for (let round = 0; round < 60; round += 1) {
      const header = Buffer.from(round % 2 === 0 ? first : second);
      const [where = 0, what = 0, length = 0] = randomBytes(3);
      header[where % header.length] = what;
      const socket = await tcp();
      socket.end(header.subarray(0, 1 + (length % header.length)));
      await once(socket.resume(), 'close');
    }
    expect(await codeOf(good)).toBe(status.OK);
    expect(harness.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('are closed where none comes', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    const socket = await tcp();
    const closed = once(socket.resume(), 'close');
    await expect
      .poll(async () => {
        await scheduler.advance(1_000);
        return socket.destroyed;
      })
      .toBe(true);
    await closed;
    expect(await codeOf(await client(first))).toBe(status.OK);
  });

  it('may go before it has come', async () => {
    await start(HERE, { proxyProtocol: true, withTls });
    const socket = await tcp();
    socket.end(second.subarray(0, 5));
    await once(socket.resume(), 'close');
    expect(await codeOf(await client(second))).toBe(status.OK);
  });
});
