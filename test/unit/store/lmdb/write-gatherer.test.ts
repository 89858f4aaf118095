import { describe, expect, it } from 'vitest';
import { WriteGatherer } from '../../../../src/store/lmdb/write-gatherer.js';

/** What LMDB was given until it began, transaction by transaction, and what ends the turn. */
function gatherer() {
  let given: string[] = [];
  const begun: string[][] = [];
  const ends: (() => void)[] = [];
  const begin = () => {
    begun.push(given);
    given = [];
  };
  const writes = new WriteGatherer(begin, (task) => ends.push(task));
  const turn = (...names: string[]) => {
    for (const name of names) writes.add(() => given.push(name));
    const before = begun.length;
    for (const end of ends.splice(0)) end();
    return before;
  };
  return { writes, begun, turn };
}

describe('writes of one turn', () => {
  it('go at once, each alone, while turns have one', () => {
    const { begun, turn } = gatherer();
    expect(turn('a')).toBe(1);
    expect(turn('b')).toBe(2);
    expect(begun).toEqual([['a'], ['b']]);
  });

  it('go together at its end after a turn that had several', () => {
    const { begun, turn } = gatherer();
    turn('a', 'b', 'c');
    expect(begun).toEqual([['a'], ['b'], ['c']]);
    expect(turn('d', 'e', 'f')).toBe(3);
    expect(begun.slice(3)).toEqual([['d', 'e', 'f']]);
  });

  it('wait for no others that do not come', () => {
    const { begun, turn } = gatherer();
    turn('a', 'b');
    expect(turn('c')).toBe(2);
    expect(begun.slice(2)).toEqual([['c']]);
    expect(turn('d')).toBe(4);
  });

  it('go before the end of their turn when the file is closed, and only once', () => {
    const { writes, begun, turn } = gatherer();
    turn('a', 'b');
    writes.add(() => {});
    writes.send();
    expect(begun).toHaveLength(3);
    turn();
    expect(begun).toHaveLength(3);
  });
});
