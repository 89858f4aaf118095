import { describe, expect, it } from 'vitest';
import {
  Amounts,
  ago,
  countdown,
  duration,
  monthName,
  shiftMonth,
  words,
  ZoneTimes,
} from '../../../dashboard/format.js';

it.each([
  ['tokens', 11_200, '11,200', '11,200 tokens', '11.2K'],
  ['USD', 1_240_000, '$1.24', '$1.24', '$1.24'],
  ['USD', 123_456_789, '$123.46', '$123.46', '$123'],
  ['USD', 12_345_678_900, '$12,345.68', '$12,345.68', '$12.3K'],
  ['USD', 3_400, '$0.0034', '$0.0034', '$0.0034'],
  ['USD', 500_000, '$0.50', '$0.50', '$0.5'],
  ['USD', 0, '$0.00', '$0.00', '$0'],
  ['CHF', 1_240_000, 'CHF\u00a01.24', 'CHF\u00a01.24', 'CHF\u00a01.24'],
  ['JPY', 1_240_000_000, '¥1,240', '¥1,240', '¥1.24K'],
])('amounts of %s: %d', (unit, amount, text, told, short) => {
  const amounts = new Amounts(unit);
  expect([amounts.text(amount), amounts.told(amount)]).toEqual([text, told]);
  expect(amounts.short(amount)).toBe(short);
});

it.each([
  ['tokens', 999_999, '999,999', '999,999'],
  ['tokens', 11_123_456, '11.1\u00a0M', '11,123,456'],
  ['tokens', 2_000_000_000, '2\u00a0B', '2,000,000,000'],
  ['USD', 12_345_678_900_000, '$12.3\u00a0M', '$12,345,678.90'],
])('amounts of %s as people write them: %d', (unit, amount, text, exact) => {
  const amounts = new Amounts(unit);
  expect([amounts.text(amount), amounts.exact(amount)]).toEqual([text, exact]);
});

describe('times', () => {
  it.each([
    [-5, '0:00'],
    [999, '0:01'],
    [125_000, '2:05'],
    [3_725_000, '1:02:05'],
  ])('%d ms count down as %s', (ms, text) => {
    expect(countdown(ms)).toBe(text);
  });

  it.each([
    [1_500, '1.5 s'],
    [90_000, '90 s'],
    [300_000, '5 min'],
    [86_400_000, '1 d'],
  ])('%d ms last %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('are those of the zone, through changes of its clock', () => {
    const berlin = new ZoneTimes('Europe/Berlin');
    const hours = ['2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-25T22:59:00Z'];
    expect(hours.map((at) => berlin.hour(Date.parse(at)))).toEqual([2, 2, 23]);
    expect(new ZoneTimes('No/Where').zone).toBe('UTC');
  });

  it.each([
    ['Europe/Berlin', '2026-11-27', '2026-11-27T23:00:00Z'],
    ['Europe/Berlin', '2026-10-25', '2026-10-25T23:00:00Z'],
    ['America/New_York', '2026-10-31', '2026-11-01T04:00:00Z'],
    ['Asia/Kathmandu', '2026-11-27', '2026-11-27T18:15:00Z'],
  ])('know in %s when %s ends', (zone, day, end) => {
    expect(new Date(new ZoneTimes(zone).endOf(day)).toISOString()).toBe(end.replace('Z', '.000Z'));
  });

  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [3_599_999, '59 min'],
    [40_000_000, '11 h 6 min'],
  ])('%d ms last already %s', (ms, text) => {
    expect(ago(ms)).toBe(text);
  });

  it('know the days of rest of the zone', () => {
    const auckland = new ZoneTimes('Pacific/Auckland');
    const friday = Date.parse('2026-11-27T10:00:00Z');
    expect([friday, friday + 3_600_000].map((at) => auckland.isWeekend(at))).toEqual([false, true]);
  });

  it('step over years by months', () => {
    expect(shiftMonth('2026-12', 1)).toBe('2027-01');
    expect(shiftMonth('2026-01', -1)).toBe('2025-12');
    expect(monthName('2026-11')).toContain('2026');
  });

  it('have words for constants', () => {
    expect([words('AI_DAILY_CAP'), words('POOR_SPREAD')]).toEqual(['AI daily cap', 'Poor spread']);
  });
});
