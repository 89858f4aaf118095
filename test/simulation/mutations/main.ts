import { parseArgs } from 'node:util';
import { MUTATIONS } from './list.js';
import { runMutation } from './run-mutation.js';

/** `npm run simulate-mutations`: each mistake must be caught. `--only WORDS` runs those with the words in their name. */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, only: { type: 'string', default: '' } },
});

let survivors = 0;
for (const mutation of MUTATIONS) {
  if (!mutation.name.includes(values.only)) continue;
  const { caught, seed, violation } = runMutation(mutation, Number(values.seeds));
  if (!caught) survivors += 1;
  console.log(`${caught ? `seed ${seed}` : '!!!'} | ${mutation.name} | ${violation.slice(0, 160)}`);
}
console.log(survivors === 0 ? 'every mutation was caught' : `${survivors} mutations were not caught`);
process.exitCode = survivors === 0 ? 0 : 1;
