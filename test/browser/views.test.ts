import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asWritten } from './support/as-written.js';
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
});
afterAll(async () => {
  await browser.close();
  await world.stop();
});

async function snapshot() {
  const outcome = await world.arbiter.submit(
    BUDGET,
    { kind: 'get-snapshot' },
    { gone: false, onGone: () => {} },
  );
  if (outcome.kind !== 'snapshot') throw new Error(JSON.stringify(outcome));
  return outcome.snapshot;
}

const section = (title: string | RegExp) =>
  page.locator('section.panel', { has: page.locator('h2, h3', { hasText: title }) }).last();

describe('the list of budgets', () => {
  it('shows month, day and hour as they stand', async () => {
    await page.goto(`${world.url}/`);
    const { windows } = await snapshot();
    for (const { spent, reserved, cap } of windows) {
      await page.getByText(`${asWritten(spent + reserved)} of ${asWritten(cap)}`).waitFor();
    }
    await page.locator('.card').getByText('Above the warning').waitFor();
    await page
      .locator('.card')
      .getByText(/^Refusing: /)
      .waitFor();
    await page.getByText(/% ahead of the even line/).waitFor();
    await page.locator('.card').getByText('2 of 4').waitFor();
    expect(await page.title()).toBe('Budgets · budget arbiter');
  });

  it('has the same in a table, and as CSV', async () => {
    await page.getByText('All budgets as a table').click();
    const text = await download(page, 'All budgets');
    const { windows } = await snapshot();
    const [header, row, ...more] = text.trim().split('\r\n');
    const month = windows[2];
    expect(header).toMatch(/^Budget,Status,.*,Unit,Paused,Spread,Month spent,Month reserved,Month cap,/);
    expect(row).toMatch(/^anthropic,"?Refusing: /);
    expect(row).toContain(`,tokens,no,Poor,${month?.spent},${month?.reserved},${month?.cap},`);
    expect(more).toEqual([]);
  });

  it('leads to a budget by the keyboard', async () => {
    await page.getByRole('link', { name: BUDGET }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: BUDGET }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await page.getByText('All times are in Europe/Berlin, the zone of this budget.').waitFor();
  });
});

describe('one budget', () => {
  it('shows the days of the month, with their lines', async () => {
    const { dayTotals, budget } = await snapshot();
    await page.getByText('Days as a table').click();
    const cells = section('November 2026').locator('tbody tr');
    await cells.nth(29).waitFor();
    const told = await cells.locator('td:nth-child(2)').allTextContents();
    const wanted = Array.from(
      { length: 30 },
      (_, at) => dayTotals.get(`2026-11-${String(at + 1).padStart(2, '0')}`) ?? 0,
    );
    expect(told).toEqual(wanted.map(asWritten));
    expect(budget.policy.maxDailyPercent).toBe(8);
    await page.getByText(/^8%, the daily maximum: 127,991$/).waitFor();
    await page.getByText(/^2%, the daily minimum: 31,997$/).waitFor();
    await page.getByText(/^today’s cap in force: /).waitFor();
  });

  it('reads its bars to the keyboard, and opens a day by one', async () => {
    const chart = page.getByRole('group', { name: /^Usage by day/ });
    await chart.focus();
    await page.keyboard.press('Home');
    await page.getByText(/^Sun,? 1 Nov: [\d,]+ tokens/).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText(/^Mon,? 2 Nov: [\d,]+ tokens/).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: /^Mon,? 2 Nov by hours$/ }).waitFor();
    expect(page.url()).toContain('month=2026-11&day=2026-11-02');
  });

  it('has the hours of the day, whose sum is the day', async () => {
    await page.getByText('Hours as a table').click();
    const text = await download(page, 'Usage by hour');
    const hours = text
      .trim()
      .split('\r\n')
      .slice(1)
      .map((row) => Number(row.split(',')[1]));
    expect(hours).toHaveLength(24);
    const { dayTotals } = await snapshot();
    expect(hours.reduce((sum, tokens) => sum + tokens, 0)).toBe(dayTotals.get('2026-11-02'));
  });

  it('shows the month as a calendar of hours', async () => {
    const heat = page.locator('table.heat');
    expect(await heat.locator('tbody tr').count()).toBe(30);
    const told = (await heat.locator('tbody td').allTextContents()).map((text) =>
      Number(text.replaceAll(',', '')),
    );
    const { dayTotals } = await snapshot();
    const total = [...dayTotals.values()].reduce((sum, tokens) => sum + tokens, 0);
    expect(told.reduce((sum, tokens) => sum + tokens, 0)).toBe(total);
  });

  it('tells who spends, on which models', async () => {
    const { monthAis, monthModels } = await snapshot();
    for (const [names, title] of [
      [monthAis, 'The month by AI'],
      [monthModels, 'The month by model'],
    ] as const) {
      const rows = section(title).locator('tbody tr');
      const told = await rows.evaluateAll((all) =>
        all.map((row) => [row.children[0]?.textContent, row.children[1]?.textContent]),
      );
      expect(new Map(told as [string, string][])).toEqual(
        new Map([...names].map(([name, tokens]) => [name, asWritten(tokens)])),
      );
    }
  });

  it('tells who holds slots and who was denied', async () => {
    const slots = section('Live slots').locator('tbody tr');
    expect(await slots.locator('th').allTextContents()).toEqual(['guardian', 'imperium']);
    const held = slots.filter({ hasText: 'guardian' });
    await held
      .getByText(/^1 min$/)
      .first()
      .waitFor();
    await held.getByText(/^1 min ago$/).waitFor();
    await held.getByText('1,250 of 3,000').waitFor();
    expect(await held.locator('[data-until]').allTextContents()).toEqual([
      ...[expect.stringMatching(/^\d:\d\d$/), expect.stringMatching(/^\d\d:\d\d$/)],
    ]);
    await section('Live slots').getByText('2 of 4 slots are live; 0 requests wait for one.').waitFor();
    const denials = section(/^Refused$/);
    await denials.getByText('3 requests of 2 AIs in the last 24 hours.').waitFor();
    await denials
      .getByText(/no window admits as much: ask for less/)
      .first()
      .waitFor();
    const happened = section('What happened').locator('tbody tr');
    await happened.filter({ hasText: 'conquest' }).getByText('Lease expired').waitFor();
    await section('Alerts').getByText('Poor spread').waitFor();
  });

  it('goes back to a past month, and forth', async () => {
    await page.getByRole('button', { name: 'Month before' }).click();
    await page.getByRole('heading', { name: 'October 2026' }).waitFor();
    await page.getByText(/^2%, the daily minimum/).waitFor();
    expect(await page.getByText(/^today’s cap in force/).count()).toBe(0);
    const days = section('October 2026').locator('tbody tr');
    expect(await days.count()).toBe(31);
    const names = await section('The month by AI').locator('tbody th').allTextContents();
    expect(names.sort()).toEqual(['conquest', 'guardian', 'imperium', 'sandbox']);
    await page.getByRole('button', { name: 'Month after' }).click();
    await page.getByRole('heading', { name: 'November 2026' }).waitFor();
  });
});

