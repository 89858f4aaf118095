import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityProblems } from './support/audit.js';
import { Browser } from './support/browser.js';
import { BUDGET, recordMonth } from './support/recorded-month.js';
import { openWorld, type World } from './support/world.js';

const browser = new Browser();
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

const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');
const audited = (kind: string) =>
  world.log.entries.filter(({ fields }) => fields['audit'] === kind).map(({ fields }) => fields);

async function picture(name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}

describe('pausing', () => {
  it('says what will happen, and does nothing when it is cancelled', async () => {
    await button('Pause').click();
    await dialog()
      .getByText(/No new slot is granted to anybody/)
      .waitFor();
    await dialog()
      .getByText(/The 2 live slots go on/)
      .waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    expect(audited('pause')).toEqual([]);
  });

  it('is not asked about any more when the page has moved on', async () => {
    await page.getByRole('link', { name: 'Change policy' }).click();
    await page.getByRole('heading', { level: 1, name: /policy/i }).waitFor();
    await page.goBack();
    await button('Pause').click();
    await dialog().waitFor();
    await page.goForward();
    await page.getByRole('heading', { level: 1, name: /policy/i }).waitFor();
    await dialog().waitFor({ state: 'detached' });
    await page.goBack();
    await button('Pause').waitFor();
  });

  it('is done, shown and audited with its reason', async () => {
    await button('Pause').click();
    await page.getByLabel('Reason, for the audit').fill('provider incident');
    await page.keyboard.press('Enter');
    await page.getByText(`${BUDGET} is paused: no new slots are granted; running leases go on.`).waitFor();
    await page.getByText(/^Paused since .*: provider incident/).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('Resume');
    expect(audited('pause')).toMatchObject([
      { principal: 'anonymous', budget: BUDGET, reason: 'provider incident', outcome: 'done' },
    ]);
  });

  it('ends by resuming', async () => {
    await button('Resume').click();
    await dialog()
      .getByText(/the reason was “provider incident”/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Resume' }).click();
    await button('Pause').waitFor();
    expect(audited('resume')).toHaveLength(1);
  });
});

describe('revoking', () => {
  it('says what becomes of the tokens, and frees the slot', async () => {
    await button('Revoke the lease of guardian').click();
    await dialog()
      .getByText(/It has reserved 3,000 tokens and reported 1,250\. The 1,750 that are left/)
      .waitFor();
    await dialog().getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('The lease of guardian is revoked; its slot is free.').waitFor();
    await button('Revoke the lease of guardian').waitFor({ state: 'detached' });
    expect(audited('revoke')).toMatchObject([{ budget: BUDGET, outcome: 'done' }]);
  });
});

describe('changing the policy', () => {
  it('shows the difference, the caps and the warnings before anything is changed', async () => {
    await page.getByRole('link', { name: 'Change policy' }).click();
    await page.getByLabel('max_daily_percent', { exact: true }).fill('5');
    await page.getByLabel('cooldown', { exact: true }).fill('30s');
    await page.getByLabel('max_daily_percent_by_ai').fill('sandbox: 12\nteam:x: 50');
    await page.getByLabel('pacing').selectOption('EVEN');
    await button('Review the change …').click();
    await dialog().waitFor();
    const rows = await dialog().locator('table').first().locator('tbody tr').allInnerTexts();
    expect(rows.map((row) => row.split(/\t|\n/))).toEqual([
      ['max_daily_percent', '8%', '5%'],
      ['pacing', 'FLOOR', 'EVEN'],
      ['max_daily_percent_by_ai', 'none', 'sandbox 12, team:x 50'],
      ['cooldown', '1 min', '30 s'],
    ]);
    await dialog()
      .getByText(/and the cap becomes [\d,]+: new slots are denied until the end of this day/)
      .waitFor();
    // The last 28 days, replayed under both.
    await dialog()
      .getByRole('row', { name: /^Days until the month refused/ })
      .waitFor();
    await picture('policy-change');
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(audited('put-policy').filter(({ principal }) => principal !== undefined)).toEqual([]);
    await dialog().getByRole('button', { name: 'Apply' }).click();
    await page.getByText(`The policy of ${BUDGET} is changed, and in force.`).waitFor();
    await page.getByText(/^5%, the daily maximum: /).waitFor();
    expect(audited('put-policy')).toMatchObject([
      { outcome: 'done', after: { policy: { maxDailyPercent: 5, pacing: 'EVEN', cooldownMs: 30_000 } } },
    ]);
  });

  it('says at its field what is wrong, and what would be right', async () => {
    await page.getByRole('link', { name: 'Change policy' }).click();
    await page.getByLabel('enforced_percent').fill('170');
    await button('Review the change …').click();
    await page
      .getByText(/enforced_percent: must be above 0 and at most 100/)
      .first()
      .waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('policy-enforced_percent');
    await page.getByLabel('enforced_percent').fill('many');
    await button('Review the change …').click();
    await page
      .getByText(/enforced_percent: must be a number; it is "many"/)
      .first()
      .waitFor();
  });

  it('takes a preset, whose defaults then stand in the empty fields', async () => {
    await button('Start again').click();
    await page.getByLabel('preset').selectOption('CALLS');
    await button('Review the change …').click();
    await dialog().waitFor();
    const [first] = await dialog().locator('table').first().locator('tbody tr').allInnerTexts();
    expect(first?.split(/\t|\n/)).toEqual(['preset', 'WORK_SESSIONS', 'CALLS']);
    await dialog().getByRole('button', { name: 'Apply' }).click();
    await page.getByText(`The policy of ${BUDGET} is changed, and in force.`).waitFor();
    await page.getByRole('link', { name: 'Change policy' }).click();
    await page.locator('#policy-default_reservation[placeholder="2000"]').waitFor();
    await page.getByLabel('preset').selectOption('WORK_SESSIONS');
    await button('Review the change …').click();
    await dialog().getByRole('button', { name: 'Apply' }).click();
    await page.getByText(`The policy of ${BUDGET} is changed, and in force.`).waitFor();
    await page.getByRole('link', { name: 'Change policy' }).click();
  });

  it('does not overwrite what somebody else has changed meanwhile', async () => {
    await page.getByLabel('enforced_percent').fill('60');
    await world.put(BUDGET, { monthlyLimit: 2_500_000 });
    await button('Review the change …').click();
    await page.getByText(/the policy has changed since this etag was read/).waitFor();
    await button('Start again').click();
    await page.locator('#policy-monthly_limit[placeholder="200000"]').waitFor();
    await expect.poll(() => page.getByLabel('monthly_limit').inputValue()).toBe('2500000');
    await button('Review the change …').click();
    await page.getByText('Nothing is different from the policy in force.').waitFor();
  });
});

it('gave the browser nothing to complain of', () => {
  expect(browser.complaints).toEqual([]);
});
