import { afterAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory/memory-store.js';
import { testSeed } from '../support/seed.js';
import { openEmbedded } from './open-embedded.js';
import { Years } from './years.js';

const embedded = openEmbedded();
afterAll(embedded.remove);

/** Ends of months, of summer time, and 40 days down: the short form of `npm run years`. */
describe('60 days and 40 days down', () => {
  it('leave the books of the embedded store balanced', async () => {
    const { open } = embedded;
    const { wrong, counts } = await new Years({ days: 100, seed: testSeed('years'), open }).live();
    expect(wrong).toEqual([]);
    expect(counts['month ends']).toBeGreaterThanOrEqual(5);
  });

  it('and those of a store that others share', async () => {
    const store = await openMemoryStore({ exclusive: false });
    const { wrong } = await new Years({ days: 100, seed: testSeed('years'), open: async () => store }).live();
    expect(wrong).toEqual([]);
  });
});
