import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrequentNames } from '../../../../src/domain/denials/frequent-names.js';

interface Entry {
  weight: number;
  readonly before: number;
}

function counting(most: number) {
  const gone: string[] = [];
  const names = new FrequentNames<Entry>(
    most,
    (before) => ({ weight: before, before }),
    (name) => gone.push(name),
  );
  const come = (name: string) => {
    const entry = names.find(name) ?? names.add(name);
    entry.weight += 1;
  };
  return { names, come, gone };
}

it('counts every name exactly while there is room', () => {
  const { names, come, gone } = counting(3);
  for (const name of ['a', 'b', 'a', 'c', 'a']) come(name);
  expect([...names]).toEqual([
    ['a', { weight: 3, before: 0 }],
    ['b', { weight: 1, before: 0 }],
    ['c', { weight: 1, before: 0 }],
  ]);
  expect([names.floor, gone]).toEqual([0, []]);
});

it('gives the place of the least frequent to a name that is new, which may have come as often', () => {
  const { names, come, gone } = counting(2);
  for (const name of ['a', 'a', 'b', 'c']) come(name);
  expect([...names]).toEqual([
    ['a', { weight: 2, before: 0 }],
    ['c', { weight: 2, before: 1 }],
  ]);
  expect([names.floor, gone]).toEqual([1, ['b']]);
});

it('keeps a name that comes steadily, whatever flood of others is made up', () => {
  const { names, come } = counting(100);
  for (let at = 0; at < 50_000; at += 1) {
    come(`made-up-${at}`);
    if (at % 50 === 0) come('steady');
  }
  const steady = names.find('steady');
  expect((steady?.weight ?? 0) - (steady?.before ?? 0)).toBe(1_000);
});

/** Few names, so that some are frequent; some of them drop out and come again. */
const SEQUENCE = fc.array(
  fc.integer({ min: 0, max: 30 }).map((at) => `n${at}`),
  { maxLength: 400 },
);

it('is never wrong by more than it says, and by no more than a place in `most` of all that came', () => {
  fc.assert(
    fc.property(SEQUENCE, fc.integer({ min: 1, max: 12 }), (sequence, most) => {
      const { names, come } = counting(most);
      const truth = new Map<string, number>();
      for (const name of sequence) {
        come(name);
        truth.set(name, (truth.get(name) ?? 0) + 1);
      }
      expect(names.size).toBe(Math.min(most, truth.size));
      const bound = sequence.length / most;
      expect(names.floor).toBeLessThanOrEqual(bound);
      for (const [name, count] of truth) {
        const found = names.find(name);
        if (found === undefined) expect(count).toBeLessThanOrEqual(names.floor);
        else {
          expect(found.weight).toBeGreaterThanOrEqual(count);
          expect(found.weight - found.before).toBeLessThanOrEqual(count);
        }
        if (count > bound) expect(found).toBeDefined();
      }
    }),
  );
});
