import { parseArgs } from 'node:util';
import { inputOf } from './inputs.js';
import { fuzz } from './run.js';

/** npm run fuzz -- --inputs 100000 --seed 7, or --only INDEX to send one input again. */
const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const first = Number(values.only ?? 0);
const inputs = values.only === undefined ? Number(values.inputs) : 1;
console.log(`seed ${seed}, ${inputs} inputs`);
if (values.only !== undefined) console.log(JSON.stringify(inputOf(seed, first)));
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
