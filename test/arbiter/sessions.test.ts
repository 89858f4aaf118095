import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, refOf, release } from '../support/requests.js';
import { FIRST, live, POLICY, SECOND, world } from './support/session-world.js';
import { BUDGET, openSession, settled } from './support/world.js';

const S = 1_000;

describe('a session whose stream lives', () => {
  it('keeps its leases alive without a heartbeat, up to their longest life', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    await session.acquire();
    await of.scheduler.advance(299 * S);
    expect(await live(of)).toBe(1);
    await of.scheduler.advance(2 * S);
    expect(await live(of)).toBe(0);
  });

  it('renews many leases in one commit, at a third of their time to live', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    for (let at = 0; at < 50; at += 1) await session.acquire();
    await of.scheduler.advance(5 * S);
    const renewed: number[] = [];
    let before = (await of.state()).head.revision;
    for (let second = 5; second < 35; second += 1) {
      await of.scheduler.advance(S);
      const { head, sections } = await of.state();
      if (head.revision === before) continue;
      before = head.revision;
      renewed.push(second + 1);
      for (const lease of sections.leases.values()) expect(lease.expiresAt - head.clock).toBe(30 * S);
    }
    expect(renewed).toEqual([10, 20, 30]);
  });

  it('renews the shortest leases in time', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    await session.acquire({ leaseTtlMs: S });
    await of.scheduler.advance(60 * S);
    expect(await live(of)).toBe(1);
  });

  it('has nothing to do for leases that were given back', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    await of.ask(release(await session.acquire()));
    await of.scheduler.advance(8 * S);
    const commits = of.arbiter.counts.commits;
    await of.scheduler.advance(120 * S);
    expect(of.arbiter.counts.commits).toBe(commits);
    expect(of.arbiter.size).toBe(0);
  });

  it('stays through an outage of the store that is shorter than its leases', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    await session.acquire();
    of.store.failing('unavailable');
    await of.scheduler.advance(25 * S);
    of.store.healthy();
    await of.scheduler.advance(60 * S);
    expect(await live(of)).toBe(1);
  });
});

describe('a stream that breaks', () => {
  it('leaves its leases the grace, and then their slots to those who wait', async () => {
    const of = await world({ policy: { ...POLICY, maxConcurrent: 1 } });
    const session = await openSession(of, FIRST);
    await session.acquire();
    const waiting = of.arbiter.acquireWaiting(BUDGET, acquire('b'), 60 * S, caller());
    await of.scheduler.advance(5 * S);
    session.break();
    const since = of.scheduler.now;
    expect(await of.scheduler.until(waiting)).toMatchObject({ kind: 'granted' });
    const gap = of.scheduler.now - since;
    expect(gap).toBeGreaterThanOrEqual(10 * S);
    expect(gap).toBeLessThan(11 * S);
  });

  it('as many at once are one commit', async () => {
    const of = await world();
    const sessions = [];
    for (let at = 0; at < 20; at += 1) {
      const session = await openSession(of, { id: `s${at}`, owner: '', stream: `stream-${at}` });
      await session.acquire();
      sessions.push(session);
    }
    await of.scheduler.advance(3 * S);
    const { revision } = (await of.state()).head;
    for (const session of sessions) session.break();
    await of.scheduler.advance(S);
    expect((await of.state()).head.revision).toBe(revision + 1);
    await of.scheduler.advance(10 * S);
    expect(await live(of)).toBe(0);
  });

  it('reaches a grant whose commit it crossed', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    const commit = new Gate();
    of.store.once('commit', { kind: 'hold', gate: commit });
    const crossed = settled(session.acquire({ requestId: 'mine' }));
    await of.scheduler.advance(100);
    session.break();
    await of.scheduler.advance(100);
    commit.open();
    expect((await of.scheduler.until(crossed)).status).toBe('rejected');
    await of.scheduler.advance(S);
    expect(await live(of)).toBe(1);
    await of.scheduler.advance(10 * S);
    expect(await live(of)).toBe(0);
  });

  it.each(['before', 'after'])(
    'reaches a grant that is decided with it, and was asked for %s it',
    async (when) => {
      const of = await world();
      const session = await openSession(of, FIRST);
      if (when === 'after') session.break();
      const crossed = of.arbiter.submit(
        BUDGET,
        acquire('a', { requestId: 'mine', session: FIRST }),
        caller(),
      );
      if (when === 'before') session.break();
      expect(await of.scheduler.until(crossed)).toMatchObject({ kind: 'granted' });
      await of.scheduler.advance(11 * S);
      expect(await live(of)).toBe(0);
    },
  );

  it('is told to a store that was away meanwhile', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    await session.acquire({ leaseTtlMs: 300 * S });
    of.store.failing('unavailable');
    session.break();
    await of.scheduler.advance(20 * S);
    of.store.healthy();
    await of.scheduler.advance(12 * S);
    expect(await live(of)).toBe(0);
  });

  it('when the replica itself dies, the lease has its own time to live', async () => {
    const of = await world({ replicas: 2 });
    await (await openSession(of, FIRST)).acquire();
    of.store.failing('unavailable');
    await of.scheduler.advance(25 * S);
    expect(await live(of)).toBe(1);
    await of.scheduler.advance(8 * S);
    expect(await live(of)).toBe(0);
  });

  it('when the service has ended it, leaves its leases their time, whatever the grace, and renews them no more', async () => {
    const of = await world({ replicas: 2, policy: { ...POLICY, sessionGraceMs: 0 } });
    const session = await openSession(of, FIRST);
    const lease = await session.acquire();
    session.leave();
    await of.scheduler.advance(15 * S);
    const again = await openSession(of, SECOND, { replica: 1 });
    expect(again.leases).toMatchObject([{ leaseId: lease.leaseId }]);
    await of.scheduler.advance(60 * S);
    expect(await live(of)).toBe(1);
    again.leave();
    await of.scheduler.advance(31 * S);
    expect(await live(of)).toBe(0);
  });

  it('when the replica stops, it is no AI that crashed', async () => {
    const of = await world({ replicas: 2 });
    const session = await openSession(of, FIRST);
    const lease = await session.acquire();
    const stopped = of.arbiter.stop();
    session.break();
    await of.scheduler.until(stopped);
    await of.scheduler.advance(15 * S);
    const again = await openSession(of, SECOND, { replica: 1 });
    expect(again.leases).toMatchObject([{ leaseId: lease.leaseId }]);
  });
});

