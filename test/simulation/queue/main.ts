import { parseArgs } from 'node:util';
import { QueueWorld } from './queue-world.js';

/** `npx tsx test/simulation/queue/main.ts --seeds 10000 --from 1`: stops at the first seed that fails. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    // As the simulation of the service takes it; there is nothing longer to say here.
    brief: { type: 'boolean', default: false },
  },
});
const count = Number(values.seeds);
const first = Number(values.from);

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
  if (!values.brief) console.log([...effects].sort().join('\n'));
  return 0;
}

process.exitCode = main();
