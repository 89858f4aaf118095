import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leaseOf, release, usage } from '../support/requests.js';
import { Browser } from './support/browser.js';
import { BUDGET, recordMonth } from './support/recorded-month.js';
import { openWorld, type World } from './support/world.js';

const browser = new Browser();
const NOBODY = { gone: false, onGone: () => {} };
let world: World;
let page: Page;
beforeAll(async () => {
  world = await openWorld();
  await recordMonth(world);
  page = await browser.page();
  await page.goto(`${world.url}/#/budgets/${BUDGET}`);
  await page.getByText('Live', { exact: true }).waitFor();
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

const panel = (title: string) =>
  page.locator('section.panel', { has: page.getByRole('heading', { name: title, exact: true }) });
const happened = (what: string) =>
  panel('What happened').locator('tr', { hasText: 'sandbox' }).getByText(what);
const slots = () => panel('Live slots').locator('tbody');

const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));

describe('a page that is open', () => {
  it('shows a grant, what it spends, and its end', async () => {
    const lease = leaseOf(await world.ask(BUDGET, 'sandbox', 1_500));
    await slots().getByText('sandbox').waitFor();
    await happened('Slot granted').waitFor();
    const report = usage('live-1', 1_234);
    await world.arbiter.submit(BUDGET, { kind: 'record', lease, usage: report }, NOBODY);
    await slots().getByText('1,234').waitFor();
    await panel('The month by model').getByText('m', { exact: true }).waitFor();
    await world.arbiter.submit(BUDGET, release(lease), NOBODY);
    await slots().getByText('sandbox').waitFor({ state: 'detached' });
    await happened('Slot released').waitFor();
  });

  it('shows who is denied, and by which rule', async () => {
    await world.ask(BUDGET, 'sandbox', 10);
    const ais = panel('Refused').locator('tbody').first();
    await ais.locator('tr', { hasText: 'sandbox' }).getByText('Cooldown').waitFor();
    await panel('Refused')
      .getByText(/^\d requests of 3 AIs in the last 24 hours\.$/)
      .waitFor();
    await page.getByText(/^Refusing: /).waitFor();
  });

  it('shows who would have been denied while the budget only observes', async () => {
    await world.put('trial', { mode: 'OBSERVE', maxHourlyPercent: 0.1 });
    const own = await browser.page();
    await own.goto(`${world.url}/#/budgets/trial`);
    await own.getByText('Live', { exact: true }).waitFor();
    leaseOf(await world.ask('trial', 'sandbox', 5_000));
    const denials = own.locator('section.panel', { hasText: 'Would have been refused' });
    await denials.getByText('Hourly cap').first().waitFor();
    await denials.getByText(/granted all the same: the budget only observes/).waitFor();
    await own.getByText('Nobody was refused in the last 24 hours.').waitFor();
    await own.getByText(/^Mode OBSERVE: would refuse/).waitFor();
    await own.close();
    await world.arbiter.submit('trial', { kind: 'delete-budget', force: true }, NOBODY);
  });

  it('counts down to the end of a lease', async () => {
    const cell = slots().locator('[data-until]').first();
    const before = await cell.textContent();
    await page.waitForFunction(
      (text) => document.querySelector('[data-until]')?.textContent !== text,
      before,
    );
  });

  it('keeps the focus while rows change', async () => {
    const button = page.getByRole('button', { name: 'Revoke the lease of guardian' });
    await button.focus();
    await world.ask(BUDGET, 'conquest', 400);
    await slots().getByText('conquest').waitFor();
    expect(await focused()).toBe('Revoke the lease of guardian');
  });

  it('keeps it while its own row changes, and lets it go on at the table when the row is gone', async () => {
    const own = { maxConcurrent: 5, monthlyLimit: 10_000_000, cooldownMs: 0 };
    await world.put(BUDGET, own);
    const lease = leaseOf(await world.ask(BUDGET, 'prefect', 400));
    await page.getByRole('button', { name: 'Revoke the lease of prefect' }).focus();
    const report = usage('focus-1', 77);
    await world.arbiter.submit(BUDGET, { kind: 'record', lease, usage: report }, NOBODY);
    await slots().locator('tr', { hasText: 'prefect' }).getByText('77 of 400', { exact: true }).waitFor();
    expect(await focused()).toBe('Revoke the lease of prefect');
    await world.arbiter.submit(BUDGET, release(lease), NOBODY);
    await slots().getByText('prefect').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Live slots');
  });
});

describe('the list of budgets', () => {
  it('shows a budget that is made, and spending, by itself', async () => {
    const list = await browser.page();
    await list.goto(`${world.url}/`);
    await list.getByText('1 budget', { exact: true }).waitFor();
    await world.put('openai', {});
    await list.getByRole('heading', { name: 'openai' }).waitFor();
    await world.spend('openai', 'sandbox', 'o-1', 321);
    await list.getByText('321 of 140,000').waitFor();
    await list.close();
  });
});

describe('a budget that is deleted', () => {
  it('is said to be gone, not to be late', async () => {
    const own = await browser.page();
    await own.goto(`${world.url}/#/budgets/openai`);
    await own.getByText('Live', { exact: true }).waitFor();
    await world.arbiter.submit('openai', { kind: 'delete-budget', force: true }, NOBODY);
    await own
      .getByText('there is no budget "openai": check the id, or create it with CreateBudget')
      .waitFor();
    await own.locator('.connection.off').waitFor({ state: 'attached' });
    await own.close();
  });
});

describe('a store that does not answer', () => {
  it('is said on every page, with the age of its figures, until it is back', async () => {
    const list = await browser.page();
    await list.goto(`${world.url}/`);
    await list.getByText('Live', { exact: true }).waitFor();
    world.store.failing('unavailable');
    await page.getByText(/^The store does not answer: the figures are of \d\d:\d\d:\d\d\.$/).waitFor();
    await list
      .getByText(/store does not answer/)
      .first()
      .waitFor();
    await list
      .locator('.card.stale')
      .getByText(/^The store does not answer: .* Last known: /)
      .waitFor();
    await page.locator('.headline.away').waitFor();
    const late = await browser.page();
    await late.goto(`${world.url}/#/budgets/${BUDGET}`);
    await late.locator('.problem', { hasText: /store/ }).first().waitFor();
    world.store.healthy();
    await page.getByText('Live', { exact: true }).waitFor();
    await list.getByText('Live', { exact: true }).waitFor();
    await late.getByText('Live', { exact: true }).waitFor();
    await late.getByRole('heading', { name: 'November 2026' }).waitFor();
    await Promise.all([list.close(), late.close()]);
  });
});

describe('a service that is gone', () => {
  it('is said, and found again by itself', async () => {
    const port = Number(new URL(world.url).port);
    await world.http.stop(0);
    await page.getByText(/^Not live: no word from the service since /).waitFor();
    const again = await openWorld({ port });
    await again.put(BUDGET, { monthlyLimit: 777_000 });
    await page
      .getByText(/of 543,900/)
      .first()
      .waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.goto('about:blank');
    await again.stop();
  });
});

it('gave the browser nothing to complain of', () => {
  expect(browser.complaints).toEqual([]);
});
