import { describe, expect, it } from 'vitest';
import { getDistribution } from '../../src/arbiter/distribution.js';
import { NOBODY } from '../../src/arbiter/pending.js';
import { listUsage } from '../../src/arbiter/usage-listing.js';
import { monthPage } from '../../src/http/dashboard/month-page.js';
import { acquire, leaseOf, recordUnleased, release } from '../support/requests.js';
import { BUDGET, openWorld, ROOMY, type World } from './support/world.js';

async function at(world: World, moment: string): Promise<void> {
  world.clock.set(moment);
  await world.scheduler.advance(20_000);
}

/** November in Kolkata, December in Berlin. */
async function moved(): Promise<World> {
  const world = await openWorld({ policy: { ...ROOMY, timeZone: 'Asia/Kolkata' } });
  // 23:40 of the tenth in Kolkata, 19:10 in Berlin.
  await at(world, '2026-11-10T18:10:00Z');
  await world.ask(recordUnleased('a', 'november', 10));
  await world.ask({ kind: 'put-policy', fields: { ...ROOMY, timeZone: 'Europe/Berlin' } });
  await at(world, '2026-12-10T12:00:00Z');
  await world.ask(recordUnleased('a', 'december', 20));
  await world.scheduler.advance(20_000);
  return world;
}

describe('a month before the zone was changed', () => {
  it('is kept with its zone in its documents, and so are those that are written after', async () => {
    const world = await moved();
    const zones = new Map((await world.documents()).map(({ day, zone }) => [day, zone]));
    expect(zones.get('2026-11-10')).toBe('Asia/Kolkata');
    expect(zones.get('2026-12-10')).toBe('Europe/Berlin');
  });

  it('keeps the names that its days and hours had', async () => {
    const world = await moved();
    const query = { groupBy: 'HOUR', fromDay: '2026-11-01', pageSize: 9 } as const;
    const listed = await world.scheduler.until(listUsage(world.arbiter, BUDGET, query, NOBODY));
    expect(listed).toMatchObject({ rows: [{ key: '2026-11-10 23:00' }, { key: '2026-12-10 13:00' }] });
    const month = { month: '2026-11', day: '2026-11-10' };
    const answer = await world.scheduler.until(getDistribution(world.arbiter, BUDGET, month, NOBODY));
    expect(answer).toMatchObject({
      stats: {
        timeZone: 'Asia/Kolkata',
        dailyDistribution: { hourlyUsageData: [{ hour: '2026-11-10 23:00', tokens: 10 }] },
      },
    });
    const page = await world.scheduler.until(monthPage(world.arbiter, BUDGET, { month: '2026-11' }));
    expect(page).toMatchObject({
      zone: 'Asia/Kolkata',
      month: { start: Date.parse('2026-10-31T18:30:00Z') },
    });
    expect(await world.scheduler.until(monthPage(world.arbiter, BUDGET, {}))).toMatchObject({
      zone: 'Europe/Berlin',
    });
  });

  it('keeps them through a correction, which brings a day back', async () => {
    const world = await moved();
    const correction = {
      kind: 'adjust',
      adjustmentId: 'x',
      tokens: 5,
      reason: '',
      day: '2026-11-10',
    } as const;
    await world.ask({ ...correction, fingerprint: '' });
    await world.scheduler.advance(20_000);
    const document = (await world.documents()).find(({ day }) => day === '2026-11-10');
    expect(document).toMatchObject({ total: 15, zone: 'Asia/Kolkata' });
  });

  it('follows the present zone where nothing else is known of it', async () => {
    const world = await moved();
    for (const { zone: _, ...document } of await world.documents()) {
      await world.inner.writeDays([{ ...document, revision: document.revision + 1_000_000 }]);
    }
    const answer = await world.scheduler.until(
      getDistribution(world.arbiter, BUDGET, { month: '2026-11' }, NOBODY),
    );
    expect(answer).toMatchObject({ stats: { timeZone: 'Europe/Berlin' } });
  });
});

describe('a budget that begins again within the hour, in a zone where it is another day', () => {
  it('counts what its first slots hold in that day', async () => {
    const policy = {
      ...ROOMY,
      cooldownMs: 0,
      teams: [['ours', { aiIds: ['a'], maxDailyPercent: 50 }]],
    } as const;
    const world = await openWorld({
      policy: { ...policy, timeZone: 'UTC' },
      start: '2026-11-10T12:00:00Z',
    });
    const granted = await world.ask(acquire('a', { estimatedTokens: 10 }));
    await world.ask(release(leaseOf(granted)));
    await world.ask({ kind: 'delete-budget', force: false });
    await world.ask({ kind: 'put-policy', fields: { ...policy, timeZone: 'Pacific/Kiritimati' } });
    await world.ask(acquire('a', { estimatedTokens: 20 }));
    expect((await world.snapshot()).windows.map(({ reserved }) => reserved)).toEqual([20, 20, 20]);
  });
});
