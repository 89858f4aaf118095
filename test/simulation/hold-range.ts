import { expect } from 'vitest';
import { showFailure } from './show-failure.js';
import { simulate } from './simulate.js';

export const RANGE = 500;

/** Runs so many seeds, and fails with the shortest history of the first that violates something. */
export async function holdRange(from: number): Promise<void> {
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
}
