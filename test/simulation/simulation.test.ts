import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { showFailure } from './show-failure.js';
import { simulate } from './simulate.js';

/** Each range takes about half a minute. */
const RANGE = 500;
const FIXED_FROM = 1;

/** Other seeds with every commit, the same for the same commit. */
function fromCommit(): number {
  let commit = 'no commit';
  try {
    commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    // Not a clone: an archive of the sources.
  }
  const from = 100_000 + (createHash('sha256').update(commit).digest().readUInt32BE() % 1_000_000_000);
  console.log(`seeds ${from} to ${from + RANGE - 1}, by commit ${commit}`);
  return from;
}

describe('simulated service', () => {
  it.each([
    ['seeds that never change', FIXED_FROM],
    ['seeds of this commit', fromCommit()],
  ])('holds every invariant: %s', async (_, from) => {
    let commits = 0;
    for (let seed = from; seed < from + RANGE; seed += 1) {
      const result = await simulate(seed);
      commits += result.commits;
      if (result.violations.length > 0) expect.fail((await showFailure(seed)).join('\n'));
    }
    expect(commits).toBeGreaterThan(RANGE * 20);
  });

  it('does the same with the same seed', async () => {
    for (const seed of [7, 25, 1_001]) {
      const [once, again, other] = [await simulate(seed), await simulate(seed), await simulate(seed + 1)];
      expect(again.hash).toBe(once.hash);
      expect(other.hash).not.toBe(once.hash);
    }
  });
});
