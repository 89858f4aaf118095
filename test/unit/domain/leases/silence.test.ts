import { describe, expect, it } from 'vitest';
import { heardAt, silentFirst } from '../../../../src/domain/leases/silence.js';

describe('which slot is stuck', () => {
  it.each([
    [{ grantedAt: 5 }, 5],
    [{ grantedAt: 5, reportedAt: undefined }, 5],
    [{ grantedAt: 5, reportedAt: 9 }, 9],
  ])('of %j was last heard at %i', (lease, at) => expect(heardAt(lease)).toBe(at));

  it('is the one that has been silent longest, whether it ever reported or not', () => {
    const leases = [
      { id: 'reports often', grantedAt: 1, reportedAt: 90 },
      { id: 'new', grantedAt: 80 },
      { id: 'reported once', grantedAt: 2, reportedAt: 3 },
      { id: 'never reported', grantedAt: 4 },
    ];
    expect(leases.sort(silentFirst).map(({ id }) => id)).toEqual([
      'reported once',
      'never reported',
      'new',
      'reports often',
    ]);
  });
});
