import { describe, expect, it } from 'vitest';
import { UseOrder } from '../../../../src/domain/ledger/ledger-tables.js';

function after(...steps: string[]): string[] {
  const order = new UseOrder();
  for (const step of steps) {
    if (step === '-') order.clear();
    else if (step.startsWith('-')) order.delete(step.slice(1));
    else order.use(step);
  }
  return [...order];
}

describe('the order of last use', () => {
  it.each<[string, string[], string[]]>([
    ['nothing', [], []],
    ['one name', ['a'], ['a']],
    ['one name twice', ['a', 'a'], ['a']],
    ['each at its first use', ['a', 'b', 'c'], ['a', 'b', 'c']],
    ['the oldest used again', ['a', 'b', 'c', 'a'], ['b', 'c', 'a']],
    ['one from the middle used again', ['a', 'b', 'c', 'b'], ['a', 'c', 'b']],
    ['the newest used again', ['a', 'b', 'b'], ['a', 'b']],
    ['without what is deleted', ['a', 'b', 'c', '-b', '-x'], ['a', 'c']],
    ['what is deleted and comes back', ['a', 'b', '-a', 'a'], ['b', 'a']],
    ['nothing after all is cleared', ['a', 'b', '-'], []],
    ['what comes after all is cleared', ['a', 'b', '-', 'b', 'a'], ['b', 'a']],
  ])('gives %s', (_, steps, expected) => expect(after(...steps)).toEqual(expected));

  it('may lose each name as it is given', () => {
    const order = new UseOrder();
    for (const name of ['a', 'b', 'c', 'd']) order.use(name);
    const given: string[] = [];
    for (const name of order) {
      given.push(name);
      if (name !== 'c') order.delete(name);
    }
    expect(given).toEqual(['a', 'b', 'c', 'd']);
    expect([...order]).toEqual(['c']);
  });
});
