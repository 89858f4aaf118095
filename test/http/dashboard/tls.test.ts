import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accessFor, operator, viewer } from '../../support/access.js';
import { type Issued, issue } from '../../support/certificates.js';
import { collectedLog } from '../../support/collected-log.js';
import { stopServers } from '../../support/http-server.js';
import { TlsFolder } from '../../support/tls-folder.js';
import { startDashboard } from './support.js';

let folder: TlsFolder;
beforeAll(() => {
  folder = new TlsFolder();
});
afterEach(stopServers);
afterAll(() => folder.remove());

const { access } = accessFor({
  tokens: { viewer: [viewer('*')] },
  more: { certificates: [{ name: 'ops', san: 'ops.example.org', roles: [operator('*')] }] },
});

interface Answered {
  readonly status: number;
  readonly cookie: string;
  readonly body: Record<string, string>;
}

interface Asking {
  readonly body?: object;
  readonly headers?: Record<string, string>;
  readonly client?: Issued;
}

async function start() {
  const server = await startDashboard({ access, tls: folder.read(collectedLog()) });
  const ask = (name: string, { body, headers = {}, client }: Asking = {}) =>
    new Promise<Answered>((resolve, reject) => {
      const asking = request({
        ...{ host: 'localhost', port: server.port, path: `/dashboard/${name}`, agent: false },
        ...{ ca: folder.serverAuthority.cert, method: body === undefined ? 'GET' : 'POST' },
        headers: { 'content-type': 'application/json', ...headers },
        ...(client && { cert: client.cert, key: client.key }),
      });
      asking.on('error', reject).on('response', async (response) => {
        const text = (await response.setEncoding('utf8').toArray()).join('');
        const cookie = response.headers['set-cookie']?.[0] ?? '';
        resolve({ status: response.statusCode ?? 0, cookie, body: JSON.parse(text) });
      });
      asking.end(body && JSON.stringify(body));
    });
  return { ...server, ask };
}

it('marks the cookie of a session as one for TLS alone', async () => {
  const { ask } = await start();
  const { body } = await ask('session');
  const headers = { 'x-csrf-token': body['csrf'] ?? '' };
  const { status, cookie } = await ask('sign-in', { body: { token: 'viewer' }, headers });
  expect(status).toBe(200);
  expect(cookie).toMatch(/^__Secure-budget_session=[\w-]{43}; .*HttpOnly; SameSite=Strict; Secure$/);
  const own = { cookie: cookie.split(';')[0] ?? '' };
  expect((await ask('policy?budget_id=a', { headers: own })).status).toBe(200);
  const bare = { cookie: own.cookie.replace('__Secure-', '') };
  expect((await ask('policy?budget_id=a', { headers: bare })).status).toBe(401);
});

it('knows a browser by its certificate, and asks it for the page’s token all the same', async () => {
  const { ask, door } = await start();
  const client = issue(folder.clientAuthority, { commonName: 'x', dns: ['ops.example.org'] });
  const { body } = await ask('session', { client });
  expect(body).toMatchObject({ name: 'ops', canSignOut: false });
  const pause = { budget_id: 'a', reason: '' };
  expect((await ask('pause', { client, body: pause })).status).toBe(403);
  expect(door.asked).toEqual([]);
  const headers = { 'x-csrf-token': body['csrf'] ?? '' };
  expect((await ask('pause', { client, body: pause, headers })).status).toBe(200);
});
