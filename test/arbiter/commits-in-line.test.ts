import { describe, expect, it } from 'vitest';
import type { StateVersion } from '../../src/store/store.js';
import { caller } from '../support/caller.js';
import type { Fault } from '../support/faulty-store.js';
import { Gate } from '../support/gate.js';
import { acquire, recordUnleased } from '../support/requests.js';
import { BUDGET, ONE_SLOT, openWorld, type World } from './support/world.js';

/** Reports of 1, 2, 4 and 8 tokens: the sum tells which are counted, and how often. */
const FOUR = ['a', 'b', 'c', 'd'];
const ALL = 15;

interface Told {
  readonly usageId: string;
  readonly as: string;
}

/** Reports, each in a round of its own, which is decided while those before it are under way; and what callers were told, in order. */
async function report(world: World, usageIds: readonly string[], replica = 0) {
  const told: Told[] = [];
  const asked: Promise<unknown>[] = [];
  for (const usageId of usageIds) {
    const request = recordUnleased('guardian', usageId, 2 ** FOUR.indexOf(usageId));
    const answer = (world.replicas[replica] ?? world.arbiter).submit(BUDGET, request, caller());
    asked.push(
      answer.then(
        ({ kind }) => void told.push({ usageId, as: kind }),
        ({ failure }) => void told.push({ usageId, as: failure }),
      ),
    );
    await world.scheduler.settle();
  }
  return { told, all: () => world.scheduler.until(Promise.all(asked)) };
}

const recorded = (usageIds: readonly string[]): Told[] =>
  usageIds.map((usageId) => ({ usageId, as: 'recorded' }));

async function spent(world: World, replica = 0): Promise<number | undefined> {
  return (await world.snapshot(replica)).windows[2]?.spent;
}

/** The next four commits, each held by a gate of its own. */
function holdCommits(world: World, kind: 'hold' | 'hold-answer' = 'hold'): Gate[] {
  const gates = FOUR.map(() => new Gate());
  for (const gate of gates) world.store.once('commit', { kind, gate });
  return gates;
}

function commits(world: World): readonly (readonly unknown[])[] {
  return world.store.calls.filter(({ method }) => method === 'commit').map(({ args }) => args);
}

describe('commits in a line, on a store of its own', () => {
  it('are sent on one another before any of them is durable, three ahead', async () => {
    const world = await openWorld();
    const before = commits(world).length;
    const gates = holdCommits(world);
    const { all } = await report(world, FOUR);
    const sent = commits(world).slice(before);
    expect(sent).toHaveLength(4);
    const [first = 0] = sent.map(([, expected]) => (expected as StateVersion).revision);
    expect(sent.map(([, expected]) => (expected as StateVersion).revision)).toEqual(
      FOUR.map((_, at) => first + at),
    );
    const waiting = await report(world, ['a']);
    expect(commits(world).slice(before)).toHaveLength(4);
    for (const gate of gates) gate.open();
    await Promise.all([all(), waiting.all()]);
    expect(await spent(world)).toBe(ALL);
  });

  it('are answered in their order, whichever the store answers first', async () => {
    const world = await openWorld();
    const gates = holdCommits(world, 'hold-answer');
    const { told, all } = await report(world, FOUR);
    for (const gate of [...gates].slice(1).reverse()) {
      gate.open();
      await world.scheduler.settle();
      expect(told).toEqual([]);
    }
    gates[0]?.open();
    await all();
    expect(told).toEqual(recorded(FOUR));
    expect(await spent(world)).toBe(ALL);
  });

  it('gather while a commit of more is under way', async () => {
    const world = await openWorld();
    const before = commits(world).length;
    const gates = holdCommits(world);
    const first = Promise.all(
      ['a', 'b', 'c'].map((usageId) =>
        world.arbiter.submit(BUDGET, recordUnleased('guardian', usageId, 1), caller()),
      ),
    );
    await world.scheduler.settle();
    const { all } = await report(world, ['d']);
    expect(commits(world).slice(before)).toHaveLength(1);
    for (const gate of gates) gate.open();
    await Promise.all([world.scheduler.until(first), all()]);
    expect(await spent(world)).toBe(3 + 8);
  });

  it('a denial waits for the newest commit that its state contains', async () => {
    const world = await openWorld({ policy: { ...ONE_SLOT, maxConcurrent: 1 } });
    const gates = holdCommits(world);
    const told: string[] = [];
    for (const aiId of ['a', 'b']) {
      const asked = world.arbiter.submit(BUDGET, acquire(aiId), caller());
      void asked.then(({ kind }) => told.push(`${aiId} ${kind}`));
      await world.scheduler.settle();
    }
    expect(told).toEqual([]);
    gates[0]?.open();
    await world.scheduler.settle();
    expect(told).toEqual(['a granted', 'b denied']);
  });
});

interface Row {
  readonly what: string;
  /** What meets the second of four, when all are sent. */
  readonly fault: (gate: Gate) => Fault;
  /** Each time that it is tried. */
  readonly always?: boolean;
  readonly told: readonly Told[];
  readonly counted: number;
}

