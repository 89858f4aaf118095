import { describe, expect, it } from 'vitest';
import { nameBytes } from '../../../../src/domain/ledger/state-size.js';
import { Gauge, Table } from '../../../../src/domain/ledger/table.js';

type Step = 'set a' | 'set c' | 'delete a' | 'delete b' | 'delete c' | 'reset';

describe('a section', () => {
  it.each<[string, Step[], boolean]>([
    ['a change', ['set a'], false],
    ['a new entry that goes again', ['set c', 'delete c'], false],
    ['one that goes and comes', ['delete a', 'set a'], false],
    ['all but one new', ['reset', 'set c'], true],
    ['a reset after changes', ['set c', 'delete a', 'reset'], true],
    ['a reset, and an entry that comes and goes', ['reset', 'set a', 'delete a'], true],
    ['a reset of what was emptied one by one', ['delete a', 'delete b', 'reset'], false],
  ])('hands over %s so that the store ends up the same', (_, steps, resets) => {
    const entries = [
      ['a', 1],
      ['b', 1],
    ] as const;
    const gauge = new Gauge();
    const table = new Table<number>(
      entries,
      { nameBytes, valueBytes: (value) => value, varies: true },
      gauge,
    );
    const stored = new Map<string, number>(entries);
    const bytes = () => [...stored].reduce((sum, [key, value]) => sum + nameBytes(key) + value, 0);
    expect(gauge.bytes).toBe(bytes());
    for (const step of steps) take(table, step);
    const { reset } = handOver(table, stored);
    expect(reset).toBe(resets);
    expect(stored).toEqual(table.view);
    expect(table.touched).toBe(false);
    expect(table.bytes).toBe(bytes());
    expect(gauge.bytes).toBe(bytes());
  });
});

function take(table: Table<number>, step: Step): void {
  const [what, key = ''] = step.split(' ');
  if (what === 'set') table.set(key, 2);
  else if (what === 'delete') table.delete(key);
  else table.reset();
}

/** As a store applies a patch: resets, drops, puts. */
function handOver(table: Table<number>, stored: Map<string, number>): { reset: boolean } {
  const changes: [string, number | undefined][] = [];
  const { reset } = table.takeChanges((key, value) => changes.push([key, value]));
  if (reset) stored.clear();
  for (const [key, value] of changes) {
    if (value === undefined) stored.delete(key);
    else stored.set(key, value);
  }
  return { reset };
}
