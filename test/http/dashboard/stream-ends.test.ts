import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { WatchUpdate } from '../../../src/arbiter/service-port.js';
import { accessFor, settingsOf, viewer } from '../../support/access.js';
import { issue } from '../../support/certificates.js';
import { collectedLog } from '../../support/collected-log.js';
import { type SigningKey, signed, signingKey } from '../../support/fake-issuer.js';
import { FakeTime } from '../../support/fake-time.js';
import { stopServers } from '../../support/http-server.js';
import { NOON, snapshot } from '../../support/samples.js';
import { TlsFolder } from '../../support/tls-folder.js';
import { signedIn, startDashboard } from './support.js';

const ISSUER = 'https://issuer.example.org';
const HOUR_MS = 3_600_000;
const UPDATE: WatchUpdate = {
  ...{ at: NOON, events: [], mergedEvents: 0, denials: new Map(), waiters: 0, stale: false },
  snapshot: snapshot({ revision: 1 }),
};

const folder = mkdtempSync(join(tmpdir(), 'stream-ends-'));
const jwksFile = join(folder, 'keys.json');
let key: SigningKey;
let tlsFolder: TlsFolder;
beforeAll(async () => {
  key = await signingKey('key');
  writeFileSync(jwksFile, JSON.stringify({ keys: [key.publicJwk] }));
  tlsFolder = new TlsFolder();
});
afterEach(stopServers);
afterAll(() => {
  rmSync(folder, { recursive: true });
  tlsFolder.remove();
});

/** A dashboard for whoever shows a JWT or a certificate that are good for an hour of its clock. */
async function start(withTls: boolean) {
  const time = new FakeTime(new Date().toISOString());
  const principals = [{ name: 'reader', value: 'alice', roles: [viewer('*')] }];
  const settings = { issuer: ISSUER, jwksFile, audience: 'budget', claim: 'sub', principals };
  const certificates = [{ name: 'reader', san: 'reader.example.org', roles: [viewer('*')] }];
  const { access } = accessFor({ more: { jwt: [settings], certificates }, time });
  const until = Math.floor((time.wall() + HOUR_MS) / 1_000);
  const token = await signed(key, { iss: ISSUER, aud: 'budget', sub: 'alice', exp: until });
  const wanted = { commonName: 'x', dns: ['reader.example.org'], validUntil: new Date(until * 1_000) };
  const client = issue(tlsFolder.clientAuthority, wanted);
  const server = await startDashboard({
    access,
    time,
    ...(withTls && { tls: tlsFolder.read(collectedLog()) }),
  });
  return {
    ...server,
    access,
    settings: settingsOf({ more: { jwt: [settings], certificates } }),
    time,
    token,
    client,
  };
}

type Started = Awaited<ReturnType<typeof start>>;

/** The names of the events of a stream, as they come, and its end. */
async function follow({ port, client, servicePort }: Started, path: string, headers: Record<string, string>) {
  const events: string[] = [];
  const options = { host: 'localhost', port, path: `/dashboard/${path}`, agent: false, headers } as const;
  const isSecure = headers['x-by'] === 'certificate';
  const asking = isSecure
    ? secure({ ...options, ca: tlsFolder.serverAuthority.cert, cert: client.cert, key: client.key })
    : plain(options);
  let ended = (): void => {};
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const opened = new Promise<number>((resolve, reject) => {
    asking.on('error', reject).on('response', (response) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        for (const [, name = ''] of text.matchAll(/^event: (.+)$/gm)) events.push(name);
      });
      response.on('close', ended);
      resolve(response.statusCode ?? 0);
    });
  });
  const watched = new Promise<void>((resolve) => {
    servicePort.onWatch = resolve;
  });
  asking.end();
  expect(await opened).toBe(200);
  await watched;
  return { events, end };
}

/** How a stream may be opened: by what is shown with each request, or by a session of it. */
const WAYS: readonly [string, (started: Started) => Promise<Record<string, string>>][] = [
  ['a JWT in its header', async ({ token }) => ({ authorization: `Bearer ${token}` })],
  ['a client certificate', async () => ({ 'x-by': 'certificate' })],
  [
    'a session that a JWT opened',
    async ({ url, token }) => {
      const { cookie } = await signedIn(url, token);
      return { cookie };
    },
  ],
];

describe.each(['budget?budget_id=anthropic', 'budgets'])('the stream of %s', (path) => {
  it.each(WAYS)('ends with what opened it: %s', async (_name, shown) => {
    const started = await start(_name === 'a client certificate');
    const { time, servicePort } = started;
    servicePort.budgets = [snapshot().budget];
    const { events, end } = await follow(started, path, await shown(started));
    time.step(HOUR_MS - 60_000);
    servicePort.tell(UPDATE);
    time.step(61_000);
    servicePort.tell(UPDATE);
    await end;
    expect(events.at(-1)).toBe('signed-out');
    expect(servicePort.watchers.size).toBe(0);
  });

  it.each(WAYS)('ends when that is withdrawn: %s', async (_name, shown) => {
    const started = await start(_name === 'a client certificate');
    const { access, settings, servicePort } = started;
    servicePort.budgets = [snapshot().budget];
    const { events, end } = await follow(started, path, await shown(started));
    access.replace({ ...settings, jwt: [], certificates: [] });
    servicePort.tell(UPDATE);
    await end;
    expect(events.at(-1)).toBe('signed-out');
    expect(servicePort.watchers.size).toBe(0);
  });
});

describe('a page whose roles allow other budgets alone', () => {
  async function lowered(path: string) {
    const started = await start(false);
    const { access, settings, servicePort, token } = started;
    servicePort.budgets = [snapshot().budget];
    const page = await follow(started, path, { authorization: `Bearer ${token}` });
    const jwt = settings.jwt.map((issuer) => ({
      ...issuer,
      principals: issuer.principals.map((principal) => ({ ...principal, roles: [viewer('openai')] })),
    }));
    access.replace({ ...settings, jwt });
    servicePort.tell(UPDATE);
    return { ...page, servicePort };
  }

  it('is told nothing more of a budget', async () => {
    const { events, end } = await lowered('budget?budget_id=anthropic');
    await end;
    expect(events.at(-1)).toBe('problem');
  });

  it('has it no longer among all budgets', async () => {
    const { events, servicePort } = await lowered('budgets');
    await expect.poll(() => servicePort.watchers.size, { timeout: 10_000 }).toBe(0);
    expect(events).not.toContain('signed-out');
  });
});