const ROWS: readonly Row[] = [
  {
    what: 'fails: who was in it is told, those after it are decided again, and hear of nothing',
    fault: (gate) => ({ kind: 'fail', failure: 'unavailable', gate }),
    told: [...recorded(['a']), { usageId: 'b', as: 'STORE_UNAVAILABLE' }, ...recorded(['c', 'd'])],
    counted: ALL - 2,
  },
  {
    what: 'is refused, as it always will be: the same',
    fault: (gate) => ({ kind: 'fail', failure: 'refused', gate }),
    always: true,
    told: [...recorded(['a']), { usageId: 'b', as: 'STORE_REFUSED' }, ...recorded(['c', 'd'])],
    counted: ALL - 2,
  },
  {
    what: 'is refused this once: all are decided again, and nobody hears of it',
    fault: (gate) => ({ kind: 'fail', failure: 'refused', gate }),
    told: recorded(FOUR),
    counted: ALL,
  },
  {
    what: 'has an unknown outcome, and was lost on its way: all from it on are decided again, and count once',
    fault: (gate) => ({ kind: 'fail', failure: 'unknown', gate }),
    told: recorded(FOUR),
    counted: ALL,
  },
  {
    what: 'has an unknown outcome, and was applied: it stands, and those after it',
    fault: () => ({ kind: 'lose-answer' }),
    told: recorded(FOUR),
    counted: ALL,
  },
];

describe('a commit with others before it and after it', () => {
  it.each(ROWS)('$what', async ({ fault, always = false, told: expected, counted }) => {
    const world = await openWorld();
    const [first, second] = [new Gate(), new Gate()];
    let sent = 0;
    world.store.plan = ({ method, args }) => {
      if (method !== 'commit') return undefined;
      sent += 1;
      if (sent === 1) return { kind: 'hold-answer', gate: first };
      if (sent === 2 || (always && isOf(args[2], 'b'))) return fault(second);
      return sent <= 4 ? { kind: 'hold', gate: second } : undefined;
    };
    const { told, all } = await report(world, FOUR);
    expect(told).toEqual([]);
    second.open();
    await world.scheduler.settle();
    expect(told).toEqual([]);
    first.open();
    await all();
    expect([...told].sort(byUsage)).toEqual(expected);
    expect(await spent(world)).toBe(counted);
  });

  it('is lost to another replica: all from it on are decided again on what that has made', async () => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold', gate });
    const { told, all } = await report(world, FOUR);
    await world.ask(recordUnleased('imperium', 'other', 100), 1);
    gate.open();
    await all();
    expect([...told].sort(byUsage)).toEqual(recorded(FOUR));
    expect(world.arbiter.counts.lostRaces).toBeGreaterThan(0);
    expect(await spent(world)).toBe(ALL + 100);
    expect(await spent(world, 1)).toBe(ALL + 100);
  });

  it('was decided ahead on a shared store: it is sent when the one before it has won', async () => {
    const world = await openWorld({ replicas: 2 });
    const before = commits(world).length;
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold', gate });
    const { told, all } = await report(world, ['a', 'b', 'c']);
    expect(commits(world).slice(before)).toHaveLength(1);
    gate.open();
    await all();
    expect(told).toEqual(recorded(['a', 'b', 'c']));
    expect(commits(world).slice(before)).toHaveLength(2);
  });

  it('was decided ahead on a shared store, and is too old when it could be sent: it is decided again', async () => {
    const world = await openWorld({ replicas: 2 });
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold', gate });
    const { all } = await report(world, ['a', 'b', 'c']);
    const decidedAt = world.clock.read().now;
    await world.scheduler.advance(600);
    gate.open();
    await all();
    const { sections } = await world.state();
    expect(await spent(world)).toBe(7);
    expect(Math.max(...[...sections.outbox.values()].map(({ at }) => at))).toBeGreaterThanOrEqual(
      decidedAt + 600,
    );
  });

  it('is under way when the service is stopped: it is answered before', async () => {
    const world = await openWorld();
    const gates = holdCommits(world);
    const { told, all } = await report(world, FOUR);
    const stopped = world.arbiter.stop();
    await world.scheduler.advance(50);
    for (const gate of gates) gate.open();
    await world.scheduler.until(Promise.all([stopped, all()]));
    expect(told).toEqual(recorded(FOUR));
    expect((await world.inner.listReceipts(BUDGET, '', '', 100)).map(({ id }) => id.at(-1))).toEqual(FOUR);
  });

  it.each([0, 1, 2, 3, 4])(
    'is under way when the replica dies, and %i have come to the store',
    async (arrived) => {
      const world = await openWorld({ replicas: 2, exclusive: true });
      const gates = holdCommits(world);
      const { told } = await report(world, FOUR);
      for (const gate of gates.slice(0, arrived)) gate.open();
      await world.scheduler.settle();
      // Whoever was told anything is in what the next one finds; the others ask again.
      expect(told).toEqual(recorded(FOUR.slice(0, arrived)));
      expect(await spent(world, 1)).toBe(2 ** arrived - 1);
      const again = await report(world, FOUR, 1);
      await again.all();
      expect(again.told).toEqual(recorded(FOUR));
      expect(await spent(world, 1)).toBe(ALL);
    },
  );

  it('carries no more than a batch may', async () => {
    const world = await openWorld({ bounds: { batch: 3 } });
    const before = commits(world).length;
    const gates = holdCommits(world);
    const asked = Array.from({ length: 10 }, (_, at) =>
      world.arbiter.submit(BUDGET, recordUnleased('guardian', `u-${at}`, 1), caller()),
    );
    await world.scheduler.settle();
    const sizes = () =>
      commits(world)
        .slice(before)
        .map(([, , patch]) => (patch as { puts: { section: string }[] }).puts.filter(isReceipt).length);
    // Three of three; the last one is fewer than the newest has, and waits.
    expect(sizes()).toEqual([3, 3, 3]);
    for (const gate of gates) gate.open();
    await world.scheduler.until(Promise.all(asked));
    expect(sizes()).toEqual([3, 3, 3, 1]);
    expect(await spent(world)).toBe(10);
  });
});

const isOf = (patch: unknown, usageId: string) => JSON.stringify(patch).includes(`guardian ${usageId}"`);
const byUsage = (a: Told, b: Told) => a.usageId.localeCompare(b.usageId);
const isReceipt = ({ section }: { section: string }) => section === 'outbox';
