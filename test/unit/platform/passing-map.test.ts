import { describe, expect, it } from 'vitest';
import { PassingMap } from '../../../src/platform/passing-map.js';

/** Entries that come and go, beside a Map that is told the same. */
function passThrough(count: number, atOnce: number) {
  const [passing, plain] = [new PassingMap<number, string>(), new Map<number, string>()];
  for (let key = 0; key < count; key += 1) {
    passing.set(key, `value ${key}`);
    plain.set(key, `value ${key}`);
    if (key >= atOnce) expect(passing.delete(key - atOnce)).toBe(plain.delete(key - atOnce));
  }
  return { passing, plain };
}

describe('a map for what comes and goes', () => {
  it.each([
    { count: 10, atOnce: 20 },
    { count: 5_000, atOnce: 1 },
    { count: 5_000, atOnce: 64 },
    { count: 5_000, atOnce: 3_000 },
  ])('holds what a Map holds after $count entries, $atOnce at once', ({ count, atOnce }) => {
    const { passing, plain } = passThrough(count, atOnce);
    expect([...passing]).toEqual([...plain]);
    expect(passing.size).toBe(plain.size);
    expect([...passing.keys()]).toEqual([...plain.keys()]);
    expect([...passing.values()]).toEqual([...plain.values()]);
    expect([...passing.entries()]).toEqual([...plain.entries()]);
    const told: [number, string][] = [];
    passing.forEach((value, key) => void told.push([key, value]));
    expect(told).toEqual([...plain]);
    for (const key of [0, count - 1, count]) {
      expect(passing.get(key)).toBe(plain.get(key));
      expect(passing.has(key)).toBe(plain.has(key));
    }
  });

  it('keeps what stays while thousands pass', () => {
    const { passing } = passThrough(5_000, 64);
    passing.set(-1, 'stays');
    for (let key = 10_000; key < 20_000; key += 1) passing.set(key, '').delete(key);
    expect(passing.get(-1)).toBe('stays');
  });

  it('keeps one entry for a key that is set often', () => {
    const passing = new PassingMap<string, number>();
    for (let value = 0; value < 5_000; value += 1) passing.set('key', value);
    expect([...passing]).toEqual([['key', 4_999]]);
    expect(passing.delete('key')).toBe(true);
    expect(passing.delete('key')).toBe(false);
  });

  it('tells each entry once though it is deleted when it is told', () => {
    const { passing } = passThrough(1_000, 64);
    const told: number[] = [];
    passing.forEach((_value, key) => {
      told.push(key);
      passing.delete(key);
    });
    expect(told).toHaveLength(64);
    expect(passing.size).toBe(0);
  });

  it('is empty when it is cleared', () => {
    const { passing } = passThrough(1_000, 64);
    passing.clear();
    expect([...passing]).toEqual([]);
  });
});
