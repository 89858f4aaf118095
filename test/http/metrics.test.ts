import { afterEach, expect, it } from 'vitest';
import { accessFor, ai, operator, viewer } from '../support/access.js';
import { startServer as start, stopServers } from '../support/http-server.js';

afterEach(stopServers);

const TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const metrics = async () => ({ type: TYPE, text: '# HELP a A.\n' });

it('serves the page as it is', async () => {
  const { url } = await start({ metrics });
  const response = await fetch(`${url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(TYPE);
  expect(await response.text()).toBe('# HELP a A.\n');
});

it.each([
  ['viewer-of-all', 200],
  ['operator', 200],
  ['viewer-of-one', 403],
  ['viewer-of-some', 403],
  ['ai', 403],
  ['wrong', 401],
  [undefined, 401],
] as const)('is for those who may see every budget: %s %d', async (token, status) => {
  const { access } = accessFor({
    tokens: {
      'viewer-of-all': [viewer('*')],
      'viewer-of-one': [viewer('anthropic')],
      'viewer-of-some': [viewer('team-*')],
      operator: [operator('*')],
      ai: [ai('*', 'guardian')],
    },
  });
  const { url } = await start({ metrics, access });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/metrics`, { headers });
  expect(response.status).toBe(status);
  expect((await response.text()).includes('HELP')).toBe(status === 200);
});

it('tells its observer the path that is served, and none where nothing is', async () => {
  const told: unknown[] = [];
  const observer = {
    monotonic: () => 0,
    ended: (path: string, status: number) => void told.push([path, status]),
  };
  const { url } = await start({ metrics, observer });
  for (const path of ['/metrics?x=1', '/made/up', '/healthz']) await fetch(url + path);
  await fetch(`${url}/metrics`, { method: 'POST' });
  expect(told).toEqual([
    ['/metrics', 200],
    ['', 404],
    ['/healthz', 200],
    ['/metrics', 405],
  ]);
});