describe('a client that comes back', () => {
  it.each([0, 1])('within the grace has its leases again, on replica %d', async (replica) => {
    const of = await world({ replicas: 2 });
    const session = await openSession(of, FIRST);
    const lease = await session.acquire();
    session.break();
    await of.scheduler.advance(9 * S);
    const again = await openSession(of, SECOND, { replica });
    expect(again.leases.map((held) => held.leaseId)).toEqual([lease.leaseId]);
    await of.scheduler.advance(120 * S);
    expect(await live(of)).toBe(1);
    again.break();
    await of.scheduler.advance(11 * S);
    expect(await live(of)).toBe(0);
  });

  it.each([0, 1])('before its old stream was missed is not hurt by it, on replica %d', async (replica) => {
    const of = await world({ replicas: 2 });
    const old = await openSession(of, FIRST);
    await old.acquire();
    const again = await openSession(of, SECOND, { replica });
    expect(again.leases).toHaveLength(1);
    expect(old.takenUp()).toBe(replica === 0);
    old.break();
    await of.scheduler.advance(60 * S);
    expect(await live(of)).toBe(1);
  });

  it('finds the lease of a request whose answer was lost, and keeps it', async () => {
    const of = await world();
    const session = await openSession(of, FIRST);
    const lease = await session.acquire({ requestId: 'mine' });
    session.break();
    const again = await openSession(of, { id: 'new', owner: '', stream: 'stream-2' });
    expect(again.leases).toEqual([]);
    const granted = await of.ask(
      acquire('a', { requestId: 'mine', session: { id: 'new', owner: '', stream: 'stream-2' } }),
    );
    expect(granted).toMatchObject({ replayed: true });
    expect(granted.kind === 'granted' && refOf(granted).leaseId).toBe(lease.leaseId);
    await of.scheduler.advance(60 * S);
    expect(await live(of)).toBe(1);
  });
});

describe('sessions', () => {
  it('are bounded', async () => {
    const of = await world({ bounds: { sessions: 1 } });
    const first = await openSession(of, FIRST);
    const other = { id: 'other', owner: '', stream: 'stream-2' };
    await expect(openSession(of, other)).rejects.toMatchObject({ failure: 'QUEUE_FULL' });
    first.break();
    first.break();
    expect(of.arbiter.counts.sessions).toBe(0);
    await openSession(of, other);
  });

  it('of a budget that does not exist do not begin', async () => {
    const of = await world();
    const request = { aiId: 'a', session: FIRST, budgetIds: [BUDGET, 'nowhere'] };
    const opened = of.arbiter.openSession(request, () => {}, caller());
    expect(await of.scheduler.until(opened)).toMatchObject({
      refusal: { reason: 'BUDGET_NOT_FOUND', budgetId: 'nowhere' },
    });
    expect(of.arbiter.counts.sessions).toBe(0);
  });
});
