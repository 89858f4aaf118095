import { parseArgs } from 'node:util';
import { showFailure } from './show-failure.js';
import { simulate } from './simulate.js';

/** `npm run simulate-faults -- --seeds 10000 --from 1`: stops at the first seed that fails, and shows its shortest history. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    // One line instead of the history.
    brief: { type: 'boolean', default: false },
  },
});
const count = Number(values.seeds);
const first = Number(values.from);

async function main(): Promise<number> {
  let commits = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await simulate(seed);
    commits += result.commits;
    if (result.violations.length > 0) {
      console.log(`seed ${seed} fails: ${result.violations[0]?.split('\n')[0]}`);
      if (values.brief) return 1;
      for (const line of await showFailure(seed)) console.log(line);
      return 1;
    }
    const done = seed - first + 1;
    if (done % 100 === 0 && done < count) console.log(`${done} seeds, ${commits} commits, no violation`);
  }
  console.log(`${count} seeds from ${first}, ${commits} commits: every invariant held`);
  return 0;
}

process.exitCode = await main();
