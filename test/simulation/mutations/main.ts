import {
  endWith,
  npmCommand,
  optionsOf,
  typed,
  UsageError,
  wholeNumber,
} from '../../../scripts/npm-command.js';
import { MUTATIONS } from './list.js';
import { runMutation } from './run-mutation.js';

/** `npm run simulate-mutations`: each mistake must be caught. */
const { seeds, only } = optionsOf<{ seeds: number; only: string }>(
  npmCommand(
    'simulate-mutations',
    'Makes each of a list of mistakes on purpose; the simulation must notice each of them.',
  )
    .option('--seeds <count>', 'give up on a mistake after so many seeds', wholeNumber(1), 1_000)
    .option('--only <words>', 'those with these words in their name', ''),
  typed(),
);
const chosen = MUTATIONS.filter(({ name }) => name.includes(only));
if (chosen.length === 0) endWith(new UsageError(`no mutation has ${JSON.stringify(only)} in its name`));

let survivors = 0;
for (const mutation of chosen) {
  const { caught, seed, violation } = runMutation(mutation, seeds);
  if (!caught) survivors += 1;
  console.log(`${caught ? `seed ${seed}` : '!!!'} | ${mutation.name} | ${violation.slice(0, 160)}`);
}
console.log(survivors === 0 ? 'every mutation was caught' : `${survivors} mutations were not caught`);
process.exitCode = survivors === 0 ? 0 : 1;
