import { existsSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { WatchUpdate } from '../../../src/arbiter/service-port.js';
import { loadAssets } from '../../../src/http/dashboard/assets.js';
import { stopServers } from '../../support/http-server.js';
import { NOON, snapshot } from '../../support/samples.js';
import { ask, startDashboard } from './support.js';

afterEach(stopServers);

/** `npm test` builds it first; a single test may be run before any build. */
const isBuilt = existsSync(new URL('../../../dist/pages/dashboard/index.html', import.meta.url));

describe.skipIf(!isBuilt && !process.env['CI'])('the files of the page, which a build makes', () => {
  it('are open, may load nothing from elsewhere, and run nothing inline', async () => {
    const { url } = await startDashboard();
    const response = await fetch(`${url}/`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = response.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
    const page = await response.text();
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=|https?:/);
    for (const [, path = ''] of page.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
    }
  });

  it('are sent once, until they change', async () => {
    const { url } = await startDashboard();
    const path = `${url}/dashboard/assets/main.js`;
    const etag = (await fetch(path)).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    const again = await fetch(path, { headers: { 'if-none-match': `"other", W/${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });

  it('are less than 200 KB in all', () => {
    const assets = loadAssets();
    expect([...assets.keys()].sort()).toEqual([
      ...['icon.svg', 'index.html', 'main.js', 'page.css', 'uPlot.iife.min.js', 'uPlot.min.css'],
    ]);
    const bytes = [...assets.values()].map(({ content }) => content.bytes.length);
    expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThan(200_000);
  });

  it.each(['nothing.js', '../main.js', '%2e%2e/main.js', ''])('%j is not there', async (name) => {
    const { url } = await startDashboard();
    expect((await ask(`${url}/dashboard/assets/${name}`)).status).toBe(404);
  });
});

function update(changes: Partial<WatchUpdate> = {}): WatchUpdate {
  const quiet = { mergedEvents: 0, denials: new Map(), waiters: 3, snapshot: snapshot(), stale: false };
  return { at: NOON, events: [], ...quiet, ...changes };
}

/** Opens a stream, and waits for as many events as a test wants. */
async function stream(url: string) {
  const response = await new Promise<IncomingMessage>((resolve) => get(url, resolve));
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const events = () =>
    [...text.matchAll(/event: (\S+)\ndata: (.*)\n\n/g)].map(([, name = '', data = '']) => ({
      name,
      data: JSON.parse(data),
    }));
  return { response, events, close: () => response.destroy() };
}

describe('the stream of a budget', () => {
  it('tells figures, and then that nothing has changed', async () => {
    const { url, servicePort } = await startDashboard();
    const watched = new Promise<void>((resolve) => {
      servicePort.onWatch = resolve;
    });
    const { response, events, close } = await stream(`${url}/dashboard/budget?budget_id=anthropic`);
    expect(response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    await watched;
    servicePort.tell(update());
    await expect.poll(() => events().map(({ name }) => name)).toEqual(['live']);
    servicePort.tell(update());
    await expect.poll(() => events().map(({ name }) => name)).toEqual(['live', 'tick']);
    servicePort.tell(update({ stale: true }));
    await expect.poll(() => events().at(-1)).toMatchObject({ name: 'live', data: { stale: true } });
    close();
    await expect.poll(() => servicePort.watchers.size).toBe(0);
  });

  it('shares one watch among all who look', async () => {
    const { url, servicePort } = await startDashboard();
    const pages = await Promise.all(
      [1, 2, 3].map(() => stream(`${url}/dashboard/budget?budget_id=anthropic`)),
    );
    await expect.poll(() => servicePort.watchers.size).toBe(1);
    servicePort.tell(update());
    for (const { events } of pages) await expect.poll(() => events().length).toBeGreaterThan(0);
    for (const { close } of pages) close();
    await expect.poll(() => servicePort.watchers.size).toBe(0);
  });

  it('says why there is none', async () => {
    const { url, servicePort } = await startDashboard();
    const { events } = await stream(`${url}/dashboard/budget?budget_id=crowded`);
    await expect
      .poll(events)
      .toEqual([{ name: 'problem', data: { message: 'too many watchers: close one' } }]);
    servicePort.refuse({ reason: 'BUDGET_NOT_FOUND', budgetId: 'nobody' });
    expect((await ask(`${url}/dashboard/budget?budget_id=nobody`)).status).toBe(404);
    expect((await ask(`${url}/dashboard/budget`)).status).toBe(400);
  });

  it('is there for 64 pages, and leaves room for everybody else', async () => {
    const { url } = await startDashboard();
    const pages = await Promise.all(
      Array.from({ length: 64 }, () => stream(`${url}/dashboard/budget?budget_id=anthropic`)),
    );
    const told = await ask(`${url}/dashboard/budget?budget_id=anthropic`);
    expect(told).toMatchObject({
      status: 429,
      body: { code: 'resource_exhausted', message: /64 pages are open/ },
    });
    expect((await ask(`${url}/healthz`)).status).toBe(200);
    for (const { close } of pages) close();
  });

  it('ends when the service stops', async () => {
    const { url, server } = await startDashboard();
    const { response } = await stream(`${url}/dashboard/budget?budget_id=anthropic`);
    const ended = new Promise((resolve) => response.once('end', resolve));
    await server.stop(10_000);
    await ended;
  });
});
