import { describe, expect, it } from 'vitest';
import {
  dayAfter,
  daysBetween,
  daysLeft,
  isDay,
  isMonth,
  lastDayOf,
  monthAfter,
  pieces,
} from '../../../../src/domain/time/calendar.js';

describe('days and months as text', () => {
  it.each([
    ['2026-11-28', '2026-11-28', 0],
    ['2026-02-28', '2026-03-01', 1],
    ['2025-12-31', '2026-12-31', 365],
    ['2026-11-02', '2026-11-01', -1],
  ])('from %s to %s are %i days', (from, to, days) => expect(daysBetween(from, to)).toBe(days));

  it.each<[string, string, string[]]>([
    ['2026-11-28', '2026-11-28', ['2026-11-28 2026-11-28']],
    ['2026-11-28', '2026-12-04', ['2026-11-28 2026-12-04']],
    ['2026-11-28', '2026-12-05', ['2026-11-28 2026-12-04', '2026-12-05 2026-12-05']],
    ['9999-11-22', '9999-11-30', ['9999-11-22 9999-11-28', '9999-11-29 9999-11-30']],
    ['2026-11-28', '2026-11-27', []],
  ])('from %s to %s in weeks are %j', (fromDay, toDay, weeks) => {
    const found = Array.from(pieces({ fromDay, toDay }, 7), (week) => `${week.fromDay} ${week.toDay}`);
    expect(found).toEqual(weeks);
  });

  it.each(['2026-11-01', '2028-02-29', '2000-02-29', '2026-12-31'])('%s is a day', (text) => {
    expect(isDay(text)).toBe(true);
  });

  it.each([
    '2027-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-13-01',
    '2026-00-10',
    '2026-01-00',
    '0000-01-01',
    '2026-1-1',
    '2026-01-01 ',
    '2026-01-01\n',
    '',
    '2026-01',
  ])('%j is no day', (text) => {
    expect(isDay(text)).toBe(false);
  });

  it.each([
    ['2026-11', true],
    ['2026-00', false],
    ['2026-13', false],
    ['2026-1', false],
    ['0000-01', false],
  ])('a month: %s %s', (text, real) => {
    expect(isMonth(text)).toBe(real);
  });

  it.each([
    ['2026-11-30', '2026-12-01'],
    ['2026-12-31', '2027-01-01'],
    ['2028-02-28', '2028-02-29'],
    ['2028-02-29', '2028-03-01'],
    ['2027-02-28', '2027-03-01'],
  ])('after %s comes %s', (day, next) => {
    expect(dayAfter(day)).toBe(next);
  });

  it('knows the end of a month', () => {
    expect(monthAfter('2026-12')).toBe('2027-01');
    expect(lastDayOf('2028-02')).toBe('2028-02-29');
  });

  it.each([
    ['2026-11-01', 30],
    ['2026-11-30', 1],
    ['2026-12-01', 0],
    ['2026-10-31', 30],
  ])('from %s on November has %i days left', (day, left) => {
    expect(daysLeft({ key: '2026-11' }, day)).toBe(left);
  });
});
