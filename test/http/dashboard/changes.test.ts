import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { stopServers } from '../../support/http-server.js';
import { budget } from '../../support/samples.js';
import { ask, posted, startDashboard } from './support.js';

afterEach(stopServers);

const PAUSE = { budget_id: 'anthropic', reason: 'audit' };

async function opened() {
  const server = await startDashboard();
  const { body } = await ask(`${server.url}/dashboard/session`);
  return { ...server, csrf: String(body['csrf']), pause: `${server.url}/dashboard/pause` };
}

describe('a change', () => {
  it('goes through the door when our own page sends it', async () => {
    const { csrf, pause, door, url } = await opened();
    const headers = { 'x-csrf-token': csrf, origin: url, 'sec-fetch-site': 'same-origin' };
    expect(await ask(pause, posted(PAUSE, headers))).toMatchObject({
      status: 200,
      body: { message: /is paused/ },
    });
    expect(door.last).toMatchObject({ budgetId: 'anthropic', request: { kind: 'pause', reason: 'audit' } });
  });

  it.each([
    ['without the token', {}],
    ['with a wrong token', { 'x-csrf-token': 'x'.repeat(43) }],
    ['from another site', { origin: 'https://evil.example' }],
    ['from another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['from a page without origin', { origin: 'null' }],
    ['from the same place by another scheme', { origin: 'HTTPS' }],
    ['from another scheme than a proxy saw', { origin: 'OWN', 'x-forwarded-proto': 'https' }],
    ['from an origin that is none', { origin: 'x' }],
    ['led here by another site', { 'sec-fetch-site': 'cross-site' }],
    ['led here by a neighbour', { 'sec-fetch-site': 'same-site' }],
  ])('is refused %s', async (name, headers) => {
    const { csrf, pause, door, url } = await opened();
    const token = name.includes('token') ? {} : { 'x-csrf-token': csrf };
    const { origin } = headers as { origin?: string };
    const own =
      origin === 'OWN' ? { origin: url } : origin === 'HTTPS' ? { origin: url.replace('http', 'https') } : {};
    const told = await ask(pause, posted(PAUSE, { ...token, ...headers, ...own }));
    expect(told).toMatchObject({ status: 403, body: { error: { code: 'PERMISSION_DENIED' } } });
    expect(door.asked).toEqual([]);
  });

  it('goes through behind a proxy that ends TLS, and says so', async () => {
    const { csrf, pause, url } = await opened();
    const origin = url.replace('http:', 'https:');
    const headers = { 'x-csrf-token': csrf, origin, 'x-forwarded-proto': 'https, http' };
    expect((await ask(pause, posted(PAUSE, headers))).status).toBe(200);
  });

  it.each([
    ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'],
    ...[
      'application/jsonp',
      'text/json',
      'application/json; charset=latin1',
      'text/plain; application/json',
      '',
    ],
  ])('needs JSON, not %j', async (type) => {
    const { csrf, pause, door } = await opened();
    const headers = { 'x-csrf-token': csrf, 'content-type': type };
    expect(await ask(pause, posted(PAUSE, headers))).toMatchObject({
      status: 415,
      body: { error: { message: 'the content-type must be application/json' } },
    });
    expect(door.asked).toEqual([]);
    const charset = { ...headers, 'content-type': 'application/json; charset=utf-8' };
    expect((await ask(pause, posted(PAUSE, charset))).status).toBe(200);
  });

  it('that is refused for what it says leaves a line of the audit', async () => {
    const { csrf, url, dashboardLog, door } = await opened();
    const send = (name: string, body: unknown) =>
      ask(`${url}/dashboard/${name}`, posted(body, { 'x-csrf-token': csrf }));
    await send('pause', { ...PAUSE, reason: 'x'.repeat(257) });
    await send('revoke', { lease_id: 'none', reason: '' });
    await send('put-policy', { budget_id: 'anthropic', etag: '1', policy: { monthly_limit: 'x' } });
    await send('policy-preview', { budget_id: 'anthropic', etag: '1', policy: { monthly_limit: 'x' } });
    const refused = { principal: 'anonymous', outcome: 'refused', refusal: 'INVALID_FIELD' };
    expect(dashboardLog.entries.map(({ fields }) => fields)).toEqual([
      { ...refused, audit: 'pause', fields: ['reason'] },
      { ...refused, audit: 'revoke', fields: ['lease_id'] },
      {
        ...refused,
        audit: 'put-policy',
        budget: 'anthropic',
        fields: [expect.stringContaining('monthly_limit')],
      },
    ]);
    expect(door.asked).toEqual([]);
  });

  it('is refused under a name that an attacker gave to this machine', async () => {
    const { csrf, door, port } = await opened();
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf, host: 'rebound.example' };
    const status = await new Promise((resolve) => {
      const asking = request({ port, host: '127.0.0.1', path: '/dashboard/pause', method: 'POST', headers });
      asking.on('response', (response) => resolve(response.resume().statusCode));
      asking.end(JSON.stringify(PAUSE));
    });
    expect(status).toBe(403);
    expect(door.asked).toEqual([]);
  });

  it.each([
    ['{', '', /not JSON/],
    [{ ...PAUSE, more: 1 }, '', /more/],
    [{ reason: 'x' }, 'budget_id', /budget_id/],
    [{ ...PAUSE, reason: 'a\nb' }, 'reason', /control characters/],
    [{ ...PAUSE, reason: 'a'.repeat(257) }, 'reason', /at most 256/],
  ])('%j is told what is wrong with it', async (body, field, message) => {
    const { csrf, pause, door } = await opened();
    const told = await ask(pause, posted(body, { 'x-csrf-token': csrf }));
    expect(told.status).toBe(400);
    expect(told.body.error?.message).toMatch(message);
    expect(told.body.error?.field ?? '').toBe(field);
    expect(door.asked).toEqual([]);
  });

  it('may not be large', async () => {
    const { csrf, pause } = await opened();
    const told = await ask(pause, posted({ reason: 'a'.repeat(300_000) }, { 'x-csrf-token': csrf }));
    expect(told).toMatchObject({ status: 413, body: { error: { code: 'TOO_LARGE' } } });
  });

  it('is not made by asking with GET', async () => {
    const { pause } = await opened();
    expect((await ask(pause)).status).toBe(405);
  });
});

