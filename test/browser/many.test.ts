import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityProblems } from './support/audit.js';
import { Browser } from './support/browser.js';
import { openWorld, type World } from './support/world.js';

const browser = new Browser();
let world: World;
let page: Page;
beforeAll(async () => {
  world = await openWorld();
  world.clock.flow();
  page = await browser.page();
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

it('says of an empty store that it is empty, and fills by itself', async () => {
  await page.goto(`${world.url}/`);
  await page
    .getByText('There is no budget yet. The first one is made here, with CreateBudget, or by CONFIG_FILE.')
    .waitFor();
  await page.goto(`${world.url}/#/budgets/nobody`);
  await page.getByText('there is no budget "nobody": check the id, or create it with CreateBudget').waitFor();
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.goto(`${world.url}/#/`);
  await world.put('first', {});
  await page.getByRole('heading', { name: 'first' }).waitFor();
});

describe('202 budgets', () => {
  const rows = () => page.locator('.table-box tbody tr');
  const first = () => rows().first().locator('th').textContent();

  it('are a table of pages, worst first', async () => {
    for (let at = 0; at < 201; at += 1) await world.put(`budget-${String(at).padStart(3, '0')}`, {});
    await world.spend('budget-150', 'sandbox', 's', 130_000);
    await page.getByText('202 budgets', { exact: true }).waitFor();
    await expect.poll(first, { timeout: 10_000 }).toBe('budget-150');
    expect(await rows().count()).toBe(50);
    await rows().first().getByText('92.9%').waitFor();
    expect(await page.locator('.card').count()).toBe(0);
  });

  it('stay at their page, order and name in the address, and go back', async () => {
    await page.getByLabel('Order by').selectOption('name');
    await expect.poll(first, { timeout: 10_000 }).toBe('budget-000');
    await page.getByRole('link', { name: 'Next ›' }).click();
    await expect.poll(first, { timeout: 10_000 }).toBe('budget-050');
    expect(page.url()).toContain('#/?order=name&page=2');
    await page.reload();
    await expect.poll(first, { timeout: 10_000 }).toBe('budget-050');
    await page.getByText('Page 2 of 5').waitFor();
    await page.goBack();
    await expect.poll(first, { timeout: 10_000 }).toBe('budget-000');
    await page.goBack();
    await expect.poll(first, { timeout: 10_000 }).toBe('budget-150');
    expect(await page.getByLabel('Order by').inputValue()).toBe('worst');
  });

  it('are found by a part of their name, by the service, and go on live', async () => {
    await page.getByLabel('Show').fill('budget-20');
    await page.getByText('1 budget with such a name').waitFor();
    expect(page.url()).toContain('q=budget-20');
    await page.getByLabel('Show').fill('budget-19');
    await page.getByText('10 budgets with such a name').waitFor();
    await world.spend('budget-198', 'sandbox', 't', 555);
    await page.getByText('555 of 140,000').waitFor();
    await page.getByLabel('Show').fill('nothing');
    await page.getByText('No budget has such a name.').waitFor();
    await page.getByLabel('Show').fill('');
  });
});

describe('500 AIs', () => {
  it('are listed, the most first, a hundred of them on demand and the rest as one', async () => {
    await world.put('crowd', { monthlyLimit: 10_000_000 });
    for (let at = 0; at < 500; at += 1) await world.spend('crowd', `ai-${at}`, `u-${at}`, 1_000 + at);
    await page.goto(`${world.url}/#/budgets/crowd`);
    const panel = page.locator('section.panel', {
      has: page.getByRole('heading', { name: 'The month by AI' }),
    });
    await panel.getByText('ai-499').waitFor();
    expect(await panel.locator('tbody tr').count()).toBe(12);
    await panel.getByRole('button', { name: 'Show 89 more' }).click();
    await panel.getByText('(rest)', { exact: true }).waitFor();
    expect(await panel.locator('tbody tr').count()).toBe(101);
    expect(await panel.locator('tbody th').last().textContent()).toBe('(rest)');
    expect(await panel.locator('tbody th').first().textContent()).toBe('ai-499');
  });

  it('may have any name: none becomes markup', async () => {
    const name = '<img/src=x/onerror=alert(1)>';
    await world.spend('crowd', name, 'evil', 9_000);
    const panel = page.locator('section.panel', {
      has: page.getByRole('heading', { name: 'The month by AI' }),
    });
    await panel.getByText(name).waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });
});

it('gave the browser nothing to complain of', () => {
  expect(browser.complaints).toEqual([]);
});
