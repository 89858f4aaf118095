import { describe, expect, it } from 'vitest';
import { AlertWorld, FAILED, HEARD, type Told } from './support/alert-world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Heard from a moment on. */
const from = (at: number) => (told: Told) => (told.at < at ? FAILED : HEARD);

describe('alerts that a replica leaves behind', () => {
  it('are told by another replica, which goes on where the first one was', async () => {
    const world = await AlertWorld.open({ replicas: 2, answer: from(2 * MINUTE) });
    await world.spend(600);
    await world.scheduler.advance(20_000);
    const before = world.toldOf('WARNING');
    world.crash(0);
    await world.scheduler.advance(10 * MINUTE);
    const after = world.toldOf('WARNING').slice(before.length);
    expect(after[0]).toBe(`1 ops raised ${before.length + 1}`);
    expect(after.every((line) => line.startsWith('1 '))).toBe(true);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ status: 'DELIVERED' }]);
  });

  it('are told by the next start of the only replica', async () => {
    const world = await AlertWorld.open({ answer: from(100_000) });
    await world.spend(600);
    await world.scheduler.advance(20_000);
    const before = world.toldOf('WARNING').length;
    world.crash(0);
    await world.scheduler.advance(90_000);
    world.startReplica();
    await world.scheduler.advance(5 * MINUTE);
    const after = world.toldOf('WARNING').slice(before);
    expect(after).toEqual([`1 ops raised ${before + 1}`]);
  });

  it('are told though the crash comes before the first try', async () => {
    const world = await AlertWorld.open({
      replicas: 2,
      answer: ({ replica }) => (replica === 0 ? world.later(HOUR) : HEARD),
    });
    await world.spend(600);
    world.crash(0);
    await world.scheduler.advance(2 * MINUTE);
    expect(world.toldOf('WARNING').filter((line) => line.startsWith('1'))).toEqual(['1 ops raised 1']);
  });

  it('get one more try after a long time in which nothing ran', async () => {
    const world = await AlertWorld.open({ answer: ({ replica }) => (replica === 0 ? FAILED : HEARD) });
    await world.spend(600);
    await world.scheduler.advance(20_000);
    world.crash(0);
    await world.scheduler.advance(5 * HOUR);
    world.startReplica();
    await world.scheduler.advance(MINUTE);
    expect(world.toldOf('WARNING').at(-1)).toMatch(/^1 ops raised/);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ status: 'DELIVERED' }]);
  });

  it('stay with the replica that has them while it lives: no other sends too', async () => {
    const world = await AlertWorld.open({ replicas: 3, answer: from(40 * MINUTE) });
    await world.spend(600, 1);
    for (let minute = 0; minute < 60; minute += 1) {
      // Every replica sees the state, again and again.
      for (const at of [0, 1, 2]) await world.ask({ kind: 'get-snapshot' }, at);
      await world.spend(1, minute % 3);
      await world.scheduler.advance(MINUTE);
    }
    const told = world.toldOf('WARNING');
    expect(new Set(told.map((line) => line.split(' ')[0]))).toEqual(new Set(['1']));
    expect(new Set(told).size).toBe(told.length);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ status: 'DELIVERED' }]);
  });

  it('are told by a replica that a reset clock would have kept waiting for a year', async () => {
    const world = await AlertWorld.open({ replicas: 2, answer: from(20 * MINUTE) });
    const wrong = world.clock.read().now + 365 * 24 * HOUR;
    world.clock.set(wrong);
    await world.spend(600);
    world.crash(0);
    world.clock.set(wrong - 365 * 24 * HOUR);
    await world.ask({ kind: 'reset-clock' }, 1);
    await world.scheduler.advance(45 * MINUTE);
    expect(world.toldOf('WARNING').at(-2)).toMatch(/^1 ops raised/);
    expect(world.toldOf('WARNING').at(-1)).toBe('1 ops ended 1');
    // Its month never was: when it comes, its alerts are other ones.
    await world.scheduler.advance(HOUR);
    expect(await world.marks('WARNING')).toEqual([]);
  });

  it('are left to others at once when a replica stops in order', async () => {
    const world = await AlertWorld.open({
      replicas: 2,
      answer: ({ replica }) => (replica === 0 ? world.later(HOUR) : HEARD),
    });
    await world.spend(600);
    await world.scheduler.advance(100);
    const { dispatcher, arbiter } = world.replica(0);
    arbiter.refuseNew();
    await world.scheduler.until(dispatcher.stop());
    await world.scheduler.until(arbiter.stop());
    world.crash(0);
    await world.scheduler.advance(6_000);
    expect(world.toldOf('WARNING').at(-1)).toBe('1 ops raised 1');
  });

  it('are finished, or left to others, when a replica stops', async () => {
    const world = await AlertWorld.open({
      replicas: 2,
      answer: ({ replica }) => (replica === 0 ? world.later(300) : HEARD),
    });
    await world.spend(600);
    await world.scheduler.advance(100);
    const { dispatcher, arbiter } = world.replica(0);
    arbiter.refuseNew();
    await world.scheduler.until(dispatcher.stop());
    await world.scheduler.until(arbiter.stop());
    world.crash(0);
    expect((await world.marks('WARNING'))[0]?.deliveries).toMatchObject([{ status: 'DELIVERED' }]);
    await world.scheduler.advance(5 * MINUTE);
    expect(world.toldOf('WARNING')).toEqual(['0 ops raised 1']);
  });
});
