import { execFileSync } from 'node:child_process';

/** Fails when `npm run generate`, run just before, left anything under `src/gen` that is not committed. */
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28 });

const changes = git('status', '--porcelain', '--untracked-files=all', '--', 'src/gen');
if (changes === '') {
  console.log('generated code: up to date');
} else {
  console.error(`generated code is not what proto/ gives; run "npm run generate" and commit:\n${changes}`);
  console.error(git('diff', '--stat', '--', 'src/gen'));
  process.exitCode = 1;
}
