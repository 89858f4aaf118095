import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stopServers } from '../../support/http-server.js';
import { LEASE_ID } from '../../support/samples.js';
import { ADMIN, BUDGETS, type ConnectHarness, startConnect } from './support/connect-harness.js';

const ACQUIRE = `${BUDGETS}/AcquireSlot`;
const REQUEST = { budgetId: 'anthropic', aiId: 'guardian' };

let http: ConnectHarness;
beforeAll(async () => {
  http = await startConnect();
});
afterAll(stopServers);

describe('headers', () => {
  it.each([
    ['application/json', 200],
    ['application/json; charset=utf-8', 200],
    ['APPLICATION/JSON;charset=UTF-8', 200],
    ['application/json; charset=latin1', 415],
    ['application/connect+json', 415],
    ['application/grpc', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['', 415],
  ])('content-type %s: %d', async (type, status) => {
    const asked = http.servicePort.asked.length;
    const came = await http.post(ACQUIRE, REQUEST, { 'content-type': type });
    expect(came.status).toBe(status);
    if (status === 200) return;
    expect(came.json).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('content-type must'),
    });
    expect(came.headers.get('accept-post')).toBe('application/json, application/proto');
    expect(http.servicePort.asked).toHaveLength(asked);
  });

  it.each([
    [{ 'connect-protocol-version': '1' }, 200, undefined],
    [{ 'connect-protocol-version': '2' }, 400, 'invalid_argument'],
    [{ 'connect-timeout-ms': '60000' }, 200, undefined],
    [{ 'connect-timeout-ms': '9999999999' }, 200, undefined],
    [{ 'connect-timeout-ms': '99999999999' }, 400, 'invalid_argument'],
    [{ 'connect-timeout-ms': '-1' }, 400, 'invalid_argument'],
    [{ 'connect-timeout-ms': '5s' }, 400, 'invalid_argument'],
    [{ 'connect-timeout-ms': '' }, 400, 'invalid_argument'],
    [{ 'content-encoding': 'identity' }, 200, undefined],
  ] as const)('%o: %d', async (headers, status, code) => {
    const came = await http.post(ACQUIRE, REQUEST, headers);
    expect([came.status, came.json['code']]).toEqual([status, code]);
  });

  it('refuses compressed bodies, and says what it takes', async () => {
    const came = await http.post(ACQUIRE, gzipSync(JSON.stringify(REQUEST)), { 'content-encoding': 'gzip' });
    expect(came.json).toMatchObject({
      code: 'unimplemented',
      message: expect.stringContaining('without compression'),
    });
    expect([came.status, came.headers.get('accept-encoding')]).toEqual([501, 'identity']);
  });
});

describe('a browser', () => {
  it.each([
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ origin: 'OWN' }, 200],
    [{ origin: 'HTTPS' }, 200],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
  ])('with %o: %d', async (headers: Record<string, string>, status) => {
    const own = { OWN: http.url, HTTPS: http.url.replace('http:', 'https:') };
    const sent = Object.entries(headers).map(([name, value]) => [name, own[value as 'OWN'] ?? value]);
    const asked = http.servicePort.asked.length;
    // Node's fetch sends no `sec-fetch-site` of its own choice, as a browser would.
    const { status: came, body } = await raw(Object.fromEntries(sent));
    expect(came).toBe(status);
    expect(http.servicePort.asked).toHaveLength(status === 200 ? asked + 1 : asked);
    if (status !== 200) expect(body).toMatchObject({ code: 'permission_denied' });
  });
});

/** A call without a library that adds or refuses headers. */
function raw(headers: Record<string, string>): Promise<{ status: number; body: unknown }> {
  const body = JSON.stringify(REQUEST);
  const lines = Object.entries({
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...headers,
  });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(http.port, '127.0.0.1', () =>
      socket.write(
        `POST ${ACQUIRE} HTTP/1.1\r\nHost: 127.0.0.1:${http.port}\r\nConnection: close\r\n${head}\r\n${body}`,
      ),
    );
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () =>
      resolve({ status: Number(answer.split(' ')[1]), body: JSON.parse(answer.split('\r\n\r\n')[1] ?? '') }),
    );
  });
}

