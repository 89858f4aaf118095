import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, leaseOf, recordUnleased, release } from '../support/requests.js';
import { BUDGET, ONE_SLOT, openWorld, settled } from './support/world.js';

describe('expiry', () => {
  it('frees a slot by itself, and is announced only after its commit', async () => {
    const world = await openWorld();
    await world.ask(acquire('a', { leaseTtlMs: 5_000 }));
    const expired = () => world.log.entries.filter(({ message }) => message === 'lease expired');
    await world.scheduler.advance(4_990);
    const commit = new Gate();
    world.store.once('commit', { kind: 'hold', gate: commit });
    await world.scheduler.advance(500);
    expect(expired()).toHaveLength(0);
    commit.open();
    await world.scheduler.advance(10);
    expect(expired()).toHaveLength(1);
    expect((await world.state()).sections.leases.size).toBe(0);
  });

  it('is announced once by several replicas', async () => {
    const world = await openWorld({ replicas: 3 });
    await world.ask(acquire('a', { leaseTtlMs: 5_000 }));
    await world.snapshot(1);
    await world.snapshot(2);
    await world.scheduler.advance(10_000);
    expect(world.log.entries.filter(({ message }) => message === 'lease expired')).toHaveLength(1);
  });

  it('of a budget whose replica died is found by another', async () => {
    const world = await openWorld({ replicas: 2 });
    await world.ask(acquire('a', { leaseTtlMs: 5_000 }));
    world.store.failing('unavailable');
    await world.scheduler.advance(9_000);
    expect((await world.state()).sections.leases.size).toBe(0);
  });
});

describe('a store that is down', () => {
  it('is said to callers at once, logged once, and recovered from by itself', async () => {
    const world = await openWorld();
    await world.ask(acquire('a', { leaseTtlMs: 5_000 }));
    world.store.failing('unavailable');
    for (let at = 0; at < 3; at += 1) {
      const result = await world.scheduler.until(
        settled(world.arbiter.submit(BUDGET, acquire('b'), caller())),
        100,
      );
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { failure: 'STORE_UNAVAILABLE', retryAfterMs: 1_000 },
      });
      await world.scheduler.advance(4_000);
    }
    const said = (message: string) => world.log.entries.filter((entry) => entry.message === message);
    expect(said('the store does not answer')).toHaveLength(1);
    world.store.healthy();
    await world.scheduler.advance(3_000);
    expect(said('the store answers again')).toHaveLength(1);
    expect((await world.state()).sections.leases.size).toBe(0);
  });

  it.each(['load', 'version', 'commit', 'findReceipts', 'writeDays', 'due'] as const)(
    'answers callers within their time though %s hangs, and serves on afterwards',
    async (method) => {
      const world = await openWorld({ replicas: 2 });
      await world.ask(recordUnleased('a', 'first', 1), 1);
      const gate = new Gate();
      world.store.plan = (call) => (call.method === method ? { kind: 'hold', gate } : undefined);
      const asked = ['x', 'y'].map((id) =>
        settled(world.arbiter.submit(BUDGET, recordUnleased('a', id, 1), caller())),
      );
      asked.push(settled(world.arbiter.submit(BUDGET, { kind: 'get-snapshot' }, caller()) as never));
      await world.scheduler.until(Promise.all(asked), 8_000);
      world.store.healthy();
      gate.open();
      for (const id of ['x', 'y'])
        expect(await world.ask(recordUnleased('a', id, 1))).toMatchObject({ kind: 'recorded' });
      expect((await world.snapshot(1)).windows[2]?.spent).toBe(3);
    },
  );

  it('does not make timers spin', async () => {
    const world = await openWorld({ replicas: 2, policy: ONE_SLOT });
    await world.ask(acquire('a', { leaseTtlMs: 3_600_000 }));
    void settled(world.arbiter.acquireWaiting(BUDGET, acquire('b'), 600_000, caller()));
    world.clock.distrust('tested');
    for (const failing of [false, true]) {
      if (failing) for (const store of world.stores) store.failing('unavailable');
      const before = world.scheduler.ran;
      await world.scheduler.advance(60_000);
      // Both replicas tick once a second, and one looks for a slot four times a second.
      expect(world.scheduler.ran - before).toBeLessThan(60 * 20);
    }
  });
});

