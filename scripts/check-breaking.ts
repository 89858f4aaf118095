import { execFileSync } from 'node:child_process';

/**
 * Fails when `proto/` breaks callers of the API as it was released. `--release` takes the API of now as the released one: at each
 * release, and for breaks that the CHANGELOG names.
 */
const IMAGE = 'proto/released.binpb';

if (process.argv.includes('--release')) {
  execFileSync('buf', ['build', '--exclude-source-info', '--output', IMAGE], { stdio: 'inherit' });
} else {
  execFileSync('buf', ['breaking', '--against', IMAGE], { stdio: 'inherit' });
  console.log(`breaking changes: none against ${IMAGE}`);
}
