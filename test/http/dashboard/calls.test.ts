import { request } from 'node:http';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessRule, PERMISSIONS } from '../../../src/access/permissions.js';
import { BUDGET_ADMIN_SERVICE } from '../../../src/api/budget-admin-service.js';
import { methodAt } from '../../../src/api/codec/descriptors.js';
import { accessFor, operator, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { METHODS } from '../../support/valid-requests.js';
import { ADMIN, ask, PAUSE, posted, signedIn, startDashboard } from './support.js';

afterEach(stopServers);

/** Every unary method, with a request that it takes. */
const CALLS = Object.values(METHODS).map((row) => {
  const { method, codec, valid } = row as unknown as {
    method: { readonly path: string };
    codec: { fromPartial(fields: object): unknown; encode(message: unknown): { finish(): Uint8Array } };
    valid: object;
  };
  const { path } = method;
  const { input } = methodAt(path);
  const bytes = codec.encode(codec.fromPartial(valid)).finish();
  const [, service = '', name = ''] = path.split('/');
  const rules = PERMISSIONS[service.split('.').at(-1) as 'BudgetService'] as Readonly<
    Record<string, AccessRule>
  >;
  const rule = rules[`${name[0]?.toLowerCase()}${name.slice(1)}`] as AccessRule;
  return { path, body: toJson(input, fromBinary(input, bytes)), rule };
});

const { access, log: accessLog } = accessFor({
  tokens: { viewer: [viewer('anthropic')], operator: [operator('*')] },
});
beforeEach(() => {
  accessLog.entries.length = 0;
});

type Server = Awaited<ReturnType<typeof startDashboard>>;
const REASON = { budgetId: 'anthropic', reason: 'audit' };
const reasonOf = (told: Awaited<ReturnType<typeof ask>>) => told.body.details?.[0]?.debug['reason'];
const audits = () => accessLog.entries.map(({ fields }) => fields).filter(({ audit }) => audit !== undefined);

/** What can be wrong with a call that a browser adds its cookie to: `null` takes a header away. */
const FOREIGN: readonly (readonly [string, Readonly<Record<string, string | null>>])[] = [
  ['without an origin', { origin: null }],
  ['from another site', { origin: 'https://evil.example' }],
  ['from another port of this machine', { origin: 'http://127.0.0.1:1' }],
  ['from a page without origin', { origin: 'null' }],
  ['from an origin that is none', { origin: 'x' }],
  ['from the same place by another scheme', { origin: 'HTTPS' }],
  ['from another scheme than a proxy saw', { 'x-forwarded-proto': 'https' }],
  ['led here by another site', { 'sec-fetch-site': 'cross-site' }],
  ['led here by a neighbour', { 'sec-fetch-site': 'same-site' }],
  ['led here by nobody', { 'sec-fetch-site': 'none' }],
  ['without the secret of its session', { 'x-csrf-token': null }],
  ['with a wrong secret', { 'x-csrf-token': 'x'.repeat(43) }],
];

function changed(url: string, headers: Record<string, string>, by: Readonly<Record<string, string | null>>) {
  const sent = Object.entries({ ...headers, ...by }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  const https = url.replace('http:', 'https:');
  return Object.fromEntries(sent.map(([name, value]) => [name, value === 'HTTPS' ? https : value]));
}

async function asOperator() {
  const server = await startDashboard({ access });
  const { headers } = await signedIn(server.url, 'operator');
  const send = (path: string, body: unknown, by: Readonly<Record<string, string | null>> = {}) =>
    ask(server.url + path, posted(body, changed(server.url, headers, by)));
  return { ...server, headers, send };
}

describe('the cookie of a session', () => {
  it.each(FOREIGN)('counts for no method %s', async (_, by) => {
    const { servicePort, send } = await asOperator();
    for (const { path, body } of CALLS) {
      const told = await send(path, body, by);
      expect([path, told.status, told.body.code]).toEqual([path, 403, 'permission_denied']);
    }
    expect(servicePort.asked).toEqual([]);
  });

  it.each([
    ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''],
    ...['application/jsonp', 'text/json', 'application/json; charset=latin1', 'application/proto'],
    'text/plain; application/json',
  ])('needs JSON, not %j', async (type) => {
    const { servicePort, send } = await asOperator();
    for (const { path, body } of CALLS) {
      const told = await send(path, body, { 'content-type': type });
      expect([path, told.status, told.body.code]).toEqual([path, 415, 'invalid_argument']);
    }
    expect(servicePort.asked).toEqual([]);
    const charset = { 'content-type': 'application/json; charset=utf-8' };
    expect((await send(PAUSE, REASON, charset)).status).toBe(200);
  });

  it.each(['viewer', 'operator'] as const)(
    'lets a %s call what the role may, and nothing else',
    async (role) => {
      const { url } = await startDashboard({ access });
      const { headers } = await signedIn(url, role);
      for (const { path, body, rule } of CALLS) {
        const expected = rule[role] === 'yes' ? 200 : 403;
        const told = await ask(url + path, posted(body, headers));
        expect([path, told.status]).toEqual([path, expected]);
        if (expected === 403) expect(reasonOf(told)).toBe('PERMISSION_DENIED');
      }
      const elsewhere = { budgetId: 'openai' };
      const told = await ask(`${url}${ADMIN}/GetBudget`, posted(elsewhere, headers));
      expect(told.status).toBe(role === 'operator' ? 200 : 403);
    },
  );

  it('goes through behind a proxy that ends TLS, and says so', async () => {
    const { url, send } = await asOperator();
    const origin = url.replace('http:', 'https:');
    expect((await send(PAUSE, REASON, { origin, 'x-forwarded-proto': 'https, http' })).status).toBe(200);
    expect((await send(PAUSE, REASON, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it.each<[string, (server: Server, headers: Record<string, string>) => unknown]>([
    ['that is over', ({ time }) => time.pass(31 * 60_000)],
    ['that was signed out', ({ url }, headers) => ask(`${url}/dashboard/sign-out`, posted({}, headers))],
  ])('of one %s is 401, in the envelope of the API', async (_, end) => {
    const server = await asOperator();
    expect((await server.send(PAUSE, REASON)).status).toBe(200);
    await end(server, server.headers);
    for (const { path, body } of CALLS) {
      const told = await server.send(path, body);
      expect([path, told.status, told.body.code]).toEqual([path, 401, 'unauthenticated']);
      expect(told.body).toMatchObject({
        message: 'this session is over: sign in again',
        details: [
          { type: 'google.rpc.ErrorInfo', debug: { reason: 'UNAUTHENTICATED', domain: 'budgetarbiter' } },
        ],
      });
    }
    expect(server.servicePort.asked).toHaveLength(1);
  });

  it('is not kept alive by what another site sends', async () => {
    const { time, send } = await asOperator();
    time.pass(20 * 60_000);
    expect((await send(PAUSE, REASON, { origin: 'https://evil.example' })).status).toBe(403);
    time.pass(20 * 60_000);
    expect((await send(PAUSE, REASON)).status).toBe(401);
  });

  it('is not looked at where there is a token, right or wrong', async () => {
    const { url, servicePort } = await startDashboard({ access });
    const { cookie } = await signedIn(url, 'viewer');
    const call = (authorization: string) => ask(url + PAUSE, posted(REASON, { cookie, authorization }));
    expect((await call('Bearer operator')).status).toBe(200);
    expect(audits()).toMatchObject([{ audit: 'pause', principal: 'operator' }]);
    const { headers } = await signedIn(url, 'operator');
    const both = (authorization: string) => ask(url + PAUSE, posted(REASON, { ...headers, authorization }));
    expect((await both('Bearer viewer')).status).toBe(403);
    expect((await both('Bearer wrong')).status).toBe(401);
    expect(servicePort.asked).toHaveLength(1);
  });

  it('counts for nothing but calls and the pages of the dashboard', async () => {
    const { url, headers } = await asOperator();
    for (const path of ['/api/v1/budgets', '/api/token-usage/distribution', '/openapi.json', '/nothing']) {
      const told = await ask(url + path, { headers });
      expect([path, told.status]).toEqual([path, 401]);
    }
  });

  it('shows another site no page of the dashboard, either', async () => {
    const { url, headers } = await asOperator();
    const { cookie } = headers;
    const read = (by: Record<string, string>) =>
      ask(`${url}/dashboard/month?budget_id=anthropic`, { headers: { cookie, ...by } });
    expect((await read({})).status).toBe(200);
    expect((await read({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await read({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await read({ origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('an action by the page', () => {
  const actions = CALLS.filter(({ path }) =>
    Object.values(BUDGET_ADMIN_SERVICE).some(
      (method) => method.path === path && 'action' in method && method.action,
    ),
  );

  it.each(actions)(
    '$path is one request at the service port, and one line of the audit',
    async ({ path, body }) => {
      const { servicePort, send } = await asOperator();
      expect((await send(path, body)).status).toBe(200);
      expect(servicePort.asked).toHaveLength(1);
      expect(audits()).toMatchObject([{ principal: 'operator', outcome: 'done' }]);
      expect(audits()[0]).toHaveProperty('before');
    },
  );

  it('is judged first by UpdateBudget, which changes nothing by that, and leaves no line', async () => {
    const { servicePort, send } = await asOperator();
    const change = { budgetId: 'anthropic', etag: '3', policy: { cooldown: '60s' }, updateMask: 'cooldown' };
    expect((await send(`${ADMIN}/UpdateBudget`, { ...change, validateOnly: true })).status).toBe(200);
    expect(servicePort.last.request).toMatchObject({
      fields: { cooldownMs: 60_000 },
      etag: '3',
      validateOnly: true,
    });
    expect(servicePort.last.request).toHaveProperty('updateMask', ['cooldownMs']);
    expect(audits()).toEqual([]);
  });
});

describe('without credentials', () => {
  const FROM_ELSEWHERE = FOREIGN.filter(([name]) =>
    /another site|another port|neighbour|page without/.test(name),
  );

  it.each(FROM_ELSEWHERE)('a call is refused %s', async (_, by) => {
    const { url, servicePort } = await startDashboard();
    for (const { path, body } of CALLS) {
      const told = await ask(url + path, posted(body, changed(url, {}, by)));
      expect([path, told.status]).toEqual([path, 403]);
    }
    expect(servicePort.asked).toEqual([]);
  });

  it('the page acts by its origin alone, and is named anonymous', async () => {
    const { url, dashboardLog } = await startDashboard();
    const told = await ask(url + PAUSE, posted(REASON, { origin: url, 'sec-fetch-site': 'same-origin' }));
    expect(told.status).toBe(200);
    expect(dashboardLog.entries).toMatchObject([{ fields: { audit: 'pause', principal: 'anonymous' } }]);
  });

  it('there is nothing to sign in to', async () => {
    const { url } = await startDashboard();
    const { status, body, cookie } = await signedIn(url, 'operator');
    expect({ status, cookie }).toEqual({ status: 400, cookie: '' });
    expect(body.message).toBe('token: no credentials are configured here');
  });

  it('nothing but the files of the page is there under a name that an attacker gave to this machine', async () => {
    const { servicePort, port } = await startDashboard();
    const origin = 'http://rebound.example';
    const headers = { host: 'rebound.example', origin, 'content-type': 'application/json' };
    const statusOf = (method: string, path: string, body?: unknown) =>
      new Promise((resolve) => {
        const asking = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
        asking.on('response', (response) => resolve(response.resume().statusCode));
        asking.end(body && JSON.stringify(body));
      });
    for (const { path, body } of CALLS)
      expect([path, await statusOf('POST', path, body)]).toEqual([path, 421]);
    for (const name of ['session', 'budgets', 'budget?budget_id=a', 'month?budget_id=a', 'policy-form'])
      expect([name, await statusOf('GET', `/dashboard/${name}`)]).toEqual([name, 421]);
    expect(servicePort.asked).toEqual([]);
  });
});
