import { execFileSync, spawnSync } from 'node:child_process';

/** Fails when `proto/` breaks callers of the last release or, before the first one, of the previous commit. */
function git(...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const base = git('describe', '--tags', '--abbrev=0') ?? git('rev-parse', '--verify', '--quiet', 'HEAD~1');
if (base === undefined || git('cat-file', '-e', `${base}:buf.yaml`) === undefined) {
  console.log('breaking changes: nothing to compare with');
} else {
  execFileSync('buf', ['breaking', '--against', `.git#ref=${base}`], { stdio: 'inherit' });
  console.log(`breaking changes: none since ${base}`);
}
