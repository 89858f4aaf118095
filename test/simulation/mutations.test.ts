import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './mutations/list.js';
import { placeOf, runMutation } from './mutations/run-mutation.js';

/** The simulation can fail: `npm run simulate-mutations` shows it for the whole list, this for one of them. */
describe('a mistake made on purpose', () => {
  it('is noticed', () => {
    const mutation = MUTATIONS.find(({ name }) => name === 'a lost commit counts as won');
    if (mutation === undefined) throw new Error('the mutation is gone');
    expect(runMutation(mutation, 100)).toMatchObject({ caught: true });
  });

  it.each(MUTATIONS)('can be made in the code as it is: $name', (mutation) => {
    expect(placeOf(mutation)).toMatch(/\.ts$/);
  });
});
