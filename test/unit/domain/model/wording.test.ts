import { describe, expect, it } from 'vitest';
import { amount, duration, moment } from '../../../../src/domain/model/wording.js';

describe('numbers in messages', () => {
  it.each<[number, string]>([
    [0, '0'],
    [7, '7'],
    [999, '999'],
    [1_000, '1,000'],
    [11_200, '11,200'],
    [140_000, '140,000'],
    [1_234_567, '1,234,567'],
    [1e12, '1,000,000,000,000'],
    [Number.MAX_SAFE_INTEGER, '9,007,199,254,740,991'],
    [-1_234, '-1,234'],
    [1_234.567, '1,234.57'],
    [0.5, '0.5'],
  ])('write %d as %s', (tokens, text) => expect(amount(tokens)).toBe(text));

  it.each<[number, string]>([
    [0, '0 s'],
    [90_000, '90 s'],
    [900_000, '15 min'],
    [86_400_000, '24 h'],
    [31 * 86_400_000, '31 days'],
    [1_500, '1500 ms'],
  ])('write %d milliseconds as %s', (ms, text) => expect(duration(ms)).toBe(text));

  it.each<[number, string]>([
    [Date.UTC(2026, 10, 15, 10, 20, 59), '2026-11-15 10:20 UTC'],
    [Date.UTC(2026, 10, 15, 23, 59, 59, 999), '2026-11-15 23:59 UTC'],
    [Date.UTC(2026, 10, 16), '2026-11-16 00:00 UTC'],
    [Date.UTC(2026, 10, 15), '2026-11-15 00:00 UTC'],
    [0, '1970-01-01 00:00 UTC'],
    [-1, '1969-12-31 23:59 UTC'],
  ])('write the moment %d as %s', (at, text) => expect(moment(at)).toBe(text));
});
