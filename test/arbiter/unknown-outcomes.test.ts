import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import type { Fault } from '../support/faulty-store.js';
import { Gate } from '../support/gate.js';
import { acquire, recordUnleased } from '../support/requests.js';
import { BUDGET, openWorld, type World } from './support/world.js';

async function spent(world: World, replica = 0): Promise<number | undefined> {
  return (await world.snapshot(replica)).windows[2]?.spent;
}

function report(world: World, usageId = 'u', tokens = 10) {
  return world.arbiter.submit(BUDGET, recordUnleased('guardian', usageId, tokens), caller());
}

describe('a commit whose outcome is unknown', () => {
  it('counts once when it was applied', async () => {
    const world = await openWorld({ replicas: 2 });
    world.store.once('commit', { kind: 'lose-answer' });
    expect(await world.scheduler.until(report(world))).toMatchObject({ kind: 'recorded', replayed: false });
    expect(await spent(world)).toBe(10);
    expect(world.arbiter.counts.unknownOutcomes).toBe(1);
  });

  it('counts once when it was not applied', async () => {
    const world = await openWorld({ replicas: 2 });
    world.store.once('commit', { kind: 'fail', failure: 'unknown' });
    expect(await world.scheduler.until(report(world))).toMatchObject({ kind: 'recorded', replayed: false });
    expect(await spent(world)).toBe(10);
  });

  it('counts once when it arrives after the fence-off', async () => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('commit', { kind: 'late', gate });
    await world.scheduler.until(report(world));
    gate.open();
    await world.scheduler.settle();
    expect(await spent(world)).toBe(10);
    expect(await spent(world, 1)).toBe(10);
  });

  it('counts once when it arrives before the fence-off', async () => {
    const world = await openWorld({ replicas: 2 });
    const [gate, fence] = [new Gate(), new Gate()];
    world.store.once('commit', { kind: 'late', gate });
    world.store.once('commit', { kind: 'hold', gate: fence });
    const asked = report(world);
    await world.scheduler.settle();
    gate.open();
    await world.scheduler.settle();
    fence.open();
    expect(await world.scheduler.until(asked)).toMatchObject({ kind: 'recorded', replayed: false });
    expect(await spent(world)).toBe(10);
  });

  it('tells how long the lease has left at the answer, not at the decision', async () => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold-answer', gate });
    const asked = world.arbiter.submit(BUDGET, acquire('guardian', { leaseTtlMs: 10_000 }), caller());
    await world.scheduler.advance(3_000);
    gate.open();
    const outcome = await world.scheduler.until(asked);
    if (outcome.kind !== 'granted') throw new Error(outcome.kind);
    expect(outcome.lease.expiresAt - outcome.lease.asOf).toBe(7_000);
  });

  const fence = new Gate();
  const FENCE_FAULTS: Fault[] = [
    { kind: 'lose-answer' },
    { kind: 'fail', failure: 'unknown' },
    { kind: 'late', gate: fence },
  ];
  it.each(FENCE_FAULTS)('counts once when its fence-off is unknown too: $kind', async (fault) => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('commit', { kind: 'late', gate });
    world.store.once('commit', fault);
    const asked = report(world);
    await world.scheduler.advance(1);
    fence.open();
    gate.open();
    expect(await world.scheduler.until(asked)).toMatchObject({ kind: 'recorded' });
    expect(await spent(world, 1)).toBe(10);
  });

  it('counts once when another replica committed on top of it', async () => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('load', { kind: 'hold', gate });
    world.store.once('commit', { kind: 'lose-answer' });
    const asked = report(world);
    await world.scheduler.settle();
    await world.ask(recordUnleased('imperium', 'other', 5), 1);
    gate.open();
    expect(await world.scheduler.until(asked)).toMatchObject({ kind: 'recorded', replayed: false });
    expect(await spent(world)).toBe(15);
  });

  it('creates a budget once', async () => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('commit', { kind: 'late', gate });
    const put = { kind: 'put-policy', fields: { monthlyLimit: 5_000 } } as const;
    const asked = world.arbiter.submit('other', put, caller());
    expect(await world.scheduler.until(asked)).toMatchObject({ kind: 'budget' });
    gate.open();
    await world.scheduler.settle();
    expect(await world.inner.version('other')).toEqual({ epoch: 1, revision: 1 });
  });

  it('sweeps and serves on by itself afterwards', async () => {
    const world = await openWorld({ replicas: 1 });
    await world.ask(acquire('a', { leaseTtlMs: 5_000 }));
    world.store.once('commit', { kind: 'lose-answer' });
    await world.scheduler.until(report(world));
    await world.scheduler.advance(6_000);
    expect((await world.state()).sections.leases.size).toBe(0);
  });
});

describe('a commit that the store refuses', () => {
  const poisoned = (patch: unknown) => JSON.stringify(patch).includes('poison');

  it('fails only the guilty request of its batch', async () => {
    const world = await openWorld();
    world.store.plan = ({ method, args }) =>
      method === 'commit' && poisoned(args[2]) ? { kind: 'fail', failure: 'refused' } : undefined;
    const ids = ['a', 'b', 'poison', 'c', 'd'];
    const asked = ids.map((id) => report(world, id));
    const results = await world.scheduler.until(Promise.allSettled(asked));
    const failed = results.map((result) => (result.status === 'rejected' ? result.reason.failure : 'booked'));
    expect(failed).toEqual(['booked', 'booked', 'STORE_REFUSED', 'booked', 'booked']);
    expect(await spent(world)).toBe(40);
    expect(world.log.entries.filter(({ message }) => message === 'the store does not answer')).toEqual([]);
  });
});