describe('bounds', () => {
  it('refuse requests, waiters and watchers at once', async () => {
    const bounds = { queued: 5, waitersPerBudget: 2, watchersPerBudget: 2 };
    const world = await openWorld({ bounds, policy: ONE_SLOT });
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold', gate });
    const asked = Array.from({ length: 9 }, (_, at) =>
      settled(world.arbiter.submit(BUDGET, recordUnleased('a', `u${at}`, 1), caller())),
    );
    await world.scheduler.settle();
    gate.open();
    const results = await world.scheduler.until(Promise.all(asked));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    for (const result of results.slice(5))
      expect(result).toMatchObject({ reason: { failure: 'QUEUE_FULL' } });

    await world.ask(acquire('a'));
    const waiting = Array.from({ length: 3 }, (_, at) =>
      settled(world.arbiter.acquireWaiting(BUDGET, acquire(`w${at}`), 1_000, caller())),
    );
    await world.scheduler.settle();
    expect(world.arbiter.counts.waiters).toBe(2);
    const outcomes = await world.scheduler.until(Promise.all(waiting));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);

    const stops = [await world.arbiter.watch(BUDGET, () => {}), await world.arbiter.watch(BUDGET, () => {})];
    await expect(world.arbiter.watch(BUDGET, () => {})).rejects.toMatchObject({ failure: 'QUEUE_FULL' });
    stops[0]?.();
    stops[0]?.();
    stops.push(await world.arbiter.watch(BUDGET, () => {}));
    for (const stop of stops) stop();
    expect(world.arbiter.counts.watchers).toBe(0);
  });

  it('budgets that nobody uses leave the memory, and come back as they were', async () => {
    const world = await openWorld({ replicas: 2 });
    const lease = leaseOf(await world.ask(acquire('a', { leaseTtlMs: 3_000_000 })));
    await world.ask(recordUnleased('a', 'u', 5));
    for (let at = 0; at < 50; at += 1) {
      await world.scheduler.until(world.arbiter.submit(`no-${at}`, { kind: 'get-snapshot' }, caller()));
    }
    await world.scheduler.advance(2_000);
    expect(world.arbiter.size).toBe(1);
    await world.scheduler.advance(70_000);
    expect(world.arbiter.size).toBe(0);
    expect(await world.ask(release(lease))).toMatchObject({ kind: 'released', replayed: false });
    expect((await world.snapshot()).windows[2]?.spent).toBe(5);
  });
});

describe('shut-down', () => {
  it('answers what is under way, sends waiters away, and writes everything out', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = settled(world.arbiter.acquireWaiting(BUDGET, acquire('b'), 60_000, caller()));
    await world.scheduler.settle();
    world.store.once('commit', { kind: 'lose-answer' });
    const asked = world.arbiter.submit(BUDGET, recordUnleased('a', 'u', 5), caller());
    const released = world.arbiter.submit(BUDGET, release(lease), caller());
    world.arbiter.refuseNew();
    await world.scheduler.until(world.arbiter.stop(), 9_000);
    expect(await asked).toMatchObject({ kind: 'recorded' });
    expect(await released).toMatchObject({ kind: 'released' });
    expect(await waiter).toMatchObject({ status: 'rejected', reason: { failure: 'SHUTTING_DOWN' } });
    expect((await world.documents()).map(({ total }) => total)).toEqual([5]);
    const { outbox } = (await world.state()).sections;
    const written = await world.inner.findReceipts(BUDGET, [...outbox.keys()]);
    expect([...written.keys()].sort()).toEqual([...outbox.keys()].sort());
    const late = await settled(world.arbiter.submit(BUDGET, acquire('c'), caller()));
    expect(late).toMatchObject({ reason: { failure: 'SHUTTING_DOWN' } });
  });

  it.each(['hangs', 'fails'])('ends in time though the store %s', async (how) => {
    const world = await openWorld({ replicas: 2 });
    await world.ask(recordUnleased('a', 'u', 5));
    const gate = new Gate();
    world.store.plan = () =>
      how === 'hangs' ? { kind: 'hold', gate } : { kind: 'fail', failure: 'unknown' };
    const asked = settled(world.arbiter.submit(BUDGET, recordUnleased('a', 'v', 5), caller()));
    await world.scheduler.settle();
    let stopped = false;
    void world.arbiter.stop().then(() => {
      stopped = true;
    });
    await world.scheduler.advance(9_000);
    expect([how, stopped]).toEqual([how, true]);
    expect(await world.scheduler.until(asked)).toMatchObject({ status: 'rejected' });
  });
});