describe('a budget in dollars, of teams', () => {
  it('shows money, and what is kept for a team', async () => {
    const teams = [
      ['ops', { aiIds: ['ops'], guaranteedPercent: 40 }],
      ['web', { aiIds: ['web/*'] }],
    ] as const;
    const money = { unit: 'USD', monthlyLimit: 500_000_000, minReservation: 10_000, maxHourlyPercent: 1 };
    await world.put('dollars', { ...money, cooldownMs: 0, lending: 'NEVER', teams });
    await world.spend('dollars', 'web/a', 'm-1', 1_240_000, 'claude-opus-4');
    await page.goto(`${world.url}/#/budgets/dollars`);
    const rows = section('Teams').locator('tbody tr');
    await rows.getByText('US$1.24 of US$3.50').waitFor();
    const told = await rows.evaluateAll((all) =>
      all.map((row) => [...row.children].map(({ textContent }) => textContent)),
    );
    const none = 'US$0.00';
    const used = ['US$1.24 of US$3.50', 'US$1.24 of US$28.00', 'US$1.24 of US$350.00'];
    const kept = ['US$0.00 of US$3.50', 'US$0.00 of US$28.00', 'US$0.00 of US$350.00'];
    expect(told).toEqual([
      ['ops', '0', ...kept, 'US$1.40', 'US$11.20', none],
      ['web', '0', ...used, none, none, none],
    ]);
  });

  it('heads its columns, and fills its CSV, with the currency', async () => {
    const byAi = section('The month by AI');
    await byAi.getByText('US$1.24').waitFor();
    expect(await byAi.locator('thead th').allTextContents()).toContain('USD');
    const [head, row] = (await download(page, 'The month by AI')).trim().split('\r\n');
    expect([head, row]).toEqual(['AI,USD,Share,Calls,Failed', 'web/a,1.24,100,1,0']);
  });
});

it('writes numbers and dates as the reader does', async () => {
  const german = await browser.page({ locale: 'de-DE' });
  await german.goto(`${world.url}/#/budgets/${BUDGET}`);
  const { windows } = await snapshot();
  const [, day] = windows;
  await german
    .getByText((day?.cap ?? 0).toLocaleString('de-DE'))
    .first()
    .waitFor();
  await german
    .getByText(/^▲ \d,\d+\sMio\. of 1,6\sMio\. · \d+,\d\s%$/)
    .first()
    .waitFor();
  await german.getByRole('heading', { name: 'November 2026' }).waitFor();
  await german.close();
});

describe.each([
  ['light', 1280],
  ['dark', 1280],
  ['light', 390],
  ['dark', 390],
  // As much as a window shows at four times the size.
  ['light', 320],
] as const)('%s, %d pixels wide', (scheme, width) => {
  it.each([
    ['/', 'All budgets as a table'],
    [`/#/budgets/${BUDGET}`, 'Hours as a table'],
    ['/#/budgets/dollars', 'Hours as a table'],
    [`/#/budgets/${BUDGET}/policy`, 'Review the change …'],
    [`/#/budgets/${BUDGET}/ais/guardian`, 'Share of the budget'],
  ])('%s is readable by all', async (address, text) => {
    const own = await browser.page({ width, dark: scheme === 'dark' });
    await own.goto(world.url + address);
    await own.getByText(text).waitFor();
    if (address !== '/') await own.locator(':is(h2, legend):visible').nth(2).waitFor();
    for (const summary of await own.locator('summary:visible').all()) await summary.click();
    expect(await accessibilityProblems(own)).toEqual([]);
    await own.close();
  });
});

it('gave the browser nothing to complain of', () => {
  expect(browser.complaints).toEqual([]);
});

async function download(from: Page, caption: string): Promise<string> {
  const [file] = await Promise.all([
    from.waitForEvent('download'),
    from.getByRole('button', { name: `Download as CSV: ${caption}` }).click(),
  ]);
  return readFile(await file.path(), 'utf8');
}
