import { describe, expect, it } from 'vitest';
import { getDistribution } from '../../src/arbiter/distribution.js';
import type { DenialQuery, Denials } from '../../src/arbiter/service-port.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf, recordUnleased } from '../support/requests.js';
import { BUDGET, ONE_SLOT, openWorld, ROOMY, type World } from './support/world.js';

const HOUR = Date.parse('2026-11-10T09:00:00Z');

async function denials(world: World, query: DenialQuery = {}): Promise<Denials> {
  const found = await world.scheduler.until(world.arbiter.denials(BUDGET, query, caller()));
  if (found.kind !== 'denials') throw new Error(JSON.stringify(found));
  return found;
}

const brief = ({ rows }: Denials) =>
  rows.map(({ aiId, rule, denied, wouldDeny }) => [aiId, rule, denied, wouldDeny]);

describe('denials are kept', () => {
  it('at once, with the figures of the last of each rule', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.ask(acquire('b'));
    const found = await denials(world);
    expect(brief(found)).toEqual([['b', 'CONCURRENCY', 2, 0]]);
    expect(found).toMatchObject({ denied: 2, wouldDeny: 0, rows: [{ start: HOUR, end: HOUR + 3_600_000 }] });
    expect(found.rules[0]?.last).toMatchObject({
      aiId: 'b',
      blocker: { rule: 'CONCURRENCY', limit: 1, spent: 1 },
    });
    expect(world.arbiter.counts.commits).toBe(2);
  });

  it('of one who waits, once, when it stops waiting in vain', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    const waited = world.arbiter.acquireWaiting(BUDGET, acquire('b'), 3_000, caller());
    await world.scheduler.advance(1_000);
    expect(brief(await denials(world))).toEqual([]);
    expect(await world.scheduler.until(waited)).toMatchObject({ kind: 'denied' });
    expect(brief(await denials(world))).toEqual([['b', 'CONCURRENCY', 1, 0]]);
  });

  it('of one who need not wait, since time alone helps', async () => {
    const world = await openWorld({ policy: { ...ROOMY, cooldownMs: 60_000 } });
    await world.ask(acquire('a'));
    const waited = world.arbiter.acquireWaiting(BUDGET, acquire('a'), 3_000, caller());
    expect(await world.scheduler.until(waited)).toMatchObject({ kind: 'denied' });
    expect(brief(await denials(world))).toEqual([['a', 'COOLDOWN', 1, 0]]);
  });

  it('apart in mode OBSERVE, where they would have been', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, mode: 'OBSERVE' } });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    expect(brief(await denials(world))).toEqual([['b', 'CONCURRENCY', 0, 1]]);
  });

  it('and not of a raise that is refused: its lease goes on', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxRequestTokens: 2_000 } });
    const lease = leaseOf(await world.ask(acquire('a')));
    const renewed = await world.ask({ kind: 'renew', lease, reserveTokens: 3_000 });
    expect(renewed).toMatchObject({ kind: 'renewed', raiseDenied: {} });
    expect(brief(await denials(world))).toEqual([]);
  });

  it('of the budget as it is now, none of the one before', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.ask({ kind: 'delete-budget', force: true });
    await world.ask({ kind: 'put-policy', fields: ROOMY });
    expect(brief(await denials(world))).toEqual([]);
  });
});

describe('denials are asked for', () => {
  it('by hours, each whole', async () => {
    const world = await openWorld({
      policy: { ...ONE_SLOT, leaseTtlMs: 24 * 3_600_000, maxLeaseDurationMs: 24 * 3_600_000 },
    });
    await world.ask(acquire('a'));
    await world.ask(acquire('b'));
    await world.scheduler.advance(3_600_000);
    await world.ask(acquire('b'));
    const starts = async (query: DenialQuery) =>
      (await denials(world, query)).rows.map(({ start }) => start - HOUR);
    expect(await starts({})).toEqual([3_600_000, 0]);
    expect(await starts({ from: HOUR + 3_599_999 })).toEqual([3_600_000, 0]);
    expect(await starts({ from: HOUR + 3_600_000 })).toEqual([3_600_000]);
    expect(await starts({ from: HOUR, to: HOUR + 3_600_000 })).toEqual([0]);
    expect(await starts({ from: HOUR, to: HOUR + 3_600_001 })).toEqual([3_600_000, 0]);
  });

  it.each([
    ['a beginning that is to come', { from: HOUR + 7_200_000 }],
    ['a beginning more than 7 days ago, without an end', { from: HOUR - 7 * 86_400_000 }],
  ])('but not of %s', async (_name, query) => {
    const world = await openWorld();
    const refused = await world.scheduler.until(world.arbiter.denials(BUDGET, query, caller()));
    expect(refused).toMatchObject({ refusal: { reason: 'INVALID_FIELD', violations: [{ field: 'from' }] } });
  });

  it('and not of a budget that is not there', async () => {
    const world = await openWorld();
    const refused = await world.scheduler.until(world.arbiter.denials('nobody', {}, caller()));
    expect(refused).toMatchObject({ refusal: { reason: 'BUDGET_NOT_FOUND' } });
  });
});

describe('the headline', () => {
  const now = async (world: World) => {
    const found = await world.scheduler.until(getDistribution(world.arbiter, BUDGET, {}, caller()));
    return 'stats' in found ? found.stats.headline : undefined;
  };

  it('is the same in statistics and to watchers, and follows what happens', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxHourlyPercent: 0.002 } });
    const told: (string | undefined)[] = [];
    await world.arbiter.watch(BUDGET, ({ headline }) => told.push(headline?.text));
    await world.scheduler.advance(1_000);
    expect(told.at(-1)).toBe('OK: nobody is refused');
    await world.ask(recordUnleased('a', 'u', 1_000));
    await world.ask(acquire('b', { estimatedTokens: 1_000 }));
    await world.scheduler.advance(1_000);
    const text = "Refusing: the hour's cap leaves too little until 10:00; 1 AI, 1 denial a minute";
    expect(await now(world)).toMatchObject({ status: 'REFUSING', text, rule: 'HOURLY_CAP', ais: 1 });
    expect(told.at(-1)).toBe(text);
    await world.scheduler.advance(3_600_000);
    expect([(await now(world))?.status, told.at(-1)]).toEqual(['OK', 'OK: nobody is refused']);
  });

  it('says that the store is away, and what was last known', async () => {
    const world = await openWorld({ replicas: 2 });
    let told: string | undefined;
    await world.arbiter.watch(BUDGET, ({ headline }) => {
      told = headline?.text;
    });
    await world.scheduler.advance(1_000);
    world.store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
    await world.scheduler.advance(3_000);
    expect(told).toBe('The store does not answer. Last known: OK: nobody is refused');
  });

  it('has none of a past month', async () => {
    const world = await openWorld();
    const found = await world.scheduler.until(
      getDistribution(world.arbiter, BUDGET, { month: '2026-10' }, caller()),
    );
    expect(found).not.toHaveProperty('stats.headline');
  });
});
