import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, leaseOf, recordUnleased, release, usage } from '../support/requests.js';
import { sameDigest } from '../support/same-digest.js';
import { BUDGET, ONE_SLOT, openWorld, ROOMY, settled, wait } from './support/world.js';

describe('waiting for a slot', () => {
  it('goes on when what was to be looked up could not be: the free slot is not forgotten', async () => {
    const [before, requestId] = sameDigest();
    const world = await openWorld({ policy: { ...ONE_SLOT, leaseTtlMs: 600_000 } });
    await world.ask(release(leaseOf(await world.ask(acquire('b', { requestId: before })))));
    // Its receipt leaves the state, and has to be looked up to tell the one id from the other.
    await world.scheduler.advance(10_000);
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b', { requestId }), 300_000);
    await world.scheduler.settle();
    expect(waiter.outcome).toBeUndefined();
    world.store.once('findReceipts', { kind: 'fail', failure: 'unavailable' });
    await world.ask(release(lease));
    await world.scheduler.advance(5_000);
    expect(waiter.outcome).toMatchObject({ kind: 'granted', replayed: false });
  });

  it('is over within the round that frees one', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'));
    await world.scheduler.settle();
    expect(waiter.outcome).toBeUndefined();
    const commits = world.store.count('commit');
    world.arbiter.submit(BUDGET, release(lease), caller());
    await world.scheduler.settle();
    expect(waiter.outcome?.kind).toBe('granted');
    expect(world.store.count('commit')).toBe(commits + 1);
    expect(world.arbiter.counts.waiters).toBe(0);
  });

  it('is over as soon as enough of what is kept for others has melted', async () => {
    const teams = [['t', { aiIds: ['t'], guaranteedPercent: 50 }]] as const;
    const policy = { ...ROOMY, monthlyLimit: 100_000, enforcedPercent: 100, maxHourlyPercent: 1, teams };
    const world = await openWorld({ policy });
    const waiter = wait(world, acquire('a', { estimatedTokens: 750 }), 60 * 60_000);
    // At 09:10; at 09:45 half of what is guaranteed is left.
    await world.scheduler.advance(35 * 60_000 - 1);
    expect(waiter.outcome).toBeUndefined();
    await world.scheduler.advance(1);
    expect(waiter.outcome).toMatchObject({ kind: 'granted', lease: { reservedTokens: 750 } });
  });

  it('serves in turns, whatever the month has seen, and the larger request no oftener', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(recordUnleased('used-much', 'g', 60_000_000));
    const lease = leaseOf(await world.ask(acquire('a')));
    const order: string[] = [];
    const sizes = { 'used-much': 300, small: 100 };
    const loops = Object.entries(sizes).flatMap(([aiId, estimatedTokens]) =>
      [1, 2].map(async () => {
        for (let at = 0; at < 6; at += 1) {
          const granted = leaseOf(await wait(world, acquire(aiId, { estimatedTokens })).promise);
          order.push(aiId);
          await world.arbiter.submit(
            BUDGET,
            release(granted, usage(`${aiId} ${order.length}`, estimatedTokens)),
            caller(),
          );
        }
      }),
    );
    await world.scheduler.settle();
    await world.ask(release(lease));
    await world.scheduler.until(Promise.all(loops));
    expect(order.slice(0, 16).filter((aiId) => aiId === 'small')).toHaveLength(12);
  });

  it('knows what a lease has spent before it chooses: small estimates win nothing', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const lying = leaseOf(await world.ask(acquire('lying', { estimatedTokens: 1 })));
    const waiting = ['lying', 'honest'].map((aiId) => wait(world, acquire(aiId, { estimatedTokens: 1 })));
    await world.scheduler.settle();
    await world.ask(release(lying, usage('u', 500)));
    expect(waiting.map(({ outcome }) => outcome?.kind)).toEqual([undefined, 'granted']);
  });

  it('goes on in its turn when a commit is lost, as if that had never been', async () => {
    const world = await openWorld({ replicas: 2, policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('z'), 1));
    const [a, b] = [wait(world, acquire('a')), wait(world, acquire('b'))];
    await world.scheduler.settle();
    // The release and the grant to `a` lose against the other replica's commit, and come again.
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold', gate });
    const released = world.arbiter.submit(BUDGET, release(lease), caller());
    await world.scheduler.settle();
    await world.ask(recordUnleased('x', 'u', 1), 1);
    gate.open();
    await world.scheduler.until(released);
    await world.scheduler.advance(1_000);
    expect([a.outcome?.kind, b.outcome]).toEqual(['granted', undefined]);
  });

  it.each([
    ['its time being over, within a minute', 1_000, 'mine', 59_000, 'first'],
    ['its caller having gone', 300_000, 'mine', 59_000, 'first'],
    ['with another request id', 1_000, 'another', 1_000, 'second'],
    ['after a minute', 1_000, 'mine', 61_000, 'second'],
  ])('stands where it stood when it is repeated, %s', async (_, waitMs, requestId, afterMs, place) => {
    const world = await openWorld({ policy: { ...ONE_SLOT, leaseTtlMs: 600_000 } });
    const lease = leaseOf(await world.ask(acquire('z')));
    const first = wait(world, acquire('a', { requestId: 'mine' }), waitMs);
    await world.scheduler.settle();
    const other = wait(world, acquire('b'), 300_000);
    await world.scheduler.advance(1_000);
    first.who.leave();
    expect((await settled(first.promise)).status).toBe(waitMs === 1_000 ? 'fulfilled' : 'rejected');
    await world.scheduler.advance(afterMs);
    const again = wait(world, acquire('a', { requestId }), 300_000);
    await world.scheduler.settle();
    await world.ask(release(lease));
    expect([again.outcome?.kind, other.outcome?.kind]).toEqual(
      place === 'first' ? ['granted', undefined] : [undefined, 'granted'],
    );
  });

  it('is not overtaken by a newcomer', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'));
    await world.scheduler.settle();
    const newcomer = world.arbiter.submit(BUDGET, acquire('c'), caller());
    const freed = world.arbiter.submit(BUDGET, release(lease), caller());
    await world.scheduler.until(Promise.all([newcomer, freed]));
    expect((await newcomer).kind).toBe('denied');
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('is tried as soon as its cooldown is over, though a slot was free before', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, cooldownMs: 30_000, leaseTtlMs: 600_000 } });
    await world.ask(release(leaseOf(await world.ask(acquire('b')))));
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'), 120_000);
    await world.scheduler.advance(5_000);
    await world.ask(release(lease));
    expect(waiter.outcome).toBeUndefined();
    await world.scheduler.advance(26_000);
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('answers the denial when the time is over', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a'));
    const waiter = wait(world, acquire('b'), 2_000);
    await world.scheduler.advance(1_990);
    expect(waiter.outcome).toBeUndefined();
    await world.scheduler.advance(20);
    expect(waiter.outcome).toMatchObject({ kind: 'denied', denial: { blockers: [{ rule: 'CONCURRENCY' }] } });
    expect(world.arbiter.counts.waiters).toBe(0);
  });

  it('returns at once what no waiting helps', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, maxRequestTokens: 100 } });
    const waiter = wait(world, acquire('b', { estimatedTokens: 101 }));
    await world.scheduler.settle();
    expect(waiter.outcome).toMatchObject({ kind: 'denied', denial: { permanent: true } });
  });

  it('stays while paused, until somebody resumes', async () => {
    const world = await openWorld({ replicas: 2, policy: ONE_SLOT });
    await world.ask({ kind: 'pause', reason: '' });
    const waiter = wait(world, acquire('b'), 60_000, 1);
    await world.scheduler.advance(10_000);
    expect(waiter.outcome).toBeUndefined();
    await world.ask({ kind: 'resume' });
    await world.scheduler.advance(1_000);
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('finds within a second what another replica freed', async () => {
    const world = await openWorld({ replicas: 2, policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'), 60_000, 1);
    await world.scheduler.advance(3_210);
    await world.ask(release(lease), 0);
    await world.scheduler.advance(1_000);
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('gets the slot of a lease that expires, at once', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    await world.ask(acquire('a', { leaseTtlMs: 5_000 }));
    const waiter = wait(world, acquire('b'));
    await world.scheduler.advance(4_990);
    expect(waiter.outcome).toBeUndefined();
    await world.scheduler.advance(20);
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('ends when the client goes', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'));
    await world.scheduler.settle();
    expect(world.arbiter.counts.waiters).toBe(1);
    waiter.who.leave();
    expect((await settled(waiter.promise)).status).toBe('rejected');
    expect(world.arbiter.counts.waiters).toBe(0);
    await world.ask(release(lease));
    expect((await world.snapshot()).liveLeases).toHaveLength(0);
  });

  it.each([
    [true, 0],
    [false, 1],
  ])(
    'undoes a grant that crossed its going only if the server made the id: %s',
    async (requestIdMade, live) => {
      const world = await openWorld({ policy: { ...ONE_SLOT, cooldownMs: 60_000 } });
      const gate = new Gate();
      world.store.once('commit', { kind: 'hold-answer', gate });
      const waiter = wait(world, { ...acquire('b', { requestId: 'r' }), requestIdMade });
      await world.scheduler.settle();
      waiter.who.leave();
      gate.open();
      await world.scheduler.advance(100);
      expect((await settled(waiter.promise)).status).toBe('rejected');
      expect((await world.snapshot()).liveLeases).toHaveLength(live);
      const again = await world.ask({ ...acquire('b', { requestId: 'r' }), requestIdMade });
      expect(again).toMatchObject({ kind: 'granted', replayed: live === 1 });
    },
  );

  it('survives a store that is down, and is served when it is back', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, leaseTtlMs: 600_000 } });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'), 300_000);
    await world.scheduler.settle();
    world.store.failing('unavailable');
    const refused = await world.scheduler.until(
      settled(world.arbiter.submit(BUDGET, release(lease), caller())),
    );
    expect(refused).toMatchObject({ status: 'rejected', reason: { failure: 'STORE_UNAVAILABLE' } });
    await world.scheduler.advance(20_000);
    expect(waiter.outcome).toBeUndefined();
    expect(world.arbiter.counts.waiters).toBe(1);
    world.store.healthy();
    await world.ask(release(lease));
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('is told when its time ends while the store is down', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, leaseTtlMs: 600_000 } });
    await world.ask(acquire('a'));
    const waiter = wait(world, acquire('b'), 10_000);
    await world.scheduler.settle();
    world.store.failing('unavailable');
    const result = await world.scheduler.until(settled(waiter.promise), 30_000);
    expect(result).toMatchObject({ status: 'rejected', reason: { failure: 'STORE_UNAVAILABLE' } });
    expect(world.arbiter.counts.waiters).toBe(0);
  });

  it('goes on after a commit of unknown outcome, without another request', async () => {
    const world = await openWorld({ replicas: 2, policy: { ...ONE_SLOT, leaseTtlMs: 600_000 } });
    const lease = leaseOf(await world.ask(acquire('a')));
    const waiter = wait(world, acquire('b'), 300_000);
    await world.scheduler.settle();
    world.store.once('commit', { kind: 'lose-answer' });
    await world.ask(recordUnleased('x', 'u', 1));
    await world.ask(release(lease), 1);
    await world.scheduler.advance(2_000);
    expect(waiter.outcome?.kind).toBe('granted');
  });

  it('lets a refused waiter fail alone, and the others wait on', async () => {
    const world = await openWorld({ policy: ONE_SLOT });
    const lease = leaseOf(await world.ask(acquire('a')));
    const guilty = wait(world, acquire('poison'));
    const other = wait(world, acquire('b'));
    await world.scheduler.settle();
    world.store.plan = ({ method, args }) =>
      method === 'commit' && JSON.stringify(args[2]).includes('poison')
        ? { kind: 'fail', failure: 'refused' }
        : undefined;
    expect(await world.ask(release(lease))).toMatchObject({ kind: 'released' });
    const result = await world.scheduler.until(settled(guilty.promise));
    expect(result).toMatchObject({ status: 'rejected', reason: { failure: 'STORE_REFUSED' } });
    await world.scheduler.advance(2_000);
    expect(other.outcome?.kind).toBe('granted');
    expect(world.arbiter.counts.waiters).toBe(0);
  });
});
