import { describe, expect, it } from 'vitest';
import { LazySet } from '../../../../src/domain/model/lazy-set.js';

type Step = ['add' | 'delete', string] | ['clear'];

describe('a lazy set', () => {
  it.each<[string, Step[]]>([
    ['nothing', []],
    ['a deletion from nothing', [['delete', 'a']]],
    ['a clearing of nothing', [['clear']]],
    [
      'the same member twice',
      [
        ['add', 'a'],
        ['add', 'a'],
      ],
    ],
    [
      'one that goes and comes',
      [
        ['add', 'a'],
        ['add', 'b'],
        ['delete', 'a'],
        ['add', 'a'],
      ],
    ],
    ['a member after a clearing', [['add', 'a'], ['clear'], ['add', 'b']]],
  ])('is what a Set is after %s', (_, steps) => {
    const [lazy, plain] = [new LazySet<string>(), new Set<string>()];
    for (const step of steps) expect(taken(lazy, step)).toEqual(taken(plain, step));
    expect([lazy.size, lazy.has('a'), lazy.has('b'), [...lazy]]).toEqual([
      plain.size,
      plain.has('a'),
      plain.has('b'),
      [...plain],
    ]);
  });

  it('shares nothing with another', () => {
    const [one, other] = [new LazySet<string>(), new LazySet<string>()];
    one.add('a');
    expect([other.size, other.has('a'), [...other]]).toEqual([0, false, []]);
  });
});

/** What the step answers, but for the set itself. */
function taken(set: LazySet<string> | Set<string>, [what, member = '']: Step): unknown {
  if (what === 'add') return set.add(member) === set;
  return what === 'delete' ? set.delete(member) : set.clear();
}
