import { seedOptions } from '../../../scripts/npm-command.js';
import { QueueWorld } from './queue-world.js';

/** `npx tsx test/simulation/queue/main.ts --seeds 10000 --from 1`: stops at the first seed that fails. */
const {
  seeds: count,
  from: first,
  brief,
} = seedOptions(
  'simulate-queue',
  'Simulates the machine that runs one budget, step by step, one run for each seed.',
  'without the list of effects that were seen',
);

function main(): number {
  let commits = 0;
  const effects = new Set<string>();
  for (let seed = first; seed < first + count; seed += 1) {
    const result = new QueueWorld(seed).run();
    commits += result.commits;
    for (const effect of result.effects) effects.add(effect);
    if (result.violations.length > 0) {
      console.log(`seed ${seed} fails: ${result.violations[0]}`);
      return 1;
    }
  }
  console.log(`${count} seeds from ${first}, ${commits} commits: every invariant held`);
  if (!brief) console.log([...effects].sort().join('\n'));
  return 0;
}

process.exitCode = main();
