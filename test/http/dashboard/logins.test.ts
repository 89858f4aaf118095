import { afterEach, describe, expect, it } from 'vitest';
import { accessFor, ai, operator, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { ask, PAUSE, posted, signedIn, startDashboard } from './support.js';

afterEach(stopServers);

const { access, log } = accessFor({
  tokens: { viewer: [viewer('anthropic')], operator: [operator('*')], ai: [ai('*', 'guardian')] },
});

async function start() {
  const server = await startDashboard({ access });
  const at = (name: string) => `${server.url}/dashboard/${name}`;
  const { body } = await ask(at('session'));
  const csrf = String(body['csrf']);
  const own = { origin: server.url, 'x-csrf-token': csrf };
  const signIn = (token: string, more: Record<string, string> = {}) => signedIn(server.url, token, more);
  const monthOf = async (budgetId: string, headers: Record<string, string>) =>
    (await ask(at(`month?budget_id=${budgetId}`), { headers })).status;
  return { ...server, at, csrf, own, signIn, monthOf };
}

describe('a session', () => {
  it('is opened by a token, in a cookie that scripts and other sites do not get', async () => {
    const { csrf, signIn } = await start();
    const told = await signIn('viewer');
    expect(told).toMatchObject({
      status: 200,
      body: { name: 'viewer', credentials: true, canSignOut: true },
    });
    expect(told.setCookie).toMatch(/^budget_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(told.body['csrf']).not.toBe(csrf);
  });

  it.each([
    ['wrong', 401],
    ['ai', 403],
  ])('is not opened by %s', async (token, status) => {
    const { signIn } = await start();
    const told = await signIn(token);
    expect(told).toMatchObject({ status, cookie: '' });
  });

  it.each([
    ['from another site', { origin: 'https://evil.example' }, 403],
    ['without an origin', { origin: '' }, 403],
    ['led here by another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['without the secret of the page', { 'x-csrf-token': '' }, 403],
    ['by a form', { 'content-type': 'text/plain' }, 415],
  ])('is not opened %s', async (_, by, status) => {
    const { signIn, dashboardLog } = await start();
    expect(await signIn('viewer', by as Record<string, string>)).toMatchObject({ status, cookie: '' });
    expect(dashboardLog.entries.map(({ message }) => message)).toEqual(['a call was refused']);
  });

  it.each([['{'], [{}], [{ token: '' }], [{ token: 5 }], [{ token: 'viewer', more: 1 }], ['"viewer"']])(
    'is not opened by %j, and what was sent is not repeated',
    async (body) => {
      const { at, own } = await start();
      const told = await ask(at('sign-in'), posted(body, own));
      expect(told).toMatchObject({ status: 400, body: { code: 'invalid_argument' } });
      expect(told.body.message).toMatch(/^token: must be a text of 1 to 16384 characters/);
    },
  );

  it('is not opened by what is large', async () => {
    const { at, own } = await start();
    const told = await ask(at('sign-in'), posted({ token: 'a'.repeat(300_000) }, own));
    expect(told).toMatchObject({ status: 429, body: { code: 'resource_exhausted' } });
  });

  it('opens the data of the dashboard, and nothing beside it', async () => {
    const { url, monthOf, signIn } = await start();
    const { cookie } = await signIn('viewer');
    expect(await monthOf('anthropic', {})).toBe(401);
    expect(await monthOf('anthropic', { cookie })).toBe(200);
    expect(await monthOf('openai', { cookie })).toBe(403);
    expect((await ask(`${url}/api/token-usage/distribution`, { headers: { cookie } })).status).toBe(401);
  });

  it('ends the one before it in the same browser, and no other', async () => {
    const { monthOf, signIn } = await start();
    const [first, other] = [await signIn('viewer'), await signIn('viewer')];
    const second = await signIn('operator', { cookie: first.cookie });
    expect(second.status).toBe(200);
    expect(await monthOf('anthropic', { cookie: first.cookie })).toBe(401);
    for (const { cookie } of [other, second]) expect(await monthOf('anthropic', { cookie })).toBe(200);
    expect(second.cookie).not.toBe(first.cookie);
  });

  it('is not taken from two cookies: one of them is not ours', async () => {
    const { url, monthOf, signIn } = await start();
    const viewing = await signIn('viewer');
    const { cookie: one } = viewing;
    const { cookie: other } = await signIn('operator');
    for (const cookie of [
      `${one}; ${other}`,
      `${other}; ${one}`,
      `${one}; ${one}`,
      `${one}; budget_session=x`,
    ]) {
      expect(await monthOf('anthropic', { cookie })).toBe(401);
      const told = await ask(url + PAUSE, posted({ budgetId: 'anthropic' }, { ...viewing.headers, cookie }));
      expect(told.status).toBe(401);
    }
    expect(await monthOf('anthropic', { cookie: `theme=dark; ${one}; x=y` })).toBe(200);
  });

  it('acts under the name of the token, in the audit', async () => {
    const { url, signIn, dashboardLog } = await start();
    const { headers } = await signIn('operator');
    log.entries.length = 0;
    expect((await ask(url + PAUSE, posted({ budgetId: 'anthropic' }, headers))).status).toBe(200);
    expect(log.entries).toMatchObject([{ fields: { audit: 'pause', principal: 'operator' } }]);
    const own = dashboardLog.entries.map(({ fields, message }) => ({ ...fields, message }));
    expect(own).toMatchObject([{ principal: 'operator', message: 'signed in to the dashboard' }]);
  });

  it("needs its own secret for calls, not another session's", async () => {
    const { url, csrf, signIn } = await start();
    const [one, other] = [await signIn('operator'), await signIn('operator')];
    for (const secret of [csrf, other.headers['x-csrf-token']]) {
      const told = await ask(
        url + PAUSE,
        posted({ budgetId: 'a' }, { ...one.headers, 'x-csrf-token': secret }),
      );
      expect(told.status).toBe(403);
    }
  });

  it('ends by signing out, for all who hold the cookie, and by our own page alone', async () => {
    const { at, monthOf, signIn } = await start();
    const { headers, cookie } = await signIn('viewer');
    const elsewhere = { ...headers, origin: 'https://evil.example' };
    expect((await ask(at('sign-out'), posted({}, elsewhere))).status).toBe(403);
    expect(await monthOf('anthropic', { cookie })).toBe(200);
    const told = await ask(at('sign-out'), posted({}, headers));
    expect(told.headers.get('set-cookie')).toMatch(/^budget_session=; .*Max-Age=0/);
    expect(await monthOf('anthropic', { cookie })).toBe(401);
  });

  it.each([
    ['half an hour without use', [31]],
    ['eight hours', Array.from({ length: 17 }, () => 29)],
  ])('ends by itself after %s', async (_, minutes) => {
    const { monthOf, time, signIn } = await start();
    const { cookie } = await signIn('viewer');
    const statuses: number[] = [];
    for (const passed of minutes) {
      time.pass(passed * 60_000);
      statuses.push(await monthOf('anthropic', { cookie }));
    }
    expect(statuses.pop()).toBe(401);
    expect(new Set(statuses).size).toBeLessThanOrEqual(1);
  });

  it('is forgotten by the page when it is over', async () => {
    const { at } = await start();
    const cookie = `budget_session=${'x'.repeat(43)}`;
    const told = await ask(at('session'), { headers: { cookie } });
    expect(told.body).toMatchObject({ credentials: true, canSignOut: false });
    expect(told.body).not.toHaveProperty('name');
    expect(told.headers.get('set-cookie')).toMatch(/Max-Age=0/);
  });

  it('is not needed by a script that shows its token', async () => {
    const { url, monthOf } = await start();
    const authorization = 'Bearer operator';
    expect(await monthOf('anthropic', { authorization })).toBe(200);
    expect((await ask(url + PAUSE, posted({ budgetId: 'a' }, { authorization }))).status).toBe(200);
  });
});
