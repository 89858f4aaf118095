import { npmCommand, optionsOf, typed, wholeNumber } from '../../scripts/npm-command.js';
import { inputOf } from './inputs.js';
import { fuzz } from './run.js';

/** npm run fuzz -- --inputs 100000 --seed 7, or --only INDEX to send one input again. */
const options = optionsOf<{ inputs: number; seed?: number; only?: number }>(
  npmCommand('fuzz', 'Sends hostile inputs over gRPC, HTTP/2 and HTTP, beside a good client.')
    .option('--inputs <count>', 'how many', wholeNumber(1), 100_000)
    .option('--seed <seed>', 'repeats a run; default: a new one', wholeNumber(0))
    .option('--only <index>', 'sends this input of the seed again, and prints it', wholeNumber(0)),
  typed(),
);
const seed = options.seed ?? Math.floor(Math.random() * 2 ** 31);
const first = options.only ?? 0;
const inputs = options.only === undefined ? options.inputs : 1;
console.log(`seed ${seed}, ${inputs} inputs`);
if (options.only !== undefined) console.log(JSON.stringify(inputOf(seed, first)));
const started = performance.now();
const report = await fuzz({ seed, first, inputs, onProgress: (done) => console.log(`${done} inputs`) });
for (const [what, count] of Object.entries(report.counts).sort(([, a], [, b]) => b - a)) {
  console.log(`${String(count).padStart(8)}  ${what}`);
}
const { memoryMib, goodRounds, goodSlowestMs, findings } = report;
console.log(
  `${Math.round((performance.now() - started) / 1_000)} s; memory ${memoryMib.before} -> ${memoryMib.after} MiB`,
);
console.log(
  `the good client: ${goodRounds} rounds, all right; the slowest took ${Math.round(goodSlowestMs)} ms`,
);
for (const finding of findings) console.error(`\n${finding}`);
console.log(`${findings.length} findings`);
if (findings.length > 0) process.exitCode = 1;
