import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessFor, ai, operator, viewer } from '../support/access.js';
import { accessibilityProblems } from './support/audit.js';
import { Browser } from './support/browser.js';
import { openWorld, type World } from './support/world.js';

const browser = new Browser();
const { access, log } = accessFor({
  tokens: {
    'operator-token': [operator('*')],
    'viewer-token': [viewer('anthropic')],
    'ai-token': [ai('*', 'guardian')],
  },
});
let world: World;
let page: Page;
beforeAll(async () => {
  world = await openWorld({ access });
  world.clock.flow();
  await world.put('anthropic', {});
  await world.put('openai', {});
  page = await browser.page();
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

async function signIn(token: string): Promise<void> {
  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
}

describe('with credentials configured', () => {
  it('asks who it is, whatever the address', async () => {
    await page.goto(`${world.url}/#/budgets/anthropic`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const folder = process.env['SCREENSHOTS'];
    if (folder !== undefined) await page.screenshot({ path: join(folder, 'sign-in.png') });
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.textContent('body')).not.toContain('anthropic');
  });

  it('turns away a wrong token, and one without the role', async () => {
    await signIn('wrong');
    await page.getByText(/neither known here nor a JSON Web Token/).waitFor();
    await signIn('ai-token');
    await page.getByText(/it needs the role viewer or operator/).waitFor();
    expect(await page.context().cookies()).toEqual([]);
  });

  it('lets a viewer see its budget, and offers it no action', async () => {
    await signIn('viewer-token');
    await page.getByRole('heading', { level: 1, name: 'anthropic' }).waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Change policy' }).count()).toBe(0);
    await page.getByRole('link', { name: '‹ All budgets' }).click();
    await page.getByText('1 budget', { exact: true }).waitFor();
    const [cookie, ...more] = await page.context().cookies();
    expect(cookie).toMatchObject({
      name: 'budget_session',
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
    });
    expect(more).toEqual([]);
    expect(await page.evaluate(() => document.cookie)).toBe('');
  });

  it('keeps the session over a reload, and ends it by signing out', async () => {
    await page.reload();
    await page.getByText('1 budget', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.context().cookies()).toEqual([]);
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });

  it('lets an operator act, under its name', async () => {
    await signIn('operator-token');
    await page.getByText('2 budgets', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'openai' }).first().click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/^Paused since /).waitFor();
    const audits = log.entries.filter(({ fields }) => fields['audit'] === 'pause');
    expect(audits.map(({ fields }) => fields)).toMatchObject([
      { principal: 'operator-token', budget: 'openai', outcome: 'done' },
    ]);
    expect(world.log.entries.map(({ message }) => message)).toContain('signed in to the dashboard');
  });

  it('shows the sign-in again, on open pages too, when the session is over', async () => {
    await page.context().clearCookies();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signIn('viewer-token');
    await page.getByText(/may not do this on the budget "openai"/).waitFor();
    await page.getByRole('link', { name: '‹ All budgets' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    const other = await page.context().newPage();
    await other.goto(`${world.url}/`);
    await other.getByRole('button', { name: 'Sign out' }).click();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  });
});

it('gave the browser nothing to complain of', () => {
  expect(browser.complaints).toEqual([]);
});
