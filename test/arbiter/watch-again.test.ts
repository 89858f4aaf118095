import { describe, expect, it } from 'vitest';
import type { BudgetEvent, WatchUpdate } from '../../src/arbiter/service-port.js';
import type { LeaseRef } from '../../src/domain/model/requests.js';
import { acquire, leaseOf, release } from '../support/requests.js';
import { randomFrom, testSeed } from '../support/seed.js';
import { BUDGET, openWorld, ROOMY, type World } from './support/world.js';

/** Watchers that lose their stream and come back with the revision they had. */

const MANY = { ...ROOMY, maxConcurrent: 1_000, maxConcurrentPerAi: 1_000 };

async function watch(world: World, replica: number, afterRevision?: number) {
  const updates: WatchUpdate[] = [];
  const arbiter = world.replicas[replica] ?? world.arbiter;
  const stop = await arbiter.watch(BUDGET, (update) => updates.push(update), afterRevision);
  await world.scheduler.advance(10);
  const kinds = () => updates.flatMap(({ events }) => events.map(nameOf));
  return { updates, stop, kinds, revision: () => updates.at(-1)?.snapshot?.revision ?? 0 };
}

function nameOf(event: BudgetEvent): string {
  return 'lease' in event ? `${event.kind} ${event.lease.aiId}` : event.kind;
}

describe.each([
  ['alone', { replicas: 1 }],
  ['with another', { replicas: 2 }],
])('a watcher that comes back to its replica, %s on the store', (_, how) => {
  it('is told what happened meanwhile, once', async () => {
    const world = await openWorld({ ...how, policy: MANY });
    const first = await watch(world, 0);
    await world.ask(acquire('told'));
    await world.scheduler.advance(1_100);
    expect(first.kinds()).toEqual(['granted told']);
    first.stop();
    await world.ask(acquire('meanwhile', {}), how.replicas - 1);
    await world.scheduler.advance(3_000);
    const again = await watch(world, 0, first.revision());
    await world.ask(acquire('after'));
    await world.scheduler.advance(1_100);
    expect(again.kinds()).toEqual(['granted meanwhile', 'granted after']);
    expect(again.updates.some(({ missed }) => missed)).toBe(false);
  });

  it('is told nothing where nothing happened', async () => {
    const world = await openWorld({ ...how, policy: MANY });
    const first = await watch(world, 0);
    await world.ask(acquire('told'));
    await world.scheduler.advance(1_100);
    first.stop();
    const again = await watch(world, 0, first.revision());
    expect(again.updates).toMatchObject([{ events: [], stale: false }]);
    expect(again.updates[0]?.missed).toBeUndefined();
  });

  it('hears that it missed something after a minute', async () => {
    const world = await openWorld({ ...how, policy: MANY });
    const first = await watch(world, 0);
    first.stop();
    await world.ask(acquire('meanwhile'));
    await world.scheduler.advance(62_000);
    const again = await watch(world, 0, first.revision());
    expect(again.updates).toMatchObject([{ events: [], missed: true }]);
    await world.scheduler.advance(1_100);
    expect(again.updates.at(-1)?.missed).toBeUndefined();
  });

  it('hears that it missed something when the budget was deleted and begun anew', async () => {
    const world = await openWorld({ ...how, policy: MANY });
    const first = await watch(world, 0);
    first.stop();
    const before = first.revision();
    await world.ask({ kind: 'delete-budget', force: true }, how.replicas - 1);
    await world.ask({ kind: 'put-policy', fields: MANY }, how.replicas - 1);
    const again = await watch(world, 0, before);
    expect(again.updates).toMatchObject([{ events: [], missed: true }]);
    expect(again.revision()).toBeGreaterThan(before);
  });

  it('hears that it missed something of a budget that was set back', async () => {
    const world = await openWorld({ ...how, policy: MANY });
    const { updates } = await watch(world, 0, 1_000_000);
    expect(updates).toMatchObject([{ events: [], missed: true }]);
  });
});

describe('a watcher that comes back to another replica', () => {
  it('misses nothing where nothing happened, and says so where it cannot know', async () => {
    const world = await openWorld({ replicas: 2, policy: MANY });
    const first = await watch(world, 0);
    await world.ask(acquire('told'));
    await world.scheduler.advance(5_000);
    first.stop();
    const second = await watch(world, 1, first.revision());
    expect(second.updates).toMatchObject([{ events: [], stale: false }]);
    expect(second.updates[0]?.missed).toBeUndefined();
    second.stop();
    await world.ask(acquire('meanwhile'));
    await world.scheduler.advance(100);
    const third = await watch(world, 0, first.revision());
    const missed = third.updates[0]?.missed ?? false;
    expect([third.kinds(), missed]).toEqual([['granted meanwhile'], false]);
  });

  it('is not told of a stale look that it knows less than before', async () => {
    const world = await openWorld({ replicas: 2, policy: MANY });
    const other = await watch(world, 1);
    const first = await watch(world, 0);
    await world.ask(acquire('told'));
    await world.scheduler.advance(1_100);
    other.stop();
    const [, store = world.store] = world.stores;
    store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
    const second = await watch(world, 1, first.revision());
    await world.scheduler.advance(3_000);
    expect(second.updates.every(({ stale, snapshot }) => stale && snapshot === undefined)).toBe(true);
  });
});

