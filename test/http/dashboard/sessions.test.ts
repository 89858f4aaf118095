import { afterEach, describe, expect, it } from 'vitest';
import { accessFor, ai, operator, viewer } from '../../support/access.js';
import { stopServers } from '../../support/http-server.js';
import { ask, posted, startDashboard } from './support.js';

afterEach(stopServers);

const { access } = accessFor({
  tokens: { viewer: [viewer('anthropic')], operator: [operator('*')], ai: [ai('*', 'guardian')] },
});

async function start() {
  const server = await startDashboard({ access });
  const at = (name: string) => `${server.url}/dashboard/${name}`;
  const { body } = await ask(at('session'));
  const csrf = String(body['csrf']);
  const signIn = async (token: string) => {
    const told = await ask(at('sign-in'), posted({ token }, { 'x-csrf-token': csrf }));
    const cookie = (told.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    return { ...told, cookie, headers: { cookie, 'x-csrf-token': String(told.body['csrf']) } };
  };
  return { ...server, at, csrf, signIn };
}

describe('a session', () => {
  it('is opened by a token, in a cookie that scripts and other sites do not get', async () => {
    const { at, csrf } = await start();
    const told = await ask(at('sign-in'), posted({ token: 'viewer' }, { 'x-csrf-token': csrf }));
    expect(told).toMatchObject({
      status: 200,
      body: { name: 'viewer', credentials: true, canSignOut: true },
    });
    expect(told.headers.get('set-cookie')).toMatch(
      /^budget_session=[\w-]{43}; Path=\/dashboard\/; HttpOnly; SameSite=Strict$/,
    );
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

  it('is not opened from another site', async () => {
    const { at, csrf } = await start();
    const foreign = { 'x-csrf-token': csrf, origin: 'https://evil.example' };
    expect((await ask(at('sign-in'), posted({ token: 'viewer' }, foreign))).status).toBe(403);
    expect((await ask(at('sign-in'), posted({ token: 'viewer' }, {}))).status).toBe(403);
  });

  it('opens the data of the dashboard, and nothing beside it', async () => {
    const { at, url, signIn } = await start();
    const { cookie } = await signIn('viewer');
    expect((await ask(at('policy?budget_id=anthropic'))).status).toBe(401);
    expect((await ask(at('policy?budget_id=anthropic'), { headers: { cookie } })).status).toBe(200);
    expect((await ask(at('policy?budget_id=openai'), { headers: { cookie } })).status).toBe(403);
    expect((await ask(`${url}/api/token-usage/distribution`, { headers: { cookie } })).status).toBe(401);
  });

  it('ends the one before it in the same browser, and no other', async () => {
    const { at, signIn } = await start();
    const [first, other] = [await signIn('viewer'), await signIn('viewer')];
    const told = await ask(
      at('sign-in'),
      posted(
        { token: 'operator' },
        { 'x-csrf-token': String((await ask(at('session'))).body['csrf']), cookie: first.cookie },
      ),
    );
    expect(told.status).toBe(200);
    const second = (told.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const statusOf = async (cookie: string) =>
      (await ask(at('policy?budget_id=anthropic'), { headers: { cookie } })).status;
    expect(await statusOf(first.cookie)).toBe(401);
    expect([await statusOf(other.cookie), await statusOf(second)]).toEqual([200, 200]);
    expect(second).not.toBe(first.cookie);
  });

  it('is not taken from two cookies: one of them is not ours', async () => {
    const { at, signIn } = await start();
    const [one, other] = [(await signIn('viewer')).cookie, (await signIn('operator')).cookie];
    const statusOf = async (cookie: string) =>
      (await ask(at('policy?budget_id=anthropic'), { headers: { cookie } })).status;
    for (const cookie of [
      `${one}; ${other}`,
      `${other}; ${one}`,
      `${one}; ${one}`,
      `${one}; budget_session=x`,
    ])
      expect(await statusOf(cookie)).toBe(401);
    expect(await statusOf(`theme=dark; ${one}; x=y`)).toBe(200);
  });

  it('lets nobody do more than the token did', async () => {
    const { at, signIn, door } = await start();
    const { headers } = await signIn('viewer');
    for (const name of ['pause', 'resume']) {
      const told = await ask(at(name), posted({ budget_id: 'anthropic' }, headers));
      expect(told).toMatchObject({ status: 403, body: { error: { code: 'PERMISSION_DENIED' } } });
    }
    expect(door.asked).toEqual([]);
  });

  it('acts under the name of the token, in the audit', async () => {
    const { at, signIn, dashboardLog } = await start();
    const { headers } = await signIn('operator');
    expect((await ask(at('pause'), posted({ budget_id: 'anthropic' }, headers))).status).toBe(200);
    const own = dashboardLog.entries.map(({ fields, message }) => ({ ...fields, message }));
    expect(own).toMatchObject([{ principal: 'operator', message: 'signed in to the dashboard' }]);
  });

  it("needs its own token for changes, not another session's", async () => {
    const { at, csrf, signIn } = await start();
    const [one, other] = [await signIn('operator'), await signIn('operator')];
    for (const token of [csrf, other.headers['x-csrf-token']]) {
      const told = await ask(
        at('pause'),
        posted({ budget_id: 'a' }, { cookie: one.cookie, 'x-csrf-token': token }),
      );
      expect(told.status).toBe(403);
    }
  });

  it('ends by signing out, for all who hold the cookie', async () => {
    const { at, signIn } = await start();
    const { headers, cookie } = await signIn('viewer');
    const told = await ask(at('sign-out'), posted({}, headers));
    expect(told.headers.get('set-cookie')).toMatch(/^budget_session=; .*Max-Age=0/);
    expect((await ask(at('policy?budget_id=anthropic'), { headers: { cookie } })).status).toBe(401);
  });

  it.each([
    ['half an hour without use', [31]],
    ['eight hours', Array.from({ length: 17 }, () => 29)],
  ])('ends by itself after %s', async (_, minutes) => {
    const { at, time, signIn } = await start();
    const { cookie } = await signIn('viewer');
    const statuses: number[] = [];
    for (const passed of minutes) {
      time.pass(passed * 60_000);
      statuses.push((await ask(at('policy?budget_id=anthropic'), { headers: { cookie } })).status);
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
    const { at, csrf } = await start();
    const authorization = 'Bearer operator';
    expect((await ask(at('policy?budget_id=anthropic'), { headers: { authorization } })).status).toBe(200);
    const told = await ask(at('pause'), posted({ budget_id: 'a' }, { authorization, 'x-csrf-token': csrf }));
    expect(told.status).toBe(200);
  });
});