describe('a refusal', () => {
  it.each([
    [{ reason: 'BUDGET_NOT_FOUND', budgetId: 'x' }, 404, /no budget/],
    [{ reason: 'ETAG_MISMATCH', current: '9' }, 409, /Somebody else/],
    [{ reason: 'CLOCK_NOT_TRUSTED', detail: 'it stepped' }, 503, /it stepped/],
  ] as const)('%j is %d, in words', async (refusal, status, message) => {
    const { csrf, url, door } = await opened();
    door.refuse(refusal);
    const told = await ask(`${url}/dashboard/resume`, posted({ budget_id: 'x' }, { 'x-csrf-token': csrf }));
    expect(told.status).toBe(status);
    expect(told.body.error?.message).toMatch(message);
  });

  it('of a lease id that never was names the field', async () => {
    const { csrf, url } = await opened();
    const told = await ask(
      `${url}/dashboard/revoke`,
      posted({ lease_id: 'nonsense' }, { 'x-csrf-token': csrf }),
    );
    expect(told).toMatchObject({ status: 400, body: { error: { field: 'lease_id' } } });
  });
});

describe('a change of policy', () => {
  it('is judged first as UpdateBudget judges it, and changes nothing by that', async () => {
    const { csrf, url, door } = await opened();
    const asked = (fields: object) =>
      ask(
        `${url}/dashboard/policy-preview`,
        posted({ budget_id: 'anthropic', etag: '3', policy: fields }, { 'x-csrf-token': csrf }),
      );
    expect(await asked({ cool_down: '1m' })).toMatchObject({ status: 400 });
    door.answer = () => ({
      ...{ kind: 'budget', warnings: [], before: budget() },
      budget: budget({ cooldownMs: 60_000 }),
    });
    expect(await asked({ cooldown: '1m' })).toMatchObject({
      status: 200,
      body: {
        same: false,
        changes: [{ field: 'cooldown', before: 300_000, after: 60_000, unit: 'ms' }],
      },
    });
    expect(door.last.request).toMatchObject({
      fields: { cooldownMs: 60_000 },
      etag: '3',
      validateOnly: true,
    });
    const violation = { field: 'policy.min_daily_percent', description: 'lower it' };
    door.refuse({ reason: 'UNWORKABLE_POLICY', violations: [violation] });
    expect(await asked({ min_daily_percent: 9 })).toMatchObject({
      status: 400,
      body: { error: { code: 'UNWORKABLE_POLICY', field: 'min_daily_percent' } },
    });
  });
});
