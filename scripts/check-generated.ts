import { execFileSync } from 'node:child_process';

/** Fails when `npm run generate`, run just before, left anything generated that is not committed. */
const GENERATED = ['src/gen', 'clients/typescript/src/gen'];
const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 28 });

const changes = git('status', '--porcelain', '--untracked-files=all', '--', ...GENERATED);
if (changes === '') {
  console.log('generated code: up to date');
} else {
  console.error(`generated code is not what proto/ gives; run "npm run generate" and commit:\n${changes}`);
  console.error(git('diff', '--stat', '--', ...GENERATED));
  process.exitCode = 1;
}
