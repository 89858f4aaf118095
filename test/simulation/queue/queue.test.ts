import { describe, expect, it } from 'vitest';
import { seedsOfCommit } from '../from-commit.js';
import { QueueWorld } from './queue-world.js';

const RANGE = 1_000;
const FIXED_FROM = 1;
/** Commits under way beside one that is sent. */
const AHEAD = ['0', '1', '2', '3'];

/** The machine of one budget by itself: each of its steps, without the service around it. */
describe('the machine that runs a budget', () => {
  it.each([
    ['seeds that never change', FIXED_FROM],
    ['seeds of this commit', seedsOfCommit(RANGE)],
  ])('holds every invariant: %s', (_, from) => {
    let commits = 0;
    const modes = new Set<string>();
    for (let seed = from; seed < from + RANGE; seed += 1) {
      const result = new QueueWorld(seed).run();
      commits += result.commits;
      for (const effect of result.effects) modes.add(effect.slice(effect.lastIndexOf(' ') + 1));
      expect(result.violations, `seed ${seed}`).toEqual([]);
    }
    expect(commits).toBeGreaterThan(RANGE * 10);
    expect([...modes].sort()).toEqual(
      ['AWAITING', 'DECIDING', 'GATHERING', 'IDLE', 'LOADING', 'PROVING', 'RESTING', ...AHEAD].sort(),
    );
  });

  it('does the same with the same seed', () => {
    for (const seed of [3, 8, 722]) {
      const [once, again, other] = [seed, seed, seed + 1].map((of) => new QueueWorld(of).run().hash);
      expect(again).toBe(once);
      expect(other).not.toBe(once);
    }
  });
});
