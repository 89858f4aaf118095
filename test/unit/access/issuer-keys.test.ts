import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IssuerKeys, keySource } from '../../../src/access/issuer-keys.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../../src/platform/scheduler.js';
import { collectedLog } from '../../support/collected-log.js';
import { type SigningKey, signingKey } from '../../support/fake-issuer.js';
import { ManualClock } from '../../support/manual-clock.js';
import { ManualScheduler } from '../../support/manual-scheduler.js';

const DAY_MS = 24 * 3_600_000;
let first: SigningKey;
let second: SigningKey;
beforeAll(async () => {
  first = await signingKey('first');
  second = await signingKey('second');
});

let clock: ManualClock;
let scheduler: ManualScheduler;
let log: ReturnType<typeof collectedLog>;
beforeEach(() => {
  clock = new ManualClock();
  scheduler = new ManualScheduler([clock]);
  log = collectedLog();
});

const setOf = (...keys: SigningKey[]): JSONWebKeySet => ({ keys: keys.map(({ publicJwk }) => publicJwk) });
const NEVER = new Promise<JSONWebKeySet>(() => {});

function keysBy(read: () => Promise<JSONWebKeySet>) {
  const monotonic = () => clock.monotonic();
  return new IssuerKeys({ issuer: 'https://issuer', read, scheduler, monotonic, log, changed: () => {} });
}

/** As `jwtVerify` asks. */
async function ask(keys: IssuerKeys, { kid }: SigningKey) {
  const [header, token] = [
    { alg: 'ES256', kid },
    { payload: '', signature: '' },
  ];
  return await keys.keyFor(header, token as Parameters<JWTVerifyGetKey>[1]);
}

/** Settled without any time passing? */
async function atOnce(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  promise.then(done, done);
  await scheduler.settle();
  return settled;
}

describe('keys that were read before', () => {
  it('are used while an issuer hangs: nobody waits, it is asked less and less, and no reading lasts for ever', async () => {
    let readings = 0;
    let answer = async () => setOf(first);
    const keys = keysBy(() => {
      readings += 1;
      return answer();
    });
    await ask(keys, first);
    answer = () => NEVER;
    await scheduler.advance(11 * 60_000);
    for (let minute = 0; minute < 60; minute += 1) {
      for (let call = 0; call < 20; call += 1) {
        expect(await atOnce(ask(keys, first))).toBe(true);
        await scheduler.advance(3_000);
      }
    }
    // An hour of readings that hang for 12 s, 32 s apart in the end.
    expect(readings).toBeGreaterThan(60);
    expect(readings).toBeLessThan(100);
    expect(log.entries).toHaveLength(1);
    answer = async () => setOf(second);
    await scheduler.advance(60_000);
    await ask(keys, first).catch(() => {});
    await scheduler.settle();
    expect(await atOnce(ask(keys, second))).toBe(true);
    await expect(ask(keys, first)).rejects.toThrow();
  });

  it('are good for a day, and a reading that hangs refuses tokens after its time', async () => {
    let answer = async () => setOf(first);
    const keys = keysBy(() => answer());
    await ask(keys, first);
    answer = () => NEVER;
    await scheduler.advance(DAY_MS + 1_000);
    const refused = expect(ask(keys, first)).rejects.toMatchObject({ failure: 'ISSUER_UNAVAILABLE' });
    await scheduler.advance(12_000);
    await refused;
    answer = async () => setOf(first);
    await scheduler.advance(2_000);
    await ask(keys, first);
  });
});

describe('an issuer that answers badly', () => {
  let url: string;
  let answer: RequestListener;
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => answer(request, response));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return () => server.close();
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
  });

  const source = (settings: object, by: Scheduler) =>
    keySource(
      { issuer: url, audience: 'a', claim: 'sub', principals: [], jwksUri: `${url}/keys`, ...settings },
      by,
    )();

  it('with bytes without end is left after 1 MiB', async () => {
    let sent = 0;
    answer = (_, response) => {
      const chunk = Buffer.alloc(64 * 1024, ' ');
      const flood = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        if (!response.destroyed) response.once('drain', flood);
      };
      flood();
    };
    await expect(source({}, PROCESS_SCHEDULER)).rejects.toThrow('is larger than 1048576 bytes');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it.each<[string, RequestListener]>([
    ['before its headers', () => {}],
    ['within its headers', (request) => void request.socket.write('HTTP/1.1 200 OK\r\nx: ')],
    ['within its body', (_, response) => void response.writeHead(200).write('{"keys": [')],
    ['within the body of a failure', (_, response) => void response.writeHead(500).write('x')],
  ])('and stops %s is left, whatever the garbage collection does', async (where, stops) => {
    const asked = new Promise<void>((isAsked) => {
      answer = (request, response) => {
        stops(request, response);
        isAsked();
      };
    });
    let ended: unknown;
    const read = source({}, scheduler).catch((error: Error) => {
      ended = error.message;
    });
    await asked;
    // What no one holds is collected now; the time limit must not be.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let round = 0; round < 3; round += 1) {
      await scheduler.settle();
      collect();
    }
    if (where === 'within the body of a failure') {
      await read;
      expect(ended).toMatch(/answered 500$/);
      return;
    }
    expect(ended).toBeUndefined();
    await scheduler.advance(5_000);
    await read;
    expect(ended).toMatch(/no answer within 5 s$/);
  });

  it.each<[string, RequestListener, RegExp]>([
    ['a redirect', (_, response) => void response.writeHead(302, { location: '/' }).end(), /answered 302$/],
    [
      'half an answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"keys": []');
        setImmediate(() => request.socket.destroy());
      },
      /broke off$/,
    ],
    ['no UTF-8', (_, response) => void response.end(Buffer.from([0x22, 0xff, 0x22])), /not text in UTF-8$/],
    ['no JSON', (_, response) => void response.end('<html>secret'), /keys\?\.\.\. is not JSON$/],
    ['no keys', (_, response) => void response.end('null'), /is not a JSON Web Key Set/],
  ])('with %s is told of, without what its address has in a query', async (_name, how, message) => {
    answer = how;
    const failure = await source({ jwksUri: `${url}/keys?key=hidden` }, PROCESS_SCHEDULER).catch(
      (error: Error) => error.message,
    );
    expect(failure).toMatch(message);
    expect(failure).not.toContain('hidden');
  });

  it('with a document of another issuer is told of in a few words', async () => {
    answer = (_, response) => void response.end(JSON.stringify({ issuer: 'x'.repeat(100_000) }));
    const settings = { issuer: url, audience: 'a', claim: 'sub', principals: [] };
    const read = keySource(settings, PROCESS_SCHEDULER);
    const failure = await read().catch((error: Error) => error.message);
    expect(failure).toMatch(/is of another issuer: "x+$/);
    expect(String(failure).length).toBeLessThan(400);
  });
});
