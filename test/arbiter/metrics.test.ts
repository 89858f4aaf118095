import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../src/domain/model/policy.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, record, recordUnleased, release, usage } from '../support/requests.js';
import { overCaps } from '../support/top-ups.js';
import { openMetricsWorld } from './support/metrics-page.js';
import { BUDGET, ROOMY } from './support/world.js';

const OWN = `{budget="${BUDGET}"}`;

/** Of a page, the series with these names. */
function of(page: ReadonlyMap<string, number>, ...names: string[]): Record<string, number | undefined> {
  return Object.fromEntries(names.map((name) => [name, page.get(`${name}${OWN}`)]));
}

describe('counters', () => {
  it('count what became durable, once, and replays apart', async () => {
    const world = await openMetricsWorld();
    const first = acquire('guardian', { requestId: 'r', requestIdMade: false, estimatedTokens: 100 });
    const lease = leaseOf(await world.ask(first));
    await world.ask(first);
    await world.ask({ kind: 'renew', lease });
    await world.ask(record(lease, 'u-1', 60));
    await world.ask(record(lease, 'u-1', 60));
    await world.ask(record(lease, 'u-2', 70));
    const failed = usage('u-3', 5, 'm', { calls: 4, failed: true });
    await world.ask({ kind: 'record-unleased', aiId: 'sandbox', usage: failed });
    await world.ask(release(lease, usage('u-4', 7)));
    await world.ask(release(lease, usage('u-4', 7)));
    const page = await world.scrape();
    const totals = ['grants_total', 'renewals_total', 'releases_total', 'replays_total', 'used_tokens_total'];
    expect(of(page, ...totals, 'overrun_tokens_total', 'late_tokens_total')).toEqual({
      grants_total: 1,
      renewals_total: 1,
      releases_total: 1,
      replays_total: 3,
      used_tokens_total: 142,
      overrun_tokens_total: 37,
      late_tokens_total: 0,
    });
    const calls = (outcome: string) => page.get(`calls_total{budget="${BUDGET}",outcome="${outcome}"}`);
    expect([calls('ok'), calls('failed')]).toEqual([3, 4]);
    expect(page.get('commit_duration_seconds_count')).toBeGreaterThanOrEqual(5);
    expect(page.get('batch_requests_sum')).toBeGreaterThanOrEqual(10);
  });

  it('count an expiry with what is presumed of it, and what is reported late', async () => {
    const world = await openMetricsWorld();
    const lease = leaseOf(await world.ask(acquire('guardian', { estimatedTokens: 100 })));
    await world.scheduler.advance(130_000);
    await world.ask(record(lease, 'u', 30));
    const page = await world.scrape();
    expect(
      of(page, 'expiries_total', 'presumed_tokens_total', 'late_tokens_total', 'used_tokens_total'),
    ).toEqual({
      expiries_total: 1,
      presumed_tokens_total: 100,
      late_tokens_total: 30,
      used_tokens_total: 30,
    });
    expect(page.get(`day_presumed_tokens${OWN}`)).toBe(70);
    expect(page.get(`alerts_total{budget="${BUDGET}",rule="LEASE_EXPIRED"}`)).toBe(1);
  });

  it('count a denial for each rule that refuses; one that waits, when it is answered', async () => {
    const world = await openMetricsWorld({}, { policy: { ...ROOMY, maxConcurrent: 1, cooldownMs: 60_000 } });
    leaseOf(await world.ask(acquire('guardian')));
    await world.ask(acquire('guardian'));
    const waiting = world.arbiter.acquireWaiting(BUDGET, acquire('sandbox'), 5_000, caller());
    await world.scheduler.advance(1_000);
    const before = await world.scrape();
    expect(before.get(`waiters${OWN}`)).toBe(1);
    expect(before.get(`denied_requests_total${OWN}`)).toBe(1);
    await world.scheduler.until(waiting);
    const page = await world.scrape();
    expect(of(page, 'denied_requests_total', 'waiters')).toEqual({ denied_requests_total: 2, waiters: 0 });
    const rule = (name: string) => page.get(`denials_total{budget="${BUDGET}",rule="${name}"}`);
    expect([rule('COOLDOWN'), rule('CONCURRENCY'), rule('PAUSED')]).toEqual([1, 2, 0]);
  });

  it('count in mode OBSERVE what would have been denied', async () => {
    const world = await openMetricsWorld({}, { policy: { ...ROOMY, maxConcurrent: 1, mode: 'OBSERVE' } });
    await world.ask(acquire('guardian'));
    await world.ask(acquire('sandbox'));
    const page = await world.scrape();
    expect(page.get(`observed_denials_total{budget="${BUDGET}",rule="CONCURRENCY"}`)).toBe(1);
    expect(of(page, 'grants_total', 'denied_requests_total')).toEqual({
      grants_total: 2,
      denied_requests_total: 0,
    });
  });

  it('count lost races and unknown outcomes', async () => {
    const world = await openMetricsWorld({}, { replicas: 2 });
    await world.ask(acquire('guardian'), 0);
    await world.ask(recordUnleased('other', 'u', 1), 1);
    await world.ask(recordUnleased('other', 'v', 1), 0);
    world.store.once('commit', { kind: 'lose-answer' });
    await world.ask(recordUnleased('other', 'w', 1), 0);
    const page = await world.scrape();
    expect(page.get(`lost_races_total${OWN}`)).toBeGreaterThanOrEqual(1);
    expect(page.get(`unknown_outcomes_total${OWN}`)).toBe(1);
  });
});

