import { describe, expect, it } from 'vitest';
import type { WatchUpdate } from '../../src/arbiter/service-port.js';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, leaseOf, recordUnleased, release } from '../support/requests.js';
import { BUDGET, openWorld, ROOMY, type World } from './support/world.js';

async function watch(world: World, replica = 0) {
  const updates: WatchUpdate[] = [];
  const stop = await (world.replicas[replica] ?? world.arbiter).watch(BUDGET, (update) =>
    updates.push(update),
  );
  await world.scheduler.advance(1_500);
  const kinds = () =>
    updates.flatMap(({ events }) => events.map(({ kind }) => kind)).filter((kind) => kind !== 'alert');
  return { updates, stop, kinds };
}

describe('a watcher', () => {
  it.each([
    ['its own replica', 0],
    ['another replica', 1],
  ])('is told once what %s commits', async (_, by) => {
    const world = await openWorld({ replicas: 2, policy: { ...ROOMY, maxConcurrent: 10 } });
    const { kinds } = await watch(world);
    const first = leaseOf(await world.ask(acquire('a', { leaseTtlMs: 60_000 }), by));
    await world.ask(acquire('b', { leaseTtlMs: 3_000 }), by);
    await world.scheduler.advance(1_600);
    await world.ask(release(first), by);
    await world.scheduler.advance(10_000);
    await world.ask({ kind: 'pause', reason: 'lunch' }, by);
    await world.scheduler.advance(5_000);
    expect(kinds().sort()).toEqual(['changed', 'expired', 'granted', 'granted', 'released']);
  });

  it('is told of a short lease of another replica', async () => {
    const world = await openWorld({ replicas: 2 });
    const { kinds } = await watch(world);
    await world.ask(release(leaseOf(await world.ask(acquire('a'), 1))), 1);
    await world.scheduler.advance(5_000);
    expect(kinds()).toEqual(['granted', 'released']);
  });

  it('is told once though a snapshot is taken in the very batch of the grant', async () => {
    const world = await openWorld({ replicas: 2, policy: { ...ROOMY, maxConcurrent: 100 } });
    const { kinds } = await watch(world);
    for (let at = 0; at < 40; at += 1) {
      void world.arbiter.submit(BUDGET, acquire(`a${at}`, { leaseTtlMs: 60_000 }), caller());
      await world.scheduler.advance(250);
    }
    await world.scheduler.advance(3_000);
    expect(kinds()).toHaveLength(40);
  });

  it('sees denials counted by rule, waiters, and what stands where', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxConcurrent: 1 } });
    const { updates } = await watch(world);
    await world.ask(acquire('a'));
    for (let at = 0; at < 3; at += 1) await world.ask(acquire('b'));
    void world.arbiter.acquireWaiting(BUDGET, acquire('c'), 60_000, caller());
    await world.ask(recordUnleased('d', 'u', 9));
    await world.scheduler.advance(2_000);
    const denied = updates.reduce((sum, { denials }) => sum + (denials.get('CONCURRENCY') ?? 0), 0);
    expect(denied).toBe(3);
    const last = updates.at(-1);
    expect(last).toMatchObject({ waiters: 1, stale: false });
    expect(last?.snapshot?.windows[2]?.spent).toBe(9);
  });

  it.each([0, 1])('hears that its budget is deleted, by replica %d, and nothing after that', async (by) => {
    const world = await openWorld({ replicas: 2 });
    const { updates, kinds } = await watch(world);
    await world.ask(acquire('a'));
    await world.ask({ kind: 'delete-budget', force: true }, by);
    await world.scheduler.advance(2_500);
    expect(kinds()).toEqual(by === 0 ? ['granted', 'revoked'] : ['granted']);
    expect(updates.at(-1)).toMatchObject({ gone: true, stale: false, snapshot: undefined });
    expect(updates.filter(({ stale }) => stale)).toEqual([]);
    expect(world.arbiter.counts.watchers).toBe(0);
    const told = updates.length;
    await world.ask({ kind: 'put-policy', fields: ROOMY }, by);
    await world.scheduler.advance(5_000);
    expect(updates).toHaveLength(told);
  });

  it.each([0, 1])(
    'of a budget that begins again, by replica %d, sees no denials of the one before',
    async (by) => {
      const world = await openWorld({ replicas: 2, policy: { ...ROOMY, maxConcurrent: 1 } });
      await world.ask(acquire('a'));
      await world.ask(acquire('b'));
      await world.ask({ kind: 'delete-budget', force: true }, by);
      await world.ask({ kind: 'put-policy', fields: ROOMY }, by);
      const { updates } = await watch(world);
      expect(updates.at(-1)?.deniedRules).toEqual([]);
    },
  );

  it.each(['hangs', 'fails'])('hears at least once a second, with a flag, when the store %s', async (how) => {
    const world = await openWorld({ replicas: 2 });
    const { updates, stop } = await watch(world);
    const gate = new Gate();
    world.store.plan = () =>
      how === 'hangs' ? { kind: 'hold', gate } : { kind: 'fail', failure: 'unavailable' };
    const before = updates.length;
    await world.scheduler.advance(5_000);
    expect(updates.length - before).toBeGreaterThanOrEqual(4);
    expect(updates.at(-1)?.stale).toBe(true);
    world.store.healthy();
    gate.open();
    await world.scheduler.advance(3_000);
    expect(updates.at(-1)?.stale).toBe(false);
    stop();
    const after = updates.length;
    await world.scheduler.advance(5_000);
    expect(updates).toHaveLength(after);
  });
});
