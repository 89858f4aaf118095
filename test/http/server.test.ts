import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ArbiterError } from '../../src/arbiter/service-port.js';
import type { Refusal } from '../../src/domain/model/outcomes.js';
import { DISTRIBUTION, startServer as start, stopServers } from '../support/http-server.js';
import { EXAMPLE_STATS } from '../support/samples.js';

/** Sends bytes as they are, and resolves with all that comes back until the server closes the connection. */
function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const refused = (refusal: Refusal) => async () => ({ kind: 'refused', refusal }) as const;
const failing = (error: Error) => async () => {
  throw error;
};

afterEach(stopServers);

describe('GET /api/token-usage/distribution', () => {
  it('answers the statistics', async () => {
    const { url } = await start();
    const response = await fetch(url + DISTRIBUTION);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    expect(await response.json()).toHaveProperty(
      'distribution_stats.rate_limiting_status.last_ai_requests.guardian',
      '2026-11-01T09:12:00Z',
    );
  });

  it.each([
    ['', 'anthropic', {}],
    ['?', 'anthropic', {}],
    ['?budget_id=open.ai-2', 'open.ai-2', {}],
    ['?month=2026-10', 'anthropic', { month: '2026-10' }],
    ['?budget_id=a&day=2026-10-31&month=2026-10', 'a', { month: '2026-10', day: '2026-10-31' }],
  ])('%s', async (query, budgetId, asked) => {
    const server = await start();
    expect((await fetch(server.url + DISTRIBUTION + query)).status).toBe(200);
    expect(server.asked).toEqual([[budgetId, asked]]);
  });

  it.each([
    ['?budget_id=', 'budget_id', /^budget_id: must be 1 to 63 characters, .*; it is empty$/],
    ['?budget_id=Not%20one', 'budget_id', /must be 1 to 63 characters/],
    ['?budget_id=%ff%00', 'budget_id', /must be 1 to 63 characters/],
    ['?budget_id=a&budget_id=b', 'budget_id', /more than once/],
    ['?budget=a', 'budget', /unknown parameter; known are budget_id, month, day/],
    ['?month=11-2026', 'month', /must be a month as YYYY-MM/],
    ['?month=', 'month', /must be a month/],
    ['?day=2026-11-1', 'day', /must be a day of the calendar as YYYY-MM-DD/],
    ['?day=2026-11-01?x', 'day', /must be a day/],
    ['?month=2026-13', 'month', /must be a month/],
    ['?day=2026-02-29', 'day', /must be a day of the calendar/],
    ['?month=2026-10&day=2026-11-01', 'day', /must be a day of the month "2026-10"/],
    ['?__proto__=1', '__proto__', /unknown parameter/],
  ])('%s is 400 and names the field', async (query, field, message) => {
    const server = await start();
    const response = await fetch(server.url + DISTRIBUTION + query);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { code: 'INVALID_FIELD', message: expect.stringMatching(message), field },
    });
    expect(server.asked).toEqual([]);
  });

  it('answers 404 for a budget that is not there', async () => {
    const { url } = await start({
      getDistribution: refused({ reason: 'BUDGET_NOT_FOUND', budgetId: 'nobody' }),
    });
    const response = await fetch(`${url}${DISTRIBUTION}?budget_id=nobody`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: {
        code: 'BUDGET_NOT_FOUND',
        message: 'there is no budget "nobody": check the id, or create it with CreateBudget',
        field: 'budget_id',
      },
    });
  });

  it('passes on which field a day or month breaks', async () => {
    const violations = [{ field: 'day', description: 'is not kept any more' }];
    const { url } = await start({ getDistribution: refused({ reason: 'INVALID_FIELD', violations }) });
    const response = await fetch(`${url}${DISTRIBUTION}?day=2020-02-29`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { code: 'INVALID_FIELD', message: 'day: is not kept any more', field: 'day' },
    });
  });

  it.each([
    ['STORE_UNAVAILABLE', 503, 'STORE_UNAVAILABLE'],
    ['SHUTTING_DOWN', 503, 'SHUTTING_DOWN'],
    ['QUEUE_FULL', 429, 'QUEUE_FULL'],
    ['STORE_REFUSED', 400, 'INVALID_FIELD'],
  ] as const)('%s is %d %s', async (failure, status, code) => {
    const error = new ArbiterError(failure, 'in words', 1_500);
    const { url, log } = await start({ getDistribution: failing(error) });
    const response = await fetch(url + DISTRIBUTION);
    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(failure === 'STORE_REFUSED' ? null : '2');
    expect(await response.json()).toEqual({ error: { code, message: 'in words' } });
    expect(log.entries).toMatchObject([{ level: 'debug', message: 'a call was refused' }]);
  });

  it('tells a fault of its own to the log, not to the caller', async () => {
    const fault = new Error('secret detail');
    const { url, log } = await start({ getDistribution: failing(fault) });
    const response = await fetch(url + DISTRIBUTION);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toContain('secret');
    expect(text).not.toContain(' at ');
    expect(log.entries).toMatchObject([{ level: 'error', fields: { err: fault } }]);
  });
});

describe('health', () => {
  it('is alive', async () => {
    const { url } = await start({ ready: () => false });
    const response = await fetch(`${url}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'alive' }]);
  });

  it('is ready or not', async () => {
    let ready = true;
    const { url } = await start({ ready: () => ready });
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    ready = false;
    const response = await fetch(`${url}/readyz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_READY' } });
  });
});

describe('what is not served', () => {
  it.each(['/', '/healthz/', '/api', '/HEALTHZ', '//healthz', '/healthz%00'])('%s is 404', async (path) => {
    const { url } = await start();
    const response = await fetch(url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is 405', async (method) => {
    const { url } = await start();
    const response = await fetch(url + DISTRIBUTION, { method, ...(method === 'POST' && { body: 'x' }) });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(await response.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } });
  });

  it('answers HEAD as GET, without a body', async () => {
    const { url } = await start();
    const get = await fetch(url + DISTRIBUTION);
    const head = await fetch(url + DISTRIBUTION, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });
});

describe('hostile input', () => {
  it('does not read a body', async () => {
    const { port } = await start();
    const head = 'GET /healthz HTTP/1.1\r\nHost: x\r\n';
    const answers = await Promise.all([
      exchange(port, `${head}Content-Length: 1000000000\r\n\r\nabc`),
      exchange(port, `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`),
      exchange(port, `${head}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`),
    ]);
    for (const answer of answers) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toMatch(/connection: close/i);
      expect(answer).not.toContain('100 Continue');
    }
  });

  it.each([
    ['no HTTP at all', '\x16\x03\x01 hello\r\n\r\n', 400, 'MALFORMED_REQUEST'],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, undefined],
    ['a long path', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431, 'TOO_LARGE'],
    ['a long header', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, 431, 'TOO_LARGE'],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
    [
      'length and chunks',
      'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
      'MALFORMED_REQUEST',
    ],
  ])('answers %s with an error, and goes on', async (_name, bytes, status, code) => {
    const { port, url, log } = await start();
    const answer = await exchange(port, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (code !== undefined) expect(answer).toContain(`{"error":{"code":"${code}"`);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(log.entries).toEqual([]);
  });

  it('outlives clients that go away in the middle', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { port, url } = await start({
      getDistribution: async () => {
        await held;
        return { stats: EXAMPLE_STATS };
      },
    });
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => {
      socket.write(`GET ${DISTRIBUTION} HTTP/1.1\r\nHost: x\r\n\r\n`, () => resolve());
    });
    socket.resetAndDestroy();
    release();
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});