describe('series by AI', () => {
  it('are not there unless they are configured', async () => {
    const world = await openMetricsWorld();
    await world.ask(acquire('guardian'));
    expect([...(await world.scrape()).keys()].filter((series) => series.includes('ai='))).toEqual([]);
  });

  it('are of the named AIs; the rest is counted together', async () => {
    const world = await openMetricsWorld(
      { aiLabels: ['guardian'] },
      { policy: { ...ROOMY, maxConcurrent: 3, cooldownMs: 60_000 } },
    );
    const lease = leaseOf(await world.ask(acquire('guardian')));
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.ask(acquire('b'));
    await world.ask(record(lease, 'u', 10));
    await world.ask(release(lease, usage('v', 5)));
    await world.ask(recordUnleased('b', 'w', 3));
    const page = await world.scrape();
    const byAi = (name: string, ai: string) => page.get(`${name}{budget="${BUDGET}",ai="${ai}"}`);
    expect(['guardian', '(other)'].map((ai) => byAi('ai_grants_total', ai))).toEqual([1, 2]);
    expect(['guardian', '(other)'].map((ai) => byAi('ai_used_tokens_total', ai))).toEqual([15, 3]);
    expect(['guardian', '(other)'].map((ai) => byAi('ai_calls_total', ai))).toEqual([2, 1]);
    expect(['guardian', '(other)'].map((ai) => byAi('ai_denied_requests_total', ai))).toEqual([0, 1]);
  });
});

