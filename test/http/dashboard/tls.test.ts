import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { accessFor, operator, viewer } from '../../support/access.js';
import { type Issued, issue } from '../../support/certificates.js';
import { collectedLog } from '../../support/collected-log.js';
import { stopServers } from '../../support/http-server.js';
import { TlsFolder } from '../../support/tls-folder.js';
import { ADMIN, PAUSE, startDashboard } from './support.js';

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
  const origin = `https://localhost:${server.port}`;
  const ask = (path: string, { body, headers = {}, client }: Asking = {}) =>
    new Promise<Answered>((resolve, reject) => {
      const asking = request({
        ...{ host: 'localhost', port: server.port, path, agent: false },
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
  return { ...server, ask, origin };
}

it('marks the cookie of a session as one for TLS and this place alone', async () => {
  const { ask, origin } = await start();
  const { body } = await ask('/dashboard/session');
  const headers = { origin, 'x-csrf-token': body['csrf'] ?? '' };
  const {
    status,
    cookie,
    body: session,
  } = await ask('/dashboard/sign-in', { body: { token: 'viewer' }, headers });
  expect(status).toBe(200);
  expect(cookie).toMatch(/^__Host-budget_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  const own = { cookie: cookie.split(';')[0] ?? '' };
  const month = '/dashboard/month?budget_id=a';
  expect((await ask(month, { headers: own })).status).toBe(200);
  const bare = { cookie: own.cookie.replace('__Host-', '') };
  expect((await ask(month, { headers: bare })).status).toBe(401);
  const read = (from: string) => {
    const sent = { ...own, origin: from, 'x-csrf-token': session['csrf'] ?? '' };
    return ask(`${ADMIN}/GetBudget`, { body: { budgetId: 'a' }, headers: sent });
  };
  expect((await read(origin)).status).toBe(200);
  expect((await read(origin.replace('https:', 'http:'))).status).toBe(403);
});

it('knows a browser by its certificate, and lets no page of another site use it', async () => {
  const { ask, servicePort, origin } = await start();
  const client = issue(folder.clientAuthority, { commonName: 'x', dns: ['ops.example.org'] });
  const { body } = await ask('/dashboard/session', { client });
  expect(body).toMatchObject({ name: 'ops', canSignOut: false });
  const pause = (headers: Record<string, string>) => ask(PAUSE, { client, body: { budgetId: 'a' }, headers });
  expect((await pause({ origin: 'https://evil.example' })).status).toBe(403);
  expect((await pause({ origin: origin.replace('https:', 'http:') })).status).toBe(403);
  expect((await pause({ origin, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect(servicePort.asked).toEqual([]);
  expect((await pause({ origin, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
});
