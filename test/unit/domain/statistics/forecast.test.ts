import { describe, expect, it } from 'vitest';
import { forecastOf } from '../../../../src/domain/statistics/forecast.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const month = { start: 0, end: 30 * DAY };
const forecast = (day: number, spent: number) =>
  forecastOf({ enforced: 140_000, spent, month, now: day * DAY });

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
});