describe('gauges', () => {
  it('say where the budget stands in each window', async () => {
    const policy: PolicyFields = { pacing: 'NONE' };
    const world = await openMetricsWorld({}, { policy });
    const lease = leaseOf(await world.ask(acquire('guardian', { estimatedTokens: 300 })));
    await world.ask(record(lease, 'u', 120));
    const page = await world.scrape();
    const at = (name: string, window: string) => page.get(`${name}{budget="${BUDGET}",window="${window}"}`);
    expect(['hour', 'day', 'month'].map((window) => at('window_cap_tokens', window))).toEqual([
      700, 11_200, 140_000,
    ]);
    expect([at('window_spent_tokens', 'hour'), at('window_reserved_tokens', 'hour')]).toEqual([120, 180]);
    expect(at('window_left_tokens', 'hour')).toBe(400);
    expect(at('window_start_timestamp_seconds', 'month')).toBe(Date.parse('2026-11-01T00:00:00Z') / 1_000);
    expect(at('window_end_timestamp_seconds', 'hour')).toBe(Date.parse('2026-11-10T10:00:00Z') / 1_000);
    expect(of(page, 'live_slots', 'slot_limit', 'paused', 'daily_minimum_tokens')).toEqual({
      live_slots: 1,
      slot_limit: 2,
      paused: 0,
      daily_minimum_tokens: 2_800,
    });
    expect(page.get(`projected_month_tokens${OWN}`)).toBeGreaterThan(120);
    expect(page.has(`exhaustion_timestamp_seconds${OWN}`)).toBe(false);
    expect(page.get('clock_skew_seconds')).toBe(1.5);
    expect(page.get('build_info{version="1.2.3",store="memory"}')).toBe(1);
  });

  it('say where each team stands, with what is kept for it, its top-ups and its calls', async () => {
    const teams: PolicyFields['teams'] = [
      ['ops', { aiIds: ['ops'], guaranteedPercent: 40 }],
      ['web', { aiIds: ['web/*'], maxHourlyPercent: 50 }],
    ];
    const policy = { ...ROOMY, monthlyLimit: 100_000, enforcedPercent: 100, maxHourlyPercent: 1, teams };
    const world = await openMetricsWorld({}, { policy });
    const extra = overCaps('extra', 5_000, (await world.snapshot()).now + 3_600_000, { teamId: 'web' });
    await world.ask(extra);
    await world.ask(record(leaseOf(await world.ask(acquire('web/a', { estimatedTokens: 2_000 }))), 'u', 300));
    await world.ask(acquire('web/b', { estimatedTokens: 100 }));
    const failed = usage('f', 0, 'm', { calls: 2, failed: true });
    await world.ask({ kind: 'record-unleased', aiId: 'ops', usage: failed });
    const page = await world.scrape();
    const told = (name: string, team: string, more = ',window="hour"') =>
      page.get(`team_${name}{budget="${BUDGET}",team="${team}"${more}}`);
    const windows = ['cap_tokens', 'spent_tokens', 'reserved_tokens', 'topped_tokens', 'kept_tokens'];
    expect(windows.map((name) => told(name, 'web'))).toEqual([500, 0, 100, 300, 0]);
    expect(windows.map((name) => told(name, 'ops'))).toEqual([1_000, 0, 0, 0, 400]);
    expect(told('live_slots', 'web', '')).toBe(2);
    const calls = ['web', 'ops'].flatMap((team) =>
      [',outcome="ok"', ',outcome="failed"'].map((of) => told('calls', team, of)),
    );
    expect(calls).toEqual([1, 0, 0, 2]);
  });

  it('show which alerts hold, and that a budget is paused', async () => {
    const world = await openMetricsWorld({}, { policy: { ...ROOMY, monthlyLimit: 1_000 } });
    await world.ask(recordUnleased('a', 'u', 600));
    await world.ask({ kind: 'pause', reason: 'incident' });
    const page = await world.scrape();
    expect(page.get(`alert_active{budget="${BUDGET}",rule="WARNING"}`)).toBe(1);
    expect(page.has(`alert_active{budget="${BUDGET}",rule="EMERGENCY"}`)).toBe(false);
    expect(page.get(`paused${OWN}`)).toBe(1);
    expect(page.get(`headline{budget="${BUDGET}",status="paused"}`)).toBe(1);
    expect(page.get(`headline{budget="${BUDGET}",status="ok"}`)).toBe(0);
    expect(page.get(`exhaustion_timestamp_seconds${OWN}`)).toBeGreaterThan(0);
  });

  it('leave out what the store does not tell, and say so; counters stay', async () => {
    const world = await openMetricsWorld({}, { replicas: 2 });
    await world.ask(acquire('guardian'));
    await world.scrape();
    world.store.failing('unavailable');
    const page = await world.scrape();
    expect(page.has(`live_slots${OWN}`)).toBe(false);
    expect(page.get('scrape_missing_budgets')).toBe(1);
    expect(page.get(`grants_total${OWN}`)).toBe(1);
  });
});

describe('names of budgets', () => {
  it('are bounded; the rest is counted together, and a deleted budget makes room', async () => {
    const world = await openMetricsWorld({ maxBudgets: 2 });
    const put = (budgetId: string) =>
      world.scheduler.until(world.arbiter.submit(budgetId, { kind: 'put-policy', fields: ROOMY }, caller()));
    const spend = (budgetId: string) =>
      world.scheduler.until(world.arbiter.submit(budgetId, recordUnleased('a', 'u', 5), caller()));
    for (const budgetId of ['b', 'c']) {
      await put(budgetId);
      await spend(budgetId);
    }
    const full = await world.scrape();
    expect(full.get('used_tokens_total{budget="b"}')).toBe(5);
    expect(full.get('used_tokens_total{budget="(other)"}')).toBe(5);
    expect(full.has('live_slots{budget="c"}')).toBe(false);
    expect(full.get('budget_labels_exhausted')).toBe(1);
    await world.scheduler.until(world.arbiter.submit('b', { kind: 'delete-budget', force: true }, caller()));
    await world.scrape();
    const after = await world.scrape();
    expect(after.has('used_tokens_total{budget="b"}')).toBe(false);
    expect(after.get('live_slots{budget="c"}')).toBe(0);
    expect(after.get('budget_labels_exhausted')).toBe(0);
  });

  it('are not given to budgets that never were', async () => {
    const world = await openMetricsWorld({ maxBudgets: 1 });
    await world.scheduler.until(world.arbiter.submit('nobody', acquire('a'), caller()));
    expect([...(await world.scrape()).keys()].some((series) => series.includes('nobody'))).toBe(false);
  });
});