describe('of what another replica did between two looks', () => {
  it('a watcher is told each grant and end, though neither look shows them', async () => {
    const world = await openWorld({ replicas: 2, policy: MANY });
    const { updates, kinds } = await watch(world, 0);
    // One look hangs while leases come, go and are written out.
    world.store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
    for (let at = 0; at < 30; at += 1) {
      await world.ask(release(leaseOf(await world.ask(acquire(`a${at}`), 1))), 1);
      await world.scheduler.advance(400);
    }
    world.store.healthy();
    await world.scheduler.advance(5_000);
    const pairs = Array.from({ length: 30 }, (_, at) => [`granted a${at}`, `released a${at}`]).flat();
    expect(kinds()).toEqual(pairs);
    expect(updates.some(({ missed }) => missed)).toBe(false);
  });

  it('a watcher hears that it missed some, where they were very many', async () => {
    const world = await openWorld({ replicas: 2, policy: MANY });
    const { updates } = await watch(world, 0);
    world.store.plan = () => ({ kind: 'fail', failure: 'unavailable' });
    for (let at = 0; at < 1_001; at += 1)
      await world.ask(release(leaseOf(await world.ask(acquire('a'), 1))), 1);
    world.store.healthy();
    await world.scheduler.advance(2_000);
    expect(updates.filter(({ missed }) => missed)).toHaveLength(1);
  });

  it('a watcher hears that its budget is gone, where it was begun anew by then', async () => {
    const world = await openWorld({ replicas: 2, policy: MANY });
    const { updates } = await watch(world, 0);
    await world.ask({ kind: 'delete-budget', force: true }, 1);
    await world.ask({ kind: 'put-policy', fields: MANY }, 1);
    await world.scheduler.advance(2_000);
    expect(updates.at(-1)).toMatchObject({ gone: true, snapshot: undefined });
    expect(world.arbiter.counts.watchers).toBe(0);
  });
});

/** What happened, and between which revisions. */
interface Fact {
  readonly name: string;
  readonly after: number;
  readonly by: number;
}

/** One watcher, over all its streams, and what it was told. */
class Wanderer {
  readonly told: string[] = [];
  resumed = 0;
  missed = 0;
  private began: number | undefined;
  private revision: number | undefined;
  private forgivenTo = 0;
  private stop: (() => void) | undefined;

  constructor(
    private readonly world: World,
    private readonly facts: readonly Fact[],
  ) {}

  async go(replica: number): Promise<void> {
    this.leave();
    const arbiter = this.world.replicas[replica] ?? this.world.arbiter;
    if (this.revision !== undefined) this.resumed += 1;
    this.stop = await arbiter.watch(BUDGET, (update) => this.take(update), this.revision);
  }

  leave(): void {
    this.stop?.();
    this.stop = undefined;
  }

  private take({ snapshot, events, missed, mergedEvents }: WatchUpdate): void {
    expect(mergedEvents).toBe(0);
    for (const event of events) {
      const isOfLease = event.kind === 'granted' || event.kind === 'released';
      if (isOfLease) this.told.push(`${event.kind} ${event.lease.fence}`);
    }
    if (snapshot === undefined) return;
    expect(snapshot.revision).toBeGreaterThanOrEqual(this.revision ?? 0);
    this.revision = snapshot.revision;
    this.began ??= snapshot.revision;
    if (!missed) return;
    this.missed += 1;
    this.forgivenTo = snapshot.revision;
  }

  /** Each event once: in a message whose revision is not before it, or forgiven. */
  check(): void {
    const told = new Set(this.told);
    const { began = Number.POSITIVE_INFINITY, revision = 0, forgivenTo } = this;
    const wrong = this.facts.filter(({ name, after, by }) => {
      if (after >= Math.max(began, forgivenTo) && by <= revision) return !told.has(name);
      return (by <= began || after >= revision) && told.has(name);
    });
    expect(wrong).toEqual([]);
    expect(told.size).toBe(this.told.length);
  }
}

const seeds = Array.from({ length: 25 }, (_, at) => at);
it.each(seeds)(
  'a watcher that comes back at random is told each event once, or that it missed some: %d',
  async (at) => {
    const random = randomFrom(testSeed(`watch again ${at}`));
    const replicas = 1 + (at % 3);
    const world = await openWorld({ replicas, policy: MANY, seed: at });
    const pick = (below: number) => Math.floor(random() * below);
    const facts: Fact[] = [];
    const wanderers = Array.from({ length: 4 }, () => new Wanderer(world, facts));
    const live: LeaseRef[] = [];
    const revision = async () => (await world.inner.version(BUDGET))?.revision ?? 0;
    for (let step = 0; step < 120; step += 1) {
      const wanderer = wanderers[pick(4)];
      if (random() < 0.15) await wanderer?.go(pick(replicas));
      if (random() < 0.1) wanderer?.leave();
      if (random() < 0.6) await world.scheduler.advance(pick(random() < 0.05 ? 70_000 : 900));
      const after = await revision();
      const lease = random() < 0.5 ? live.splice(pick(live.length), 1)[0] : undefined;
      if (lease !== undefined) await world.ask(release(lease), pick(replicas));
      const granted =
        lease ?? leaseOf(await world.ask(acquire(`a${pick(5)}`, { leaseTtlMs: 86_000_000 }), pick(replicas)));
      if (lease === undefined) live.push(granted);
      const name = `${lease === undefined ? 'granted' : 'released'} ${granted.fence}`;
      facts.push({ name, after, by: await revision() });
      for (const each of wanderers) each.check();
    }
    for (const each of wanderers) await each.go(pick(replicas));
    await world.scheduler.advance(3_000);
    for (const each of wanderers) each.check();
    const sum = (of: (each: Wanderer) => number) => wanderers.reduce((total, each) => total + of(each), 0);
    // It would be no use if it said so always.
    if (replicas === 1) expect(sum(({ missed }) => missed)).toBeLessThan(sum(({ resumed }) => resumed) / 2);
  },
);
