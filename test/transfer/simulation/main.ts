import { parseArgs } from 'node:util';
import { firstFailure } from './world.js';

/** `npx tsx test/transfer/simulation/main.ts --seeds 1000`: simulated operators, kills and services; stops at the first seed that fails. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    brief: { type: 'boolean', default: false },
  },
});

const failure = await firstFailure(Number(values.seeds), Number(values.from));
if (failure === undefined) console.log(`${values.seeds} seeds: no budget was ever live in two stores`);
else {
  if (!values.brief) console.log(failure.history.join('\n'));
  console.log(`seed ${failure.seed} fails: ${failure.violation}`);
  process.exitCode = 1;
}
