import { seedOptions } from '../../scripts/npm-command.js';
import { showFailure } from './show-failure.js';
import { simulate } from './simulate.js';

/** `npm run simulate-faults -- --seeds 10000 --from 1`: stops at the first seed that fails, and shows its shortest history. */
const {
  seeds: count,
  from: first,
  brief,
} = seedOptions(
  'simulate-faults',
  'Simulates replicas, clients, operators, clocks and a store, one run for each seed.',
  'one line instead of the shortest history of a failure',
);

async function main(): Promise<number> {
  let commits = 0;
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await simulate(seed);
    commits += result.commits;
    if (result.violations.length > 0) {
      console.log(`seed ${seed} fails: ${result.violations[0]?.split('\n')[0]}`);
      if (brief) return 1;
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
