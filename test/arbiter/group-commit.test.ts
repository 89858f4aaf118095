import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { acquire, leaseOf, record, recordUnleased, release } from '../support/requests.js';
import { BUDGET, openWorld, ROOMY } from './support/world.js';

const CALLERS = 64;

describe('group commit', () => {
  it('carries many parallel callers in few commits', async () => {
    const world = await openWorld({ policy: { ...ROOMY, maxConcurrent: CALLERS } });
    const before = { ...world.arbiter.counts };
    const submit = (request: Parameters<typeof world.ask>[0]) =>
      world.arbiter.submit(BUDGET, request, caller());
    const work = async (at: number) => {
      const lease = leaseOf(await world.arbiter.submit(BUDGET, acquire(`ai-${at}`), caller()));
      for (let use = 0; use < 3; use += 1) await submit(record(lease, `u-${at}-${use}`, 10));
      await submit(release(lease));
    };
    await world.scheduler.until(Promise.all(Array.from({ length: CALLERS }, (_, at) => work(at))));
    const decisions = CALLERS * 5;
    expect(world.arbiter.counts.committedRequests - before.committedRequests).toBeGreaterThanOrEqual(
      decisions,
    );
    expect(world.arbiter.counts.commits - before.commits).toBeLessThanOrEqual(decisions / 4);
    expect((await world.snapshot()).windows[2]?.spent).toBe(CALLERS * 30);
  });

  it('answers nobody before the commit is durable', async () => {
    const world = await openWorld();
    const gate = new Gate();
    world.store.once('commit', { kind: 'hold', gate });
    let answered = false;
    const asked = world.arbiter.submit(BUDGET, acquire('a'), caller()).then((outcome) => {
      answered = true;
      return outcome;
    });
    await world.scheduler.advance(100);
    expect(answered).toBe(false);
    gate.open();
    expect((await world.scheduler.until(asked)).kind).toBe('granted');
  });

  it('grants two slots to 64 parallel callers exactly twice, a hundred rounds, over two replicas', async () => {
    const world = await openWorld({ replicas: 2, seed: 7 });
    for (let round = 0; round < 100; round += 1) {
      const asked = Array.from({ length: CALLERS }, (_, at) =>
        (world.replicas[at % 2] ?? world.arbiter).submit(BUDGET, acquire(`ai-${at}`), caller()),
      );
      const outcomes = await world.scheduler.until(Promise.all(asked));
      const granted = outcomes.filter(({ kind }) => kind === 'granted');
      expect(granted, `round ${round}`).toHaveLength(2);
      const releases = granted.map((outcome, at) =>
        (world.replicas[(round + at) % 2] ?? world.arbiter).submit(
          BUDGET,
          release(leaseOf(outcome)),
          caller(),
        ),
      );
      await world.scheduler.until(Promise.all(releases));
    }
    expect((await world.snapshot(1)).liveLeases).toHaveLength(0);
    expect(world.replicas.reduce((sum, { counts }) => sum + counts.lostRaces, 0)).toBeGreaterThan(0);
  });

  it('counts every report once that two replicas commit at the same time', async () => {
    const world = await openWorld({ replicas: 2, seed: 11 });
    const asked = Array.from({ length: 400 }, (_, at) =>
      (world.replicas[at % 2] ?? world.arbiter).submit(
        BUDGET,
        recordUnleased(`ai-${at % 5}`, `u-${at}`, 3),
        caller(),
      ),
    );
    await world.scheduler.until(Promise.all(asked));
    const { windows, monthAis } = await world.snapshot();
    expect(windows.map(({ spent }) => spent)).toEqual([1_200, 1_200, 1_200]);
    expect([...monthAis.values()].reduce((a, b) => a + b)).toBe(1_200);
  });
});
