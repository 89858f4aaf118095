import { parseArgs } from 'node:util';
import { simulate } from './simulate.js';

/** `npm run simulate-faults -- --seeds 10000 --from 1`: stops at the first seed that fails, and shows its shortest history. */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' } },
});
const first = Number(values.from);
const last = first + Number(values.seeds) - 1;

async function main(): Promise<number> {
  let commits = 0;
  for (let seed = first; seed <= last; seed += 1) {
    const result = await simulate(seed);
    commits += result.commits;
    if (result.violations.length > 0) return show(seed);
    if ((seed - first + 1) % 100 === 0) console.log(`${seed - first + 1} seeds, ${commits} commits, no violation`);
  }
  console.log(`${last - first + 1} seeds from ${first}, ${commits} commits: every invariant held`);
  return 0;
}

/** The shortest run of the same seed that still fails. */
async function show(seed: number): Promise<number> {
  for (let steps = 1; ; steps += 1) {
    const { violations, history } = await simulate(seed, steps);
    if (violations.length === 0) {
      if (steps < 12) continue;
      console.log(`seed ${seed} failed once and not again: the run is not deterministic`);
      return 1;
    }
    console.log(`seed ${seed} fails with ${steps} steps:`);
    for (const line of history) console.log(`  ${line}`);
    for (const violation of violations.slice(0, 10)) console.log(`  VIOLATED ${violation}`);
    return 1;
  }
}

process.exitCode = await main();
