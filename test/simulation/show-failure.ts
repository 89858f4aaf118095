import { STEPS, simulate } from './simulate.js';

/** What a person needs of a seed that fails: the shortest run of it that still fails, and what was violated. */
export async function showFailure(seed: number): Promise<string[]> {
  for (let steps = 1; steps <= STEPS; steps += 1) {
    const { violations, history } = await simulate(seed, steps);
    if (violations.length === 0) continue;
    return [
      `seed ${seed} fails with ${steps} steps:`,
      ...history.map((line) => `  ${line}`),
      ...violations.slice(0, 10).map((violation) => `  VIOLATED ${violation}`),
    ];
  }
  return [`seed ${seed} failed once and not again: the run is not deterministic`];
}
