import { describe, expect, it } from 'vitest';
import { seedsOfCommit } from './from-commit.js';
import { showFailure } from './show-failure.js';
import { simulate } from './simulate.js';

/** Each range takes about half a minute. */
const RANGE = 500;
const FIXED_FROM = 1;

describe('simulated service', () => {
  it.each([
    ['seeds that never change', FIXED_FROM],
    ['seeds of this commit', seedsOfCommit(RANGE)],
  ])('holds every invariant: %s', async (_, from) => {
    let commits = 0;
    const besides = new Set<number>();
    for (let seed = from; seed < from + RANGE; seed += 1) {
      const result = await simulate(seed);
      commits += result.commits;
      besides.add(result.mostBeside);
      if (result.violations.length > 0) expect.fail((await showFailure(seed)).join('\n'));
    }
    expect(commits).toBeGreaterThan(RANGE * 20);
    // Rounds are decided while three others are under way, and never while more are.
    expect([...besides].sort()).toEqual([0, 1, 2, 3]);
  });

  it('does the same with the same seed', async () => {
    for (const seed of [7, 25, 1_001]) {
      const [once, again, other] = [await simulate(seed), await simulate(seed), await simulate(seed + 1)];
      expect(again.hash).toBe(once.hash);
      expect(other.hash).not.toBe(once.hash);
    }
  });
});
