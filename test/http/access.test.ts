import { get } from 'node:http';
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accessFor, ai, operator, viewer } from '../support/access.js';
import { type Issued, issue, makeAuthority } from '../support/certificates.js';
import { collectedLog } from '../support/collected-log.js';
import { DISTRIBUTION, startServer as start, stopServers } from '../support/http-server.js';
import { Looking } from '../support/looking.js';
import { TlsFolder } from '../support/tls-folder.js';

afterEach(stopServers);

const LONG = 'x'.repeat(16 * 1024 - 'Bearer '.length);
const { access } = accessFor({
  tokens: {
    viewer: [viewer('anthropic')],
    operator: [operator('*')],
    ai: [ai('*', 'guardian')],
    // With its scheme as long as an authorization header may be.
    [LONG]: [viewer('*')],
  },
  more: { certificates: [{ name: 'dashboard', san: 'dashboard.example.org', roles: [viewer('*')] }] },
});

const asked = (url: string, token?: string) =>
  fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

describe('with credentials configured', () => {
  it.each([
    ['viewer', '', 200],
    ['viewer', '?budget_id=anthropic', 200],
    ['viewer', '?budget_id=openai', 403],
    ['operator', '?budget_id=openai', 200],
    ['ai', '', 403],
    ['wrong', '', 401],
    [undefined, '', 401],
    [undefined, '?access_token=viewer', 401],
    ['viewer', '?access_token=viewer', 400],
  ] as const)('%s asks for %s: %d', async (token, query, status) => {
    const { url, asked: reached } = await start({ access });
    const response = await asked(url + DISTRIBUTION + query, token);
    expect(response.status).toBe(status);
    expect(reached).toHaveLength(status === 200 ? 1 : 0);
    const body = (await response.json()) as { error?: { code: string } };
    const codes: Record<number, string> = { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED' };
    if (status in codes) expect(body.error?.code).toBe(codes[status]);
    expect(response.headers.get('www-authenticate')).toBe(
      status === 401 ? 'Bearer realm="budget-arbiter"' : null,
    );
  });

  it('a token may be as long as over gRPC', async () => {
    const { url } = await start({ access });
    expect((await asked(url + DISTRIBUTION, LONG)).status).toBe(200);
    expect((await asked(url + DISTRIBUTION, `${LONG}x`)).status).toBe(401);
    expect((await asked(url + DISTRIBUTION, LONG + LONG)).status).toBe(431);
  });

  it.each(['/healthz', '/readyz'])('%s is open', async (path) => {
    const { url } = await start({ access });
    expect((await asked(url + path)).status).toBe(200);
    expect((await asked(url + path, 'wrong')).status).toBe(200);
  });

  it.each(['/', '/metrics', '/healthz/', '/nothing'])(
    '%s is closed, whether it is there or not',
    async (path) => {
      const { url } = await start({ access });
      expect((await asked(url + path)).status).toBe(401);
      expect((await asked(url + path, 'ai')).status).toBe(403);
      expect((await asked(url + path, 'viewer')).status).toBe(404);
    },
  );
});

it('tells browsers to run, frame, embed and pass on nothing', async () => {
  const { url } = await start();
  for (const path of [DISTRIBUTION, '/healthz', '/nothing']) {
    expect(Object.fromEntries((await asked(url + path)).headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(/^default-src 'none'; frame-ancestors 'none'/),
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  }
});

it('is no server of a page that gives its own name the address of this machine', async () => {
  const status = (url: string, path: string, host: string) =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const options = { hostname, port, path, headers: { host }, agent: false };
      get(options, (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
  const open = await start();
  expect(await status(open.url, DISTRIBUTION, 'evil.example')).toBe(421);
  expect(await status(open.url, DISTRIBUTION, 'localhost:1')).toBe(200);
  expect(await status(open.url, '/healthz', 'probe.example')).toBe(200);
  const closed = await start({ access });
  expect(await status(closed.url, DISTRIBUTION, 'budget.example')).toBe(401);
});

describe('over TLS', () => {
  let folder: TlsFolder;
  beforeAll(() => {
    folder = new TlsFolder();
  });
  afterAll(() => folder.remove());

  const get = (
    port: number,
    more: { token?: string; client?: Issued; maxVersion?: 'TLSv1.1'; path?: string } = {},
  ) =>
    new Promise<number | string>((resolve) => {
      const { token, client, maxVersion, path = DISTRIBUTION } = more;
      const asking = request(
        {
          ...{ host: 'localhost', port, path, ca: folder.serverAuthority.cert, agent: false },
          ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
          ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
          ...(maxVersion && { maxVersion, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      asking.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      asking.end();
    });

  it('takes a token or a certificate, and TLS 1.2 or newer', async () => {
    const tls = folder.read(collectedLog());
    const { port } = await start({ access, tls });
    const dns = ['dashboard.example.org'];
    expect(await get(port)).toBe(401);
    expect(await get(port, { token: 'viewer' })).toBe(200);
    expect(await get(port, { client: issue(folder.clientAuthority, { commonName: 'x', dns }) })).toBe(200);
    expect(await get(port, { client: issue(makeAuthority('x'), { commonName: 'x', dns }) })).toBe(401);
    expect(await get(port, { token: 'viewer', maxVersion: 'TLSv1.1' })).toMatch(/PROTO/);
  });

  it('answers probes, which show no certificate, where it asks for one', async () => {
    const tls = folder.read(collectedLog());
    expect(tls.asksClients).toBe(true);
    const { port } = await start({ access, tls });
    for (const path of ['/healthz', '/readyz']) {
      expect(await get(port, { path })).toBe(200);
      const unknown = issue(makeAuthority('x'), { commonName: 'x' });
      expect(await get(port, { path, client: unknown })).toBe(200);
    }
    expect(await get(port)).toBe(401);
  });

  it('takes over files that change', async () => {
    const tls = folder.read(collectedLog(), false);
    const looking = new Looking();
    tls.watch(looking);
    const { port } = await start({ access, tls });
    expect(await get(port, { token: 'viewer' })).toBe(200);
    folder.write(issue(makeAuthority('unknown'), { commonName: 'x' }));
    await looking.look();
    expect(await get(port, { token: 'viewer' })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    tls.stop();
  });
});
