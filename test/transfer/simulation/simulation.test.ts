import { expect, it } from 'vitest';
import { firstFailure } from './world.js';

/** More of them: `npx tsx test/transfer/simulation/main.ts --seeds 10000`. */
it('no order of operators, kills and services makes a budget live in two stores', async () => {
  expect(await firstFailure(60)).toBeUndefined();
});
