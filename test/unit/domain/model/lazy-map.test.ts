import { describe, expect, it } from 'vitest';
import { LazyMap } from '../../../../src/domain/model/lazy-map.js';

type Step = ['set', string, number] | ['delete', string] | ['clear'];

describe('a lazy map', () => {
  it.each<[string, Step[]]>([
    ['nothing', []],
    ['a deletion from nothing', [['delete', 'a']]],
    ['a clearing of nothing', [['clear']]],
    ['an entry', [['set', 'a', 1]]],
    [
      'the same entry twice',
      [
        ['set', 'a', 1],
        ['set', 'a', 2],
      ],
    ],
    [
      'one that goes',
      [
        ['set', 'a', 1],
        ['delete', 'a'],
      ],
    ],
    [
      'one that goes and comes',
      [
        ['set', 'a', 1],
        ['set', 'b', 2],
        ['delete', 'a'],
        ['set', 'a', 3],
      ],
    ],
    ['entries after a clearing', [['set', 'a', 1], ['clear'], ['set', 'b', 2]]],
  ])('is what a Map is after %s', (_, steps) => {
    const [lazy, plain] = [new LazyMap<string, number>(), new Map<string, number>()];
    for (const step of steps) expect(taken(lazy, step)).toEqual(taken(plain, step));
    expect(seen(lazy)).toEqual(seen(plain));
  });

  it('shares nothing with another', () => {
    const [one, other] = [new LazyMap<string, number>(), new LazyMap<string, number>()];
    one.set('a', 1);
    expect([other.size, other.has('a'), [...other]]).toEqual([0, false, []]);
  });
});

/** What the step answers, but for the map itself. */
function taken(map: Map<string, number>, [what, key = '', value = 0]: Step): unknown {
  if (what === 'set') return map.set(key, value) === map;
  return what === 'delete' ? map.delete(key) : map.clear();
}

function seen(map: Map<string, number>): unknown {
  const told: unknown[] = [];
  map.forEach((value, key, of) => {
    told.push([key, value, of === map]);
  });
  const looked = ['a', 'b', 'c'].map((key) => [map.has(key), map.get(key)]);
  return [
    map.size,
    looked,
    [...map],
    [...map.keys()],
    [...map.values()],
    [...map.entries()],
    told,
    String(map),
  ];
}
