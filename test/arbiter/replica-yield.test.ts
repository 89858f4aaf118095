import { describe, expect, it } from 'vitest';
import { caller } from '../support/caller.js';
import { Gate } from '../support/gate.js';
import { recordUnleased } from '../support/requests.js';
import { BUDGET, openWorld, type World } from './support/world.js';

const ROUND_TRIP_MS = 2;
const CALLERS = 16;

/** Every call to the store takes a while. */
function distant({ stores, scheduler }: World): void {
  for (const store of stores) {
    store.plan = () => {
      const gate = new Gate();
      scheduler.after(ROUND_TRIP_MS, () => gate.open());
      return { kind: 'hold', gate };
    };
  }
}

/** Callers of one replica who ask again as soon as they are answered, until `stop`. */
function busy(world: World, replica: number) {
  let stopped = false;
  let answers = 0;
  const loop = async (at: number) => {
    for (let turn = 0; !stopped; turn += 1) {
      const request = recordUnleased(`ai-${at}`, `${replica}-${at}-${turn}`, 1);
      await (world.replicas[replica] ?? world.arbiter).submit(BUDGET, request, caller());
      answers += 1;
    }
  };
  const loops = Promise.all(Array.from({ length: CALLERS }, (_, at) => loop(at)));
  return {
    answers: () => answers,
    stop: () => {
      stopped = true;
      return world.scheduler.until(loops);
    },
  };
}

const lost = (world: World, replica: number) => world.replicas[replica]?.counts.lostRaces ?? 0;
const commits = (world: World, replica: number) => world.replicas[replica]?.counts.commits ?? 0;

describe('replicas that use one budget at the same time', () => {
  it('take turns: few races are lost, every commit carries many, and each replica gets its share', async () => {
    const world = await openWorld({ replicas: 2, seed: 3 });
    distant(world);
    const replicas = [busy(world, 0), busy(world, 1)];
    await world.scheduler.advance(600);
    for (const replica of replicas) await replica.stop();
    const won = commits(world, 0) + commits(world, 1);
    expect(lost(world, 0) + lost(world, 1)).toBeLessThan(won / 10);
    const answers = replicas.map((replica) => replica.answers());
    const sum = answers.reduce((all, one) => all + one, 0);
    expect(Math.min(...answers)).toBeGreaterThan(sum / 3);
    expect(sum / won).toBeGreaterThan(CALLERS / 2);
    expect((await world.snapshot()).windows[2]?.spent).toBe(sum);
  });

  it('leave no turns when the others have stopped', async () => {
    const world = await openWorld({ replicas: 2, seed: 4 });
    distant(world);
    const replicas = [busy(world, 0), busy(world, 1)];
    await world.scheduler.advance(300);
    await replicas[1]?.stop();
    await world.scheduler.advance(300);
    const loads = world.store.count('load');
    const before = commits(world, 0);
    await world.scheduler.advance(300);
    // The other replica still writes out what it has; that alone costs a race.
    expect(world.store.count('load') - loads).toBeLessThan(10);
    expect(commits(world, 0) - before).toBeGreaterThan(60);
    await replicas[0]?.stop();
  });
});
