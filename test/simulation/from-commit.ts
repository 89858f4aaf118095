import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';

/** Other seeds with every commit, the same for the same commit: the first of so many. */
export function seedsOfCommit(count: number): number {
  let commit = 'no commit';
  try {
    commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    // Not a clone: an archive of the sources.
  }
  const from = 100_000 + (createHash('sha256').update(commit).digest().readUInt32BE() % 1_000_000_000);
  console.log(`seeds ${from} to ${from + count - 1}, by commit ${commit}`);
  return from;
}
