import { expect, it } from 'vitest';
import { mergedRecent, NOTHING_RECENT } from '../../../../src/domain/denials/recent.js';
import { ruleDenials } from './samples.js';

it('adds up what replicas refused; an AI that asked several of them is one', () => {
  const one = {
    minutes: [{ start: 0, denied: 2, wouldDeny: 1 }],
    rules: [ruleDenials('PAUSED', 2)],
    ais: ['a', 'b'],
    aiCount: 2,
  };
  const two = {
    ...one,
    minutes: [...one.minutes, { start: 60_000, denied: 1, wouldDeny: 0 }],
    ais: ['b', 'c'],
  };
  expect(mergedRecent([one, two])).toMatchObject({
    minutes: [
      { start: 0, denied: 4, wouldDeny: 2 },
      { start: 60_000, denied: 1, wouldDeny: 0 },
    ],
    ...{ ais: ['a', 'b', 'c'], aiCount: 3, rules: [{ rule: 'PAUSED', denied: 4 }] },
  });
});

it('says no fewer AIs than one of them does, whose names it does not have', () => {
  expect(mergedRecent([{ ...NOTHING_RECENT, ais: ['a'], aiCount: 40 }, NOTHING_RECENT]).aiCount).toBe(40);
  expect(mergedRecent([])).toEqual(NOTHING_RECENT);
});
