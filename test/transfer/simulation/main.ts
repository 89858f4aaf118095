import { npmCommand, optionsOf, typed, wholeNumber } from '../../../scripts/npm-command.js';
import { firstFailure } from './world.js';

/** `npx tsx test/transfer/simulation/main.ts --seeds 1000`: simulated operators, kills and services; stops at the first seed that fails. */
const {
  seeds: count,
  from: first,
  brief,
} = optionsOf<{ seeds: number; from: number; brief: boolean }>(
  npmCommand(
    'simulate-transfer',
    'Simulates operators who move budgets between stores, kills and services. Stops at the first seed that fails.',
  )
    .option('--seeds <count>', 'how many seeds', wholeNumber(1), 1_000)
    .option('--from <seed>', 'the first of them', wholeNumber(0), 1)
    .option('--brief', 'one line instead of the history of a failure', false),
  typed(),
);

const failure = await firstFailure(count, first);
if (failure === undefined) console.log(`${count} seeds: no budget was ever live in two stores`);
else {
  if (!brief) console.log(failure.history.join('\n'));
  console.log(`seed ${failure.seed} fails: ${failure.violation}`);
  process.exitCode = 1;
}
