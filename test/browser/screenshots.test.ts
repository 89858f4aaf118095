import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser } from './support/browser.js';
import { BUDGET, recordMonth } from './support/recorded-month.js';
import { openWorld, type World } from './support/world.js';

/** Pictures of every view, for whoever changes one to look at. `SCREENSHOTS=docs/screenshots` keeps those of the README. */
const folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), 'arbiter-screenshots-')));
const browser = new Browser();
let world: World;

beforeAll(async () => {
  world = await openWorld();
  await recordMonth(world);
  await world.put('openai', { pacing: 'EVEN', timeZone: 'America/New_York' });
  await world.spend('openai', 'sandbox', 'one', 9_000, 'gpt-4.1');
  await world.put('local', { mode: 'OBSERVE', monthlyLimit: 10_000 });
  await world.spend('local', 'sandbox', 'two', 6_700);
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

const VIEWS = [
  ['overview', '#/', async (page: Page) => page.locator('.card .meter-figure').nth(8).waitFor()],
  ['budget', `#/budgets/${BUDGET}`, async (page: Page) => page.locator('.chart canvas').nth(1).waitFor()],
  ['policy', `#/budgets/${BUDGET}/policy`, async (page: Page) => page.locator('#policy-cooldown').waitFor()],
] as const;

it.each([
  ['desk-light', { width: 1280 }],
  ['desk-dark', { width: 1280, dark: true }],
  ['phone-light', { width: 390 }],
  ['phone-dark', { width: 390, dark: true }],
])('%s', async (name, screen) => {
  const page = await browser.page(screen);
  for (const [view, address, shown] of VIEWS) {
    await page.goto('about:blank');
    await page.goto(`${world.url}/${address}`);
    await shown(page);
    await page.getByText('Live', { exact: true }).or(page.locator('#policy-cooldown')).first().waitFor();
    const path = join(folder, `${view}-${name}.png`);
    await page.screenshot({ path, fullPage: true });
  }
  expect(browser.complaints).toEqual([]);
  await page.close();
});
