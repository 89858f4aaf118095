import { describe, expect, it } from 'vitest';
import { experienceOf, NO_EXPERIENCE } from '../../../../src/domain/policy/experience.js';
import {
  type ForecastInput,
  forecastCounts,
  forecastOf,
  mayExhaust,
} from '../../../../src/domain/statistics/forecast.js';
import { calendarDay, calendarMonth } from '../../../../src/domain/time/windows.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const month = { key: '1970-01', start: 0, end: 30 * DAY };
const today = { day: '1970-01-01', start: 0, end: DAY };
const outlook = { zone: 'UTC', month, today, countsFrom: 0, experience: NO_EXPERIENCE };
const forecast = (day: number, spent: number) =>
  forecastOf({ ...outlook, enforced: 140_000, spent, now: day * DAY });

describe('a forecast of the month', () => {
  it.each([
    // day, spent, pace, projected, exhausted on day
    [10, 0, 291.67, 0, undefined],
    [10, 40_000, 208.33, 120_000, undefined],
    [15, 70_000, 194.44, 140_000, undefined],
    [10, 56_000, 175, 168_000, 25],
    [10, 140_000, 0, 420_000, 10],
    [10, 150_000, 0, 450_000, 10],
    [29.5, 100_000, 3_333.33, 101_695, undefined],
    [30, 100_000, 0, 100_000, undefined],
  ])('on day %d with %d spent', (day, spent, pace, projected, exhausted) => {
    expect(forecast(day, spent)).toEqual({
      paceTokensPerHour: pace,
      projectedMonthTokens: projected,
      ...(exhausted !== undefined && { exhaustedAt: exhausted * DAY }),
    });
  });

  it('takes the rate over a day at the least: one busy hour is no busy month', () => {
    expect(forecast(1 / 24, 700)).toMatchObject({ projectedMonthTokens: 21_000 });
    expect(forecast(1, 700)).toMatchObject({ projectedMonthTokens: 21_000 });
  });

  it('counts from the first day of a budget that began within the month', () => {
    const begun = { ...outlook, countsFrom: 20 * DAY, enforced: 140_000, spent: 14_000, now: 25 * DAY };
    expect(forecastOf(begun)).toMatchObject({ projectedMonthTokens: 28_000 });
    expect([forecastCounts(begun), forecastCounts({ ...begun, now: 20.9 * DAY })]).toEqual([true, false]);
  });
});

/** Working days of 1,000 between 8 and 18 o'clock, week-ends of nothing; 2026-11-09 is a Monday. */
const WEEK = Array.from({ length: 28 }, (_, at) => ({
  total: [5, 6].includes((27 - at) % 7) ? 0 : 1_000,
  refused: false,
}));
const OFFICE = Array.from({ length: 24 }, (_, hour) => (hour >= 8 && hour < 18 ? 2_000 : 0));
const november = calendarMonth('UTC', '2026-11');

function ofWeeks(now: string, spent: number, enforced: number, known = 28) {
  const days = WEEK.map((day, at) => (at < known ? day : undefined));
  const experience = experienceOf(days, { hours: OFFICE, hourlyDays: 20 }, 1);
  const at = Date.parse(now);
  const monday = calendarDay('UTC', '2026-11-09');
  const by = { zone: 'UTC', month: november, today: monday, countsFrom: november.start, experience };
  return forecastOf({ ...by, now: at, spent, enforced });
}

describe('a forecast that knows the week', () => {
  it.each<[string, string, number, number, number, string | undefined]>([
    // Monday the 9th, and 15 working days after it.
    ['a whole day is to come', '2026-11-09T00:00Z', 5_000, 90_000, 21_000, undefined],
    ['half of its hours are over', '2026-11-09T13:00Z', 5_500, 90_000, 21_000, undefined],
    ['its hours are over', '2026-11-09T20:00Z', 6_000, 90_000, 21_000, undefined],
    ['half of an hour is over', '2026-11-09T08:30Z', 5_050, 90_000, 21_000, undefined],
    [
      'today, when its hours have come',
      '2026-11-09T00:00Z',
      5_000,
      5_500,
      21_000,
      '2026-11-09T13:00:00.000Z',
    ],
    ['on Friday, by its hours', '2026-11-09T00:00Z', 5_000, 9_250, 21_000, '2026-11-13T10:30:00.000Z'],
    [
      'not on a Saturday that takes nothing',
      '2026-11-09T00:00Z',
      5_000,
      10_001,
      21_000,
      '2026-11-16T08:00:36.000Z',
    ],
    ['it is used up already', '2026-11-09T00:00Z', 5_000, 5_000, 21_000, '2026-11-09T00:00:00.000Z'],
  ])('%s', (_, now, spent, enforced, projected, exhausted) => {
    const { projectedMonthTokens, exhaustedAt } = ofWeeks(now, spent, enforced);
    expect(projectedMonthTokens).toBe(projected);
    expect(exhaustedAt === undefined ? undefined : new Date(exhaustedAt).toISOString()).toBe(exhausted);
  });

  it('needs 14 closed days', () => {
    expect(ofWeeks('2026-11-09T00:00Z', 8_000, 90_000, 14)).toMatchObject({ projectedMonthTokens: 24_000 });
    expect(ofWeeks('2026-11-09T00:00Z', 8_000, 90_000, 13)).toMatchObject({ projectedMonthTokens: 30_000 });
  });
});

describe('whether a month may be exhausted', () => {
  const means = { total: 1_000, refused: false };
  const days = Array.from({ length: 28 }, () => means);

  /** All of a day's usage falls into the hour that the clock repeats on the 25th: that day takes 2,000. */
  function inRepeatedHour(enforced: number): ForecastInput {
    const hours = Array.from({ length: 24 }, (_, hour) => (hour === 2 ? 28_000 : 0));
    const experience = experienceOf(days, { hours, hourlyDays: 28 }, 0);
    const zone = 'Europe/Berlin';
    const [ofOctober, sunday] = [calendarMonth(zone, '2026-10'), calendarDay(zone, '2026-10-25')];
    const by = { zone, month: ofOctober, today: sunday, countsFrom: ofOctober.start, experience };
    return { ...by, now: sunday.start, spent: 0, enforced };
  }

  it('is said of every month of which a forecast says that it will be', () => {
    expect(forecastOf(inRepeatedHour(8_000)).projectedMonthTokens).toBe(8_000);
    for (let enforced = 50; enforced <= 12_000; enforced += 50) {
      const input = inRepeatedHour(enforced);
      if (forecastOf(input).exhaustedAt !== undefined) expect(mayExhaust(input)).toBe(true);
    }
  });

  it('is denied where the busiest days would not do it, and never without a week to go by', () => {
    expect(mayExhaust(inRepeatedHour(8_001))).toBe(false);
    expect(mayExhaust({ ...inRepeatedHour(8_001), experience: NO_EXPERIENCE })).toBe(true);
  });
});