describe('bodies', () => {
  it.each([
    ['', 'the body is empty: send a budgetarbiter.v1.AcquireSlotRequest as JSON, at least {}'],
    ['{', /^the body is not JSON: /],
    ['[]', /^the body must be a JSON object/],
    ['null', /^the body must be a JSON object/],
    [Buffer.from([0x7b, 0xff, 0x7d]), 'the body is not JSON: it is not UTF-8'],
    [
      '{"budgetId": "a", "aiId": "b", "budget": 1}',
      'budget: unknown field; known are budgetId, aiId, requestId, estimatedTokens, leaseTtl, wait, labels, ' +
        'model, expected, atLeastTokens',
    ],
    ['{"__proto__": {}}', /^__proto__: unknown field/],
    ['{"budgetId": 5}', 'budget_id: must be text; it is 5'],
    ['{"wait": 5}', 'wait: must be a duration in seconds, such as "1.5s"; it is 5'],
    ['{"estimatedTokens": 1.5}', 'estimated_tokens: must be a whole number, or one as text; it is 1.5'],
    [
      '{"estimatedTokens": "9007199254740993", "budgetId": "a"}',
      /^estimated_tokens: must be 0 to 1,000,000,000,000; it is 9007199254740993/,
    ],
    ['{"labels": {"__proto__": "x"}}', 'labels["__proto__"]: this key is reserved; use another'],
    ['{"labels": {"\\u005f_proto__": "x"}}', 'labels["__proto__"]: this key is reserved; use another'],
    ['{"labels": {"a": 1}}', 'labels: must be an object whose values are text; it is an object'],
    ['{"budgetId": "\\ud800"}', /^budget_id: must be text/],
    ['{"budgetId": "a", "budget_id": "b"}', /set multiple times/],
  ])('%s: 400', async (body, message) => {
    const { status, json } = await http.post(ACQUIRE, body);
    expect(status).toBe(400);
    expect(json).toMatchObject({
      code: 'invalid_argument',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('finds a wrong field however deep it is', async () => {
    const policy = { tokenWeightsByModel: {}, tokenWeights: { inputPercent: 'much' } };
    const { json } = await http.post(`${ADMIN}/CreateBudget`, { budgetId: 'a', policy });
    expect(json['message']).toBe('policy.token_weights.input_percent: must be a number; it is "much"');
    const [, badRequest] = json['details'] as { type: string; debug: unknown }[];
    expect(badRequest).toMatchObject({
      type: 'google.rpc.BadRequest',
      debug: { fieldViolations: [{ field: 'policy.token_weights.input_percent' }] },
    });
  });

  it('says how many calls a report may be about', async () => {
    const record = (calls: unknown) =>
      http.post(`${BUDGETS}/RecordUsage`, { leaseId: LEASE_ID, usage: { usageId: 'u', calls } });
    const wrong = [10_001, -1, 2 ** 31, 1.5, 'many'];
    const answers = await Promise.all(wrong.map(record));
    expect(answers.map(({ status, json }) => `${status} ${json['message']}`)).toEqual([
      '400 usage.calls: must be 0 to 10,000; it is 10,001',
      '400 usage.calls: must be 0 to 10,000; it is -1',
      '400 usage.calls: must be from -2,147,483,648 to 2,147,483,647; it is 2147483648',
      '400 usage.calls: must be a whole number, or one as text; it is 1.5',
      '400 usage.calls: must be a whole number, or one as text; it is "many"',
    ]);
    expect((await record(0)).status).toBe(200);
  });

  it('has at most 64 KiB of them', async () => {
    const body = (bytes: number) =>
      `{"budgetId":"anthropic","aiId":"${'x'.repeat(bytes - 35)}"}`.padEnd(bytes);
    expect((await http.post(ACQUIRE, body(65_536))).status).toBe(400);
    const { status, json } = await http.post(ACQUIRE, body(65_537));
    expect([status, json['code']]).toEqual([429, 'resource_exhausted']);
    expect(json['message']).toContain('65536 bytes');
  });

  it('is not read into depths that no message has', async () => {
    const { status } = await http.post(ACQUIRE, `{"labels":${'['.repeat(30_000)}${']'.repeat(30_000)}}`);
    expect(status).toBe(400);
    expect(http.log.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is bytes as well, which are checked as strictly', async () => {
    const proto = { 'content-type': 'application/proto' };
    expect((await http.post(ACQUIRE, Buffer.from([0xff, 0xff]), proto)).json).toMatchObject({
      message: expect.stringContaining('not a budgetarbiter.v1.AcquireSlotRequest'),
    });
  });
});

describe('what is not served', () => {
  it.each([`${ADMIN}/WatchBudget`, `${BUDGETS}/Nothing`, `${BUDGETS}/`, `${BUDGETS}/AcquireSlot/`])(
    '%s',
    async (path) => {
      const { status, json } = await http.post(path, REQUEST);
      expect([status, json['code']]).toEqual([501, 'unimplemented']);
      expect(json['message']).toContain('has no unary method of this name');
    },
  );

  it.each(['GET', 'PUT', 'DELETE'])('%s', async (method) => {
    const response = await fetch(http.url + ACQUIRE, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
