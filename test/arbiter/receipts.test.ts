import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { Gate, gateAfter } from '../support/gate.js';
import { acquire, leaseOf, record, recordUnleased, release } from '../support/requests.js';
import { BUDGET, openWorld, type World } from './support/world.js';

const OPTIONS = { replicas: 2, seed: 31 };

async function spent(world: World): Promise<number | undefined> {
  return (await world.snapshot()).windows[2]?.spent;
}

function report(world: World, usageId: string, replica = 0) {
  const copyOf = world.replicas[replica] ?? world.arbiter;
  return copyOf.submit(BUDGET, recordUnleased('guardian', usageId, 10), caller());
}

async function untilDropped(world: World): Promise<void> {
  for (let waited = 0; waited < 20; waited += 1) {
    if ((await world.state()).sections.outbox.size === 0) return;
    await world.scheduler.advance(1_000);
  }
  throw new Error('receipts stay in the state');
}

describe('receipts', () => {
  it('leave the state when they are written, and say when that was', async () => {
    const world = await openWorld(OPTIONS);
    await world.ask(recordUnleased('guardian', 'u', 10));
    await untilDropped(world);
    const { head } = await world.state();
    expect(head.receiptsDroppedAt).toBeGreaterThan(0);
    expect(await world.scheduler.until(report(world, 'u', 1))).toMatchObject({ replayed: true });
  });

  it.each([0, 1])(
    'are not charged twice by a stale miss: looked up by replica %i across a drop by replica 0',
    async (by) => {
      const world = await openWorld(OPTIONS);
      // The looking replica knows the budget, so it looks up before it decides.
      await world.scheduler.until(report(world, 'first', by));
      const gate = new Gate();
      world.stores[by]?.once('findReceipts', { kind: 'hold-answer', gate });
      const late = report(world, 'u', by);
      await world.scheduler.settle();
      // The same report comes again by the other replica, is booked, written out and dropped, all while the first is looking.
      await world.scheduler.until(report(world, 'u', 1 - by));
      await world.scheduler.advance(3_000);
      await world.scheduler.until(report(world, 'more', 1 - by));
      await world.scheduler.advance(1_500);
      gate.open();
      expect(await world.scheduler.until(late)).toMatchObject({ kind: 'recorded', replayed: true });
      expect(await spent(world)).toBe(30);
    },
  );

  it('that are in the commit are let go by a later one, or a minute later at the latest, and cost no commit at once', async () => {
    const world = await openWorld({ replicas: 1, exclusive: true, receiptsInCommit: true });
    const revision = async () => (await world.state()).head.revision;
    await world.ask(recordUnleased('guardian', 'u', 10));
    const before = await revision();
    await world.scheduler.advance(1_000);
    expect(await revision()).toBe(before);
    await world.ask(recordUnleased('guardian', 'v', 10));
    expect(await revision()).toBe(before + 1);
    await world.scheduler.advance(60_000);
    const last = await revision();
    expect(last).toBeGreaterThan(before + 1);
    await world.scheduler.advance(60_000);
    expect(await revision()).toBe(last);
  });

  it('stay in the state while a lookup of the same replica that may have missed them is under way', async () => {
    const world = await openWorld({ replicas: 1, exclusive: true });
    await world.ask(recordUnleased('guardian', 'first', 10));
    await untilDropped(world);
    const [gate, slow] = [new Gate(), new Gate()];
    world.store.once('findReceipts', { kind: 'hold-answer', gate });
    world.store.once('findReceipts', { kind: 'hold-answer', gate: slow });
    const [one, two] = [report(world, 'u'), report(world, 'u')];
    await world.scheduler.settle();
    const three = report(world, 'u');
    gate.open();
    await world.scheduler.until(Promise.all([one, two]));
    // The third looked up before the receipt of the first was written; it holds the drop back.
    await world.scheduler.advance(3_000);
    expect((await world.state()).sections.outbox.size).toBe(1);
    slow.open();
    expect(await world.scheduler.until(three)).toMatchObject({ replayed: true });
    await untilDropped(world);
    expect(await spent(world)).toBe(20);
  });

  it('are let go again when the lookup that held them back fails, is abandoned, or takes too long', async () => {
    const world = await openWorld({ replicas: 1, exclusive: true });
    await world.ask(recordUnleased('guardian', 'first', 10));
    const gate = new Gate();
    world.store.once('findReceipts', { kind: 'fail', failure: 'unavailable' });
    await expect(world.scheduler.until(report(world, 'a'))).rejects.toMatchObject({
      failure: 'STORE_UNAVAILABLE',
    });
    world.store.once('findReceipts', { kind: 'hold-answer', gate });
    const late = report(world, 'b');
    await expect(world.scheduler.until(late)).rejects.toMatchObject({ failure: 'STORE_UNAVAILABLE' });
    const who = caller();
    const gone = world.arbiter.submit(BUDGET, recordUnleased('guardian', 'c', 10), who);
    who.leave();
    gate.open();
    await expect(world.scheduler.until(gone)).rejects.toMatchObject({ failure: 'CANCELLED' });
    await untilDropped(world);
  });

  it('are found under hot load, however much is committed meanwhile', async () => {
    const world = await openWorld(OPTIONS);
    for (const store of world.stores) {
      store.plan = () => ({ kind: 'hold', gate: gateAfter(world.scheduler, world.scheduler.random() * 4) });
    }
    let running = true;
    let answered = 0;
    const busy = async (replica: number, at: number) => {
      for (let use = 0; running; use += 1) {
        await report(world, `hot-${replica}-${at}-${use}`, replica);
        answered += 1;
      }
    };
    const work = Promise.all([0, 1, 2, 3].flatMap((at) => [busy(0, at), busy(1, at)]));
    await world.scheduler.advance(4_000);
    const seen = await world.scheduler.until(report(world, 'hot-0-0-0', 1), 1_000);
    expect(seen).toMatchObject({ replayed: true });
    running = false;
    await world.scheduler.until(work);
    expect(answered).toBeGreaterThan(100);
    await untilDropped(world);
    expect(await spent(world)).toBe(answered * 10);
  });

  it('net every late report on a closed lease once, from two replicas at once', async () => {
    const world = await openWorld(OPTIONS);
    const lease = leaseOf(await world.ask(acquire('guardian', { estimatedTokens: 100, leaseTtlMs: 5_000 })));
    await world.scheduler.advance(20_000);
    expect((await world.snapshot()).windows[2]?.spent).toBe(100);
    await untilDropped(world);
    const ask = (replica: number, id: string) =>
      (world.replicas[replica] ?? world.arbiter).submit(BUDGET, record(lease, id, 60), caller());
    await world.scheduler.until(Promise.all([ask(0, 'x'), ask(1, 'y'), ask(1, 'x'), ask(0, 'y')]));
    // 120 were used: 100 out of what was presumed, 20 beyond it.
    expect(await spent(world)).toBe(120);
    await untilDropped(world);
    await world.scheduler.until(Promise.all([ask(1, 'z'), ask(0, 'x')]));
    expect(await spent(world)).toBe(180);
    const found = await world.ask({ kind: 'get-lease', key: { lease } }, 1);
    expect(found).toMatchObject({
      kind: 'lease',
      lease: { usedTokens: 180, presumedTokens: 0, status: 'EXPIRED' },
    });
  });

  it('of a replica that crashed are written out by another', async () => {
    const world = await openWorld(OPTIONS);
    world.store.failing('unavailable', 'writeReceipts', 'writeDays');
    const lease = leaseOf(await world.ask(acquire('guardian')));
    await world.ask(release(lease));
    world.store.failing('unavailable');
    await world.scheduler.advance(15_000);
    await untilDropped(world);
    expect(await world.ask({ kind: 'get-lease', key: { lease } }, 1)).toMatchObject({
      lease: { status: 'RELEASED' },
    });
  });

  it('of a replica that crashed while the clock had run ahead are written out once the clock is reset', async () => {
    const world = await openWorld(OPTIONS);
    world.clock.set('2026-11-10T12:10:00Z');
    world.store.failing('unavailable', 'writeReceipts', 'writeDays');
    const lease = leaseOf(await world.ask(acquire('guardian')));
    await world.ask(release(lease));
    world.store.failing('unavailable');
    world.clock.set('2026-11-10T09:11:00Z');
    await world.ask({ kind: 'reset-clock' }, 1);
    await world.scheduler.advance(15_000);
    await untilDropped(world);
  });
});
