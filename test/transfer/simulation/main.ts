import { seedOptions } from '../../../scripts/npm-command.js';
import { firstFailure } from './world.js';

/** `npx tsx test/transfer/simulation/main.ts --seeds 1000`: simulated operators, kills and services; stops at the first seed that fails. */
const {
  seeds: count,
  from: first,
  brief,
} = seedOptions(
  'simulate-transfer',
  'Simulates operators who move budgets between stores, kills and services.',
  'one line instead of the history of a failure',
);

const failure = await firstFailure(count, first);
if (failure === undefined) console.log(`${count} seeds: no budget was ever live in two stores`);
else {
  if (!brief) console.log(failure.history.join('\n'));
  console.log(`seed ${failure.seed} fails: ${failure.violation}`);
  process.exitCode = 1;
}
