import { describe, expect, it } from 'vitest';
import { holdRange } from './hold-range.js';
import { simulate } from './simulate.js';

/** Beside the seeds of the commit in a file of its own: each file has a core. */
describe('simulated service, by seeds that never change', () => {
  it('holds every invariant', () => holdRange(1));

  it('does the same with the same seed', async () => {
    for (const seed of [7, 25, 1_001]) {
      const [once, again, other] = [await simulate(seed), await simulate(seed), await simulate(seed + 1)];
      expect(again.hash).toBe(once.hash);
      expect(other.hash).not.toBe(once.hash);
    }
  });
});
