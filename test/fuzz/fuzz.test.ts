import { expect, it } from 'vitest';
import { fuzz } from './run.js';

const INPUTS = 5_000;

it(`${INPUTS} hostile inputs: proper answers, level memory, and a good client that notices nothing`, async () => {
  const seed = Number(process.env['SEED'] ?? 20_261_124);
  console.log(`seed ${seed}; again: npm run fuzz -- --inputs ${INPUTS} --seed ${seed}`);
  const { findings, counts, goodRounds } = await fuzz({ seed, inputs: INPUTS });
  expect(findings.join('\n')).toBe('');
  expect(goodRounds).toBeGreaterThan(10);
  // It can reach what it is about: grants, writes and every kind of refusal.
  for (const kind of [
    'OK',
    'INVALID_ARGUMENT',
    'NOT_FOUND',
    'RESOURCE_EXHAUSTED',
    'UNIMPLEMENTED',
    'http 200',
    'http 400',
    'http 404',
    'http 415',
    'http 501',
    'frames',
  ]) {
    expect(counts[kind], kind).toBeGreaterThan(5);
  }
});
