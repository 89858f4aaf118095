import { describe, expect, it } from 'vitest';
import type { StoredChange } from '../../src/domain/model/changes.js';
import { caller } from '../support/caller.js';
import { BUDGET, openWorld, type World } from './support/world.js';

const OPTIONS = { replicas: 2, seed: 31 };
const policy = (maxConcurrent: number) =>
  ({ kind: 'put-policy', fields: { maxConcurrent }, updateMask: ['maxConcurrent'], reason: 'test' }) as const;

async function listed(world: World, replica = 0): Promise<readonly StoredChange[]> {
  const { arbiter } = { arbiter: world.replicas[replica] ?? world.arbiter };
  const known = await world.scheduler.until(arbiter.submit(BUDGET, { kind: 'get-changes' }, caller()));
  if (known.kind !== 'changes') throw new Error(`refused: ${JSON.stringify(known)}`);
  return world.scheduler.until(arbiter.changes(known, Number.MAX_SAFE_INTEGER, 1_000));
}

async function untilDropped(world: World): Promise<void> {
  for (let waited = 0; waited < 20; waited += 1) {
    if ((await world.state()).sections.changes.size === 0) return;
    await world.scheduler.advance(1_000);
  }
  throw new Error('records stay in the state');
}

const numbers = (changes: readonly StoredChange[]) => changes.map(({ number }) => number);

describe('records of changes', () => {
  it('are listed at once, by every replica, and after they have left the state', async () => {
    const world = await openWorld(OPTIONS);
    await world.ask(policy(3));
    await world.ask({ kind: 'pause', reason: 'incident' });
    expect(numbers(await listed(world, 1))).toEqual([3, 2, 1]);
    await untilDropped(world);
    expect(numbers(await world.inner.readChanges(BUDGET, 99, 99))).toEqual([3, 2, 1]);
    const changes = await listed(world, 1);
    expect(changes.map(({ body, reason }) => [body.kind, reason])).toEqual([
      ['PAUSED', 'incident'],
      ['POLICY', 'test'],
      ['CREATED', undefined],
    ]);
  });

  it('wait in the state while the store takes none, and are written when it does', async () => {
    const world = await openWorld(OPTIONS);
    await untilDropped(world);
    for (const store of world.stores) store.failing('unavailable', 'writeChanges');
    await world.ask(policy(3));
    await world.scheduler.advance(5_000);
    expect((await world.state()).sections.changes.size).toBe(1);
    expect(numbers(await listed(world))).toEqual([2, 1]);
    for (const store of world.stores) store.healthy();
    await untilDropped(world);
    expect(numbers(await listed(world))).toEqual([2, 1]);
  });

  it('do not wait for one that the store refuses, which stays', async () => {
    const world = await openWorld({ replicas: 1, seed: 31 });
    await untilDropped(world);
    for (const store of world.stores)
      store.plan = ({ method, args }) => {
        if (method !== 'writeChanges') return undefined;
        const isGuilty = (args[1] as readonly StoredChange[]).some(({ number }) => number === 2);
        return isGuilty ? { kind: 'fail', failure: 'refused' } : undefined;
      };
    await Promise.all([
      world.scheduler.until(world.arbiter.submit(BUDGET, policy(3), caller())),
      world.scheduler.until(world.arbiter.submit(BUDGET, policy(4), caller())),
    ]);
    await world.scheduler.advance(10_000);
    expect([...(await world.state()).sections.changes.keys()]).toEqual(['2']);
    expect(numbers(await listed(world))).toEqual([3, 2, 1]);
  });

  it('of a deleted budget can be listed, and those of its next life go on', async () => {
    const world = await openWorld(OPTIONS);
    await world.ask({ kind: 'delete-budget', force: true, reason: 'moved' });
    expect((await listed(world, 1))[0]).toMatchObject({
      number: 2,
      reason: 'moved',
      body: { kind: 'DELETED' },
    });
    await untilDropped(world);
    await world.ask({ kind: 'put-policy', fields: {} });
    expect(numbers(await listed(world, 1))).toEqual([3, 2, 1]);
  });

  it('are written out when the service stops', async () => {
    const world = await openWorld({ replicas: 1, seed: 31 });
    await untilDropped(world);
    for (const store of world.stores) store.once('writeChanges', { kind: 'fail', failure: 'unavailable' });
    await world.ask(policy(3));
    await world.scheduler.until(world.arbiter.stop());
    expect(numbers(await world.inner.readChanges(BUDGET, 99, 99))).toEqual([2, 1]);
  });
});
