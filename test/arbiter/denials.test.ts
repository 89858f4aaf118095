import { describe, expect, it } from 'vitest';
import type { DenialQuery, Denials } from '../../src/arbiter/service-port.js';
import { caller } from '../support/caller.js';
import { acquire, leaseOf } from '../support/requests.js';
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
