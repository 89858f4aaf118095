import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * `npx tsx scripts/set-home.ts github.com/owner/name`: where the project lives, in every file that says so. Go imports stubs by
 * it; `npm run generate` follows.
 */
const HOME = /github\.com\/budget-arbiter\/budget-arbiter/g;

const [home = ''] = process.argv.slice(2);
if (!/^[\w.-]+(\/[\w.-]+)+$/.test(home)) {
  console.error('say the new home, such as github.com/owner/name');
  process.exit(2);
}
const files = execFileSync('git', ['grep', '-lI', HOME.source.replaceAll('\\/', '/'), '--', ':!src/gen'], {
  encoding: 'utf8',
});
for (const file of files.trim().split('\n')) {
  if (file === 'CHANGELOG.md') continue;
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(HOME, home));
  console.log(file);
}
execFileSync('npm', ['run', '--silent', 'generate'], { stdio: 'inherit' });
