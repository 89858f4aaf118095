import { describe, expect, it } from 'vitest';
import { getDistribution } from '../../src/arbiter/distribution.js';
import type { CallerRequest, UsageQuery } from '../../src/arbiter/service-port.js';
import { listUsage } from '../../src/arbiter/usage-listing.js';
import { monthPage } from '../../src/http/dashboard/month-page.js';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, leaseOf, recordUnleased, usage } from '../support/requests.js';
import { BUDGET, openWorld, ROOMY, settled, type World } from './support/world.js';

const DAY_MS = 86_400_000;

function adjust(id: string, tokens: number, day: string): CallerRequest {
  return { kind: 'adjust', adjustmentId: id, tokens, reason: '', fingerprint: id, day };
}

/** The machine slept until a day later; then it runs for a while. */
async function nextDay(world: World): Promise<void> {
  world.clock.set(world.clock.read().now + DAY_MS);
  await world.scheduler.advance(15_000);
}

async function totals(world: World): Promise<Record<string, number>> {
  return Object.fromEntries((await world.documents()).map(({ day, total }) => [day, total]));
}

describe('usage documents', () => {
  it('are written while the day is open, absolute, by whichever replica', async () => {
    const world = await openWorld({ replicas: 2 });
    await world.ask(recordUnleased('a', 'u1', 10));
    await world.ask(recordUnleased('b', 'u2', 20), 1);
    await world.ask(recordUnleased('a', 'u3', 5));
    await world.scheduler.advance(5_000);
    const [document] = await world.documents();
    expect(document).toMatchObject({ day: '2026-11-10', total: 35 });
    expect(document?.ais).toEqual(
      new Map([
        ['a', 15],
        ['b', 20],
      ]),
    );
  });

  it.each([1, 2])(
    'take a day out of the state when it is over, though nothing happens, %i replicas',
    async (replicas) => {
      const world = await openWorld({ replicas });
      await world.ask(recordUnleased('a', 'u1', 10));
      await world.scheduler.advance(60_000);
      expect((await world.state()).sections.days.size).toBe(1);
      await nextDay(world);
      const { sections, head } = await world.state();
      expect([...sections.days.keys()]).toEqual([]);
      expect(await totals(world)).toEqual({ '2026-11-10': 10 });
      expect((await world.snapshot()).dayTotals.get('2026-11-10')).toBe(10);
      expect(head.wakeAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(world.clock.read().now);
    },
  );

  it('let no day go before its write is confirmed', async () => {
    const world = await openWorld();
    world.store.failing('unknown', 'writeDays');
    await world.ask(recordUnleased('a', 'u1', 10));
    await nextDay(world);
    expect([...(await world.state()).sections.days.keys()]).toEqual(['2026-11-10']);
    world.store.healthy();
    await world.scheduler.advance(10_000);
    expect((await world.state()).sections.days.size).toBe(0);
    expect(await totals(world)).toEqual({ '2026-11-10': 10 });
  });

  it('let no day go that changed while it was written', async () => {
    const world = await openWorld({ start: '2026-11-10T23:59:58Z' });
    const gate = new Gate();
    await world.ask(recordUnleased('a', 'u1', 10));
    world.store.once('writeDays', { kind: 'hold-answer', gate });
    await world.scheduler.advance(60_000);
    await world.ask(adjust('x', 7, '2026-11-10'));
    gate.open();
    await world.scheduler.settle();
    await world.scheduler.advance(20_000);
    expect(await totals(world)).toEqual({ '2026-11-10': 17 });
    expect((await world.state()).sections.days.has('2026-11-10')).toBe(false);
  });

  it('stay open while a live lease or a late release may still change them', async () => {
    const world = await openWorld({ start: '2026-11-10T23:59:00Z' });
    const lease = leaseOf(await world.ask(acquire('a', { leaseTtlMs: 120_000, estimatedTokens: 500 })));
    await world.scheduler.advance(90_000);
    expect((await world.state()).sections.days.has('2026-11-10')).toBe(true);
    await world.scheduler.advance(60_000);
    expect(await world.ask({ kind: 'release', lease })).toMatchObject({ freedTokens: 500 });
    world.clock.set('2026-11-11T01:10:00Z');
    await world.scheduler.advance(20_000);
    expect((await world.state()).sections.days.size).toBe(0);
    expect(await totals(world)).toEqual({ '2026-11-10': 0 });
  });

  it('come back for an adjustment after they left the state, from two replicas at once', async () => {
    const world = await openWorld({ replicas: 2, seed: 3 });
    await world.ask(recordUnleased('a', 'u1', 10));
    await nextDay(world);
    const asked = ['x', 'y', 'x', 'z'].map((id, at) =>
      (world.replicas[at % 2] ?? world.arbiter).submit(BUDGET, adjust(id, 5, '2026-11-10'), caller()),
    );
    const outcomes = await world.scheduler.until(Promise.all(asked));
    for (const outcome of outcomes) expect(outcome.kind).toBe('adjusted');
    await world.scheduler.advance(20_000);
    expect(await totals(world)).toEqual({ '2026-11-10': 25 });
    expect((await world.state()).sections.days.size).toBe(0);
    expect((await world.snapshot()).windows[2]?.spent).toBe(25);
  });

  it('lose nothing when a document was read before another replica changed the day and let it go', async () => {
    const world = await openWorld({ replicas: 2 });
    await world.ask(recordUnleased('a', 'u1', 10));
    await nextDay(world);
    const gate = new Gate();
    world.store.once('readDays', { kind: 'hold-answer', gate });
    const slow = world.arbiter.submit(BUDGET, adjust('x', 5, '2026-11-10'), caller());
    await world.scheduler.settle();
    await world.ask(adjust('y', 7, '2026-11-10'), 1);
    await world.scheduler.advance(4_000);
    expect((await world.state()).sections.days.size).toBe(0);
    gate.open();
    expect(await world.scheduler.until(slow)).toMatchObject({ kind: 'adjusted', dayTotal: 22 });
    await world.scheduler.advance(10_000);
    expect(await totals(world)).toEqual({ '2026-11-10': 22 });
  });

  it('never hold what no commit has carried', async () => {
    const world = await openWorld({ replicas: 2 });
    await world.ask(acquire('a', { estimatedTokens: 500, leaseTtlMs: 600_000 }));
    await world.scheduler.advance(10_000);
    // Deleting presumes what is reserved; the deletion is refused, and the recreation in its batch must not write it out.
    world.store.plan = ({ method }) =>
      method === 'commit' ? { kind: 'fail', failure: 'unavailable' } : undefined;
    const ask = (request: CallerRequest) => settled(world.arbiter.submit(BUDGET, request, caller()));
    const asked = [
      ask({ kind: 'delete-budget', force: true }),
      ask({ kind: 'put-policy', fields: { monthlyLimit: 9_000 } }),
    ];
    await world.scheduler.until(Promise.all(asked), 10_000);
    await world.scheduler.advance(5_000);
    for (const { total } of await world.documents()) expect(total).toBe(0);
  });

  it('survive that the clock is set back over a month boundary', async () => {
    const world = await openWorld({ start: '2026-11-29T10:00:00Z' });
    await world.ask(recordUnleased('a', 'u1', 10));
    await nextDay(world);
    await world.ask(recordUnleased('a', 'u2', 20));
    await world.scheduler.advance(5_000);
    world.clock.set('2026-12-20T10:00:00Z');
    await world.ask(recordUnleased('a', 'u3', 3));
    await world.scheduler.advance(20_000);
    world.clock.set('2026-11-30T11:00:00Z');
    expect(await world.ask({ kind: 'reset-clock' })).toMatchObject({ kind: 'clock-reset' });
    await world.ask(recordUnleased('a', 'u4', 4));
    await world.scheduler.advance(20_000);
    const { windows, dayTotals, month } = await world.snapshot();
    expect(month.key).toBe('2026-11');
    expect(windows[2]?.spent).toBe(34);
    expect(Object.fromEntries(dayTotals)).toMatchObject({ '2026-11-29': 10, '2026-11-30': 24 });
    expect(await totals(world)).toMatchObject({ '2026-11-30': 24, '2026-12-20': 3 });
  });

  it('survive deletion and immediate recreation, each in its own epoch', async () => {
    const world = await openWorld({ replicas: 2 });
    await world.ask(recordUnleased('a', 'u1', 10));
    world.store.failing('unavailable', 'writeDays');
    await world.ask({ kind: 'delete-budget', force: true });
    const recreated = world.arbiter.submit(BUDGET, { kind: 'put-policy', fields: ROOMY }, caller());
    await world.scheduler.advance(1_000);
    world.store.healthy();
    expect(await world.scheduler.until(recreated)).toMatchObject({ kind: 'budget' });
    await world.ask(recordUnleased('a', 'u1', 4));
    await world.scheduler.advance(10_000);
    expect(
      (await world.inner.readDays(BUDGET, 1, '2026-01-01', '2027-01-01')).map(({ total }) => total),
    ).toEqual([10]);
    expect(
      (await world.inner.readDays(BUDGET, 2, '2026-01-01', '2027-01-01')).map(({ total }) => total),
    ).toEqual([4]);
    expect((await world.snapshot(1)).windows[2]?.spent).toBe(4);
  });
});

describe('statistics', () => {
  async function twoMonths(): Promise<World> {
    const world = await openWorld({ replicas: 2, start: '2026-10-29T22:00:00Z' });
    for (let day = 0; day < 6; day += 1) {
      const report = usage(`u-${day}`, 100 + day, 'm', { calls: day, failed: day % 3 === 0 });
      await world.ask({ kind: 'record-unleased', aiId: `ai-${day % 2}`, usage: report }, day % 2);
      await nextDay(world);
    }
    await world.ask(adjust('x', 50, '2026-10-30'));
    await world.ask(adjust('y', -1, '2026-11-01'));
    await world.scheduler.advance(10_000);
    return world;
  }

  it('of a month are the sum of its usage documents, now and later', async () => {
    const world = await twoMonths();
    for (const month of ['2026-10', '2026-11']) {
      const documents = (await world.documents()).filter(({ day }) => day.startsWith(month));
      const result = await world.scheduler.until(getDistribution(world.arbiter, BUDGET, { month }, caller()));
      if (!('stats' in result)) throw new Error(JSON.stringify(result));
      const sum = documents.reduce((total, document) => total + document.total, 0);
      expect(sum).toBeGreaterThan(0);
      expect(JSON.stringify(result.stats)).toContain(String(sum));
      const calls = documents.reduce((total, document) => total + (document.calls ?? 0), 0);
      expect(calls).toBeGreaterThan(0);
      const { byAi, byModel, monthlyDistribution } = result.stats;
      const parts = [byAi, byModel, monthlyDistribution.dailyUsageData];
      const page = await world.scheduler.until(monthPage(world.arbiter, BUDGET, { month }));
      if (!('figures' in page)) throw new Error(JSON.stringify(page));
      for (const part of [[result.stats], ...parts, [page.figures], page.days, page.ais, page.models])
        expect(part.reduce((total, each) => total + each.calls, 0)).toBe(calls);
    }
  });

  it('list usage in pages that together are the whole', async () => {
    const world = await twoMonths();
    await world.ask({ kind: 'record-unleased', aiId: 'failing', usage: usage('none', 0, 'n') });
    await nextDay(world);
    const teams = [['some', { aiIds: ['*g'] }]] as const;
    await world.ask({ kind: 'put-policy', fields: { teams }, updateMask: ['teams'] });
    const several = { groupBy: 'DAY', by: ['DAY', 'AI', 'MODEL', 'TEAM'] } as const;
    const queries: Pick<UsageQuery, 'groupBy' | 'by' | 'orderBy' | 'descending'>[] = [
      ...(['DAY', 'HOUR', 'AI', 'MODEL', 'TEAM'] as const).map((groupBy) => ({ groupBy })),
      ...[several, { ...several, descending: true }],
      ...[true, false].flatMap((descending) =>
        (['TOKENS', 'CALLS'] as const).map((orderBy) => ({ ...several, orderBy, descending })),
      ),
    ];
    for (const asked of queries) {
      const { groupBy } = asked;
      const range = { ...asked, fromDay: '2026-10-01', toDay: '2026-11-30' };
      const all = await world.scheduler.until(
        listUsage(world.arbiter, BUDGET, { ...range, pageSize: 1_000 }, caller()),
      );
      if (!('rows' in all)) throw new Error(JSON.stringify(all));
      const paged = [];
      for (let afterKey: string | undefined; ; ) {
        const query = { ...range, pageSize: 2, ...(afterKey === undefined ? {} : { afterKey }) };
        const page = await world.scheduler.until(listUsage(world.arbiter, BUDGET, query, caller()));
        if (!('rows' in page)) throw new Error(JSON.stringify(page));
        paged.push(...page.rows);
        if (page.nextKey === undefined) break;
        afterKey = page.nextKey;
      }
      expect(paged).toEqual(all.rows);
      expect(all).toMatchObject({ totalTokens: 615 + 49, budgetTokens: 615 + 49 });
      expect(new Set(paged.map(({ key }) => key)).size, groupBy).toBe(paged.length);
      expect(paged.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(615 + 49);
      const sums = [
        paged.reduce((sum, { calls }) => sum + calls, 0),
        paged.reduce((sum, { failedCalls }) => sum + failedCalls, 0),
      ];
      expect(sums, groupBy).toEqual(groupBy === 'HOUR' ? [0, 0] : [0 + 1 + 2 + 3 + 4 + 5 + 1, 0 + 3]);
    }
  });
});
