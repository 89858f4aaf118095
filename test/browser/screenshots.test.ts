import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Browser } from './support/browser.js';
import { BUDGET, recordMonth } from './support/recorded-month.js';
import { openWorld, type World } from './support/world.js';

/** The pictures of the README, for whoever changes a view to look at. `npm run screenshots` keeps them. */
const folder = process.env['SCREENSHOTS'] ?? (await mkdtemp(join(tmpdir(), 'arbiter-screenshots-')));
const browser = new Browser();
let world: World;

beforeAll(async () => {
  world = await openWorld();
  await recordMonth(world);
  await world.put('openai', { pacing: 'EVEN', monthlyLimit: 3_000_000, timeZone: 'America/New_York' });
  await world.spend('openai', 'sandbox', 'one', 9_000, 'gpt-4.1');
  await world.put('local', { mode: 'OBSERVE', monthlyLimit: 400_000, maxHourlyPercent: 8 });
  await world.spend('local', 'sandbox', 'two', 6_700);
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

const OVERVIEW = { address: '#/', shown: '.card:nth-child(3) .meter-figure' };
const ONE = { address: `#/budgets/${BUDGET}`, shown: 'section#day-section .chart canvas' };

it.each([
  ['overview', { ...OVERVIEW, width: 1280 }],
  ['overview-phone-dark', { ...OVERVIEW, width: 390, dark: true }],
  ['budget', { ...ONE, width: 1280 }],
  ['budget-dark', { ...ONE, width: 1280, dark: true, from: '#month-section' }],
  ['budget-phone', { ...ONE, width: 390 }],
])('%s', async (name, { address, shown, width, dark = false, from = undefined }: Picture) => {
  const page = await browser.page({ width, dark });
  await page.goto(`${world.url}/${address}`);
  await page.locator(shown).first().waitFor();
  await page.getByText('Live', { exact: true }).waitFor();
  if (from !== undefined) {
    await page
      .locator(from)
      .first()
      .evaluate((element) => scrollTo(0, element.getBoundingClientRect().top - 130));
  }
  await page.screenshot({ path: join(folder, `${name}.png`) });
  expect(browser.complaints).toEqual([]);
  await page.close();
});

interface Picture {
  readonly address: string;
  readonly shown: string;
  readonly width: number;
  readonly dark?: boolean;
  readonly from?: string;
}
