import { crc32 } from 'node:zlib';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { headKey, type Key } from '../../src/store/lmdb/keys.js';
import { decodeValue, isIntact, put } from '../../src/store/lmdb/value-codec.js';
import { VALUE_STRUCTURES } from '../../src/store/lmdb/value-structures.js';
import { head, lease, leaseReceipt, usageReceipt } from './samples.js';

const KEY: Key = headKey('b');
const bytesOf = (value: unknown, version = 0) => Buffer.from(put(KEY, value, version).bytes ?? []);
const read = (bytes: Buffer, version = 0) => decodeValue<unknown>('file', KEY, version, bytes);

describe('a value of the embedded store', () => {
  it.each<[string, unknown]>([
    ['a head', head(7)],
    ['a lease', lease()],
    ['a lease of another shape', lease({ labels: { team: 'blue', 'a b': '' }, renewed: true, model: 'm' })],
    ['a lease with its fields in another order', Object.fromEntries(Object.entries(lease()).reverse())],
    ['receipts', [usageReceipt('u', 3), leaseReceipt('l', 4, 'ai'), usageReceipt('v', 5)]],
    ['a number', 5],
    ['a fraction', -0.25],
    ['the largest amount', Number.MAX_SAFE_INTEGER],
    ['a time', 1_795_997_072_524],
    ['nothing', []],
    ['a text', 'ä\u0000\u{1f600}'],
    ['names that mean something elsewhere', JSON.parse('{"__proto__": "x", "constructor": 1, "": {}}')],
    ['a text that is such a name', { reason: '__proto__' }],
  ])('is read as it was written: %s', (_, value) => {
    expect(read(bytesOf(value))).toEqual(value);
    expect(JSON.stringify(read(bytesOf(value)))).toBe(JSON.stringify(value));
  });

  it('does not depend on what was written before it', () => {
    const before = bytesOf(lease({ labels: { a: '1' } }));
    for (let i = 0; i < 200; i += 1) bytesOf({ [`name ${i}`]: i });
    expect(bytesOf(lease({ labels: { a: '1' } }))).toEqual(before);
  });

  it('is read by a version that knows more structures', () => {
    const structures = [...VALUE_STRUCTURES, ['labels'], ['of', 'a', 'later', 'version']].map((names) => [
      ...names,
    ]);
    const later = new Packr({ structures, maxSharedStructures: structures.length });
    for (const value of [head(7), lease({ labels: { of: 'x' } }), [usageReceipt('u', 3), { labels: [1] }]])
      expect(later.unpack(bytesOf(value).subarray(5))).toEqual(value);
  });

  it('carries no names of fields where it has a known structure', () => {
    expect(bytesOf(head(7, { wakeAt: 1, learnedFor: '2026-11-24', changeCount: 1 })).length).toBeGreaterThan(
      100,
    );
    for (const value of [lease(), usageReceipt('u', 3)])
      expect(bytesOf(value).length).toBeLessThan(JSON.stringify(value).length * 0.6);
  });

  it('fails its checksum with any bit flipped', () => {
    const bytes = bytesOf(lease(), 3);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isIntact(KEY, 3, flipped)).toBe(false);
    }
    expect(isIntact(KEY, 4, bytes)).toBe(false);
    expect(isIntact(headKey('c'), 3, bytes)).toBe(false);
  });
});

describe('the table of structures', () => {
  it('has each once, and those of the first version where they were: what was written is read by them', () => {
    const lists = VALUE_STRUCTURES.map((names) => names.join());
    expect(new Set(lists).size).toBe(lists.length);
    expect(crc32(JSON.stringify(VALUE_STRUCTURES.slice(0, 22)))).toBe(286290384);
  });
});
