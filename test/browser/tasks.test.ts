import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityProblems } from './support/audit.js';
import { Browser } from './support/browser.js';
import { BUDGET, recordMonth } from './support/recorded-month.js';
import { openWorld, type World } from './support/world.js';

/** The tasks of docs/dashboard.md, each by the keyboard alone. */
const browser = new Browser();
let world: World;
let page: Page;
beforeAll(async () => {
  world = await openWorld();
  await recordMonth(world);
  page = await browser.page();
  await page.goto(`${world.url}/`);
  await page.getByText('1 budget', { exact: true }).waitFor();
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

const MOST_STEPS = 150;
const nameOfFocus = () =>
  page.evaluate(() => {
    const element = document.activeElement;
    const labels = (element as HTMLInputElement | null)?.labels;
    return element?.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element?.textContent ?? '';
  });

/** Goes on with Tab until what has the focus is called so. */
async function tabTo(name: string | RegExp): Promise<void> {
  for (let step = 0; step < MOST_STEPS; step += 1) {
    await page.keyboard.press('Tab');
    const found = await nameOfFocus();
    if (typeof name === 'string' ? found === name : name.test(found)) return;
  }
  throw new Error(`no way to ${name} by the keyboard`);
}

async function open(name: string | RegExp): Promise<void> {
  await tabTo(name);
  await page.keyboard.press('Enter');
}

async function type(text: string): Promise<void> {
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

describe('by the keyboard alone', () => {
  it('says who is refused now, and why', async () => {
    await open(BUDGET);
    await page.getByText(/^Refusing: /).waitFor();
    await tabTo('Refused, by AI');
    await page
      .getByText(/no window admits as much: ask for less/)
      .first()
      .waitFor();
  });

  it('says why one AI was refused in an hour that is past', async () => {
    await open('guardian');
    await page.getByRole('heading', { level: 1, name: 'AI guardian' }).waitFor();
    await tabTo('Refused, hour by hour');
    await page.getByRole('cell', { name: 'AI concurrency' }).first().waitFor();
    await page.getByText('Share of the budget').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
  });

  it('says what an AI would be answered now', async () => {
    await open('Ask as this AI …');
    await page.keyboard.press('Enter');
    await page.getByText('It would be refused.').waitFor();
    await page
      .getByText(/guardian holds 1 of its 1 slots/)
      .first()
      .waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: BUDGET }).waitFor();
  });

  it('says whether the month is spent evenly', async () => {
    await tabTo(/^The month as it comes together/);
    await page.keyboard.press('End');
    await page.getByText(/tokens forecast, .* on the even line/).waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.getByText(/^By the end of Sun,? 1 Nov: .* tokens spent, .* on the even line/).waitFor();
    await tabTo('Stacked by');
    await page.keyboard.press('ArrowDown');
    await page.getByText('claude-opus-4', { exact: true }).first().waitFor();
    expect(page.url()).toContain('by=model');
  });

  it('says who used most, on which model, on any days', async () => {
    await open('Usage by AI, model and day');
    await page.getByRole('heading', { level: 1, name: `Usage of ${BUDGET}` }).waitFor();
    const rows = page.locator('.dense tbody tr');
    await rows.nth(3).waitFor();
    const [ai, model] = [await rows.first().locator('th').textContent(), rows.first().locator('td').first()];
    const tokens = () => rows.first().locator('td.number').first().textContent();
    const [most, onModel] = [await tokens(), await model.textContent()];
    await tabTo('Days');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowUp');
    await page.getByText(/ of the .* of the budget\.$|calls\.$/).waitFor();
    await expect.poll(() => page.url()).toContain('range=last-month');
    await expect.poll(tokens).not.toBe(most);
    await page.goBack();
    await expect.poll(tokens).toBe(most);
    await tabTo('Only this AI');
    await type(ai ?? '');
    await page.keyboard.press('Tab');
    await page.getByText(/ of the .* of the budget\.$/).waitFor();
    expect(page.url()).toContain(`ai=${ai}`);
    expect(await rows.first().locator('td').first().textContent()).toBe(onModel);
    expect(await accessibilityProblems(page)).toEqual([]);
    await tabTo('Export these days');
    const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
    expect(file.suggestedFilename()).toBe(`${BUDGET}-usage-2026-11-18-to-2026-11-24.csv`);
    const [header, row] = (await readFile(await file.path(), 'utf8')).split('\r\n');
    expect(header).toBe('Day,AI,Model,Team,Tokens,Calls,Failed');
    expect(row).toMatch(/^2026-11-\d\d,\w+,[\w()-]+,[\w()]*,\d+,\d+,0$/);
    await page.goto(`${world.url}/#/budgets/${BUDGET}`);
    await page.getByRole('heading', { level: 1, name: BUDGET }).waitFor();
  });

  it('gives an AI more until a day', async () => {
    await page.reload();
    await open('Top up');
    await tabTo('Which one');
    await type('guardian');
    await tabTo('How much, in tokens');
    await type('50,000');
    await tabTo('Reason');
    await type('the release');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByText('50,000 tokens more for guardian.').waitFor();
    const row = page.getByRole('row', { name: /^top-up-[0-9a-f]+ guardian/ });
    await row.getByText('28 Nov, 00:00').waitFor();
    await page.getByText('Top-up given: 50,000 for guardian').waitFor();
  });

  it('tries another policy on the last days, and puts back what it changed', async () => {
    await open('Change policy');
    await tabTo('cooldown');
    await type('30s');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /^Days until the month refused/ }).waitFor();
    await tabTo('Reason, for the audit');
    await type('trying');
    await page.keyboard.press('Enter');
    await page.getByText('Policy: cooldown 1 min → 30 s').waitFor();
    await page.getByText('trying', { exact: true }).waitFor();
    await open(/^Undo change/);
    await page.getByRole('dialog').getByRole('cell', { name: '30 s' }).waitFor();
    await tabTo('Apply');
    await page.keyboard.press('Enter');
    await page.getByText('Policy: cooldown 30 s → 1 min').waitFor();
  });

  it('finds the slot that is stuck, and frees it', async () => {
    await open(/^Revoke the lease of/);
    await tabTo('Revoke');
    await page.keyboard.press('Enter');
    await page.getByText(/^The lease of \w+ is revoked; its slot is free\.$/).waitFor();
  });

  it('stops everything, and lets it go on', async () => {
    await world.put('second', {});
    await page.goto(`${world.url}/#/`);
    await page.getByText('2 budgets', { exact: true }).waitFor();
    await open('Pause all');
    await page.getByRole('dialog').getByText('anthropic, second').waitFor();
    await type('provider incident');
    await page.keyboard.press('Enter');
    await page.getByText('2 budgets are paused.').waitFor();
    await page
      .getByText(/^Paused since .*: provider incident/)
      .nth(1)
      .waitFor();
    await open('Resume all');
    await tabTo('Resume all');
    await page.keyboard.press('Enter');
    await page.getByText('2 budgets are resumed.').waitFor();
  });

  it('makes a budget', async () => {
    await open('Create a budget');
    await type('third');
    await tabTo(/^Tokens a month/);
    await type('2 M');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'third' }).waitFor();
    await page.getByText('0 of 1.4 M', { exact: false }).first().waitFor();
  });
});

it('gave the browser nothing to complain of', () => {
  expect(browser.complaints).toEqual([]);
});
