import { describe, expect, it } from 'vitest';
import {
  experienceOn,
  hourShare,
  NO_EXPERIENCE,
  takenOfEqualParts,
} from '../../../../src/domain/policy/experience.js';
import { hoursLeft } from '../../../../src/domain/time/windows.js';
import { pastDays } from '../../../support/past-days.js';

const at = (moment: string) => Date.parse(moment);

describe('what the last days took of equal parts', () => {
  it.each<[string, ReturnType<typeof pastDays>, number]>([
    ['nothing is known: all of them', pastDays(), 28],
    ['a quarter of each', pastDays([28, { total: 25 }]), 7],
    ['more than one counts as one', pastDays([28, { total: 1_000 }]), 28],
    ['before the first usage all of it', pastDays([4, { total: 50 }]), 26],
    ['90 percent with a refusal is all of it', pastDays([28, { total: 90, refused: true }]), 28],
    ['89 percent is not', pastDays([28, { total: 89, refused: true }]), 0.89 * 28],
    [
      '97 percent of a day that does not say is all of it',
      pastDays([28, { total: 97, refused: 'unknown' }]),
      28,
    ],
    ['96 percent is not', pastDays([28, { total: 96, refused: 'unknown' }]), 0.96 * 28],
  ])('%s', (_, days, parts) => {
    // 300 tokens for 3 days: an equal part is 100.
    expect(takenOfEqualParts(days, 300, 3) / 300).toBeCloseTo(parts, 9);
  });
});

describe('the experience of a later day', () => {
  const today = { total: 7, refused: false };

  it('has today and the unused days after it, and not the oldest', () => {
    const days = pastDays([28, { total: 5 }]);
    const expected = [...pastDays([2, { total: 0 }]).slice(0, 2), today, ...days].slice(0, 28);
    expect(experienceOn(days, 3, today)).toEqual(expected);
    expect(experienceOn(days, 0, today)).toBe(days);
  });

  it('of a budget that was never used has only what today used', () => {
    expect(experienceOn(pastDays(), 2, { total: 0, refused: false })).toEqual(pastDays());
    expect(experienceOn(pastDays(), 2, today)).toEqual(
      [{ total: 0, refused: false }, today, ...pastDays()].slice(0, 28),
    );
  });
});

describe('what an hour weighs among those left', () => {
  const hours = Array.from({ length: 24 }, (_, hour): number => (hour >= 8 && hour < 18 ? 100 : 0));
  const office = { days: NO_EXPERIENCE.days, hours, hourlyDays: 7 };
  const part = (experience: typeof office, zone: string, dayEnd: string, now: string) => {
    const { weight, left } = hourShare(experience, hoursLeft(zone, at(dayEnd), at(now)));
    return weight / left;
  };

  it.each<[string, typeof office, string, string, string, number]>([
    ['half of it is 1/24', office, 'UTC', '2026-11-11T00:00Z', '2026-11-10T00:30Z', 0.5 / 24],
    [
      'half what the clock hour had',
      office,
      'UTC',
      '2026-11-11T00:00Z',
      '2026-11-10T08:30Z',
      (0.5 / 24 + 0.05) / (0.5 * (16 / 24) + 0.5),
    ],
    ['the last hour is all', office, 'UTC', '2026-11-11T00:00Z', '2026-11-10T23:59Z', 1],
    [
      'by the clock of the zone',
      office,
      'Asia/Tokyo',
      '2026-11-10T15:00Z',
      '2026-11-09T23:30Z',
      (0.5 / 24 + 0.05) / (0.5 * (16 / 24) + 0.5),
    ],
    [
      'of fewer than 7 days nothing is known',
      { ...office, hourlyDays: 6 },
      'UTC',
      '2026-11-11T00:00Z',
      '2026-11-10T12:00Z',
      1 / 12,
    ],
    [
      'a repeated hour counts twice',
      { ...office, hourlyDays: 0 },
      'Europe/Berlin',
      '2026-10-25T23:00Z',
      '2026-10-24T22:30Z',
      1 / 25,
    ],
    [
      'by what it weighs',
      { ...office, hours: hours.map((_, hour) => (hour === 2 ? 9 : 0)) },
      'Europe/Berlin',
      '2026-10-25T23:00Z',
      '2026-10-25T00:30Z',
      (0.5 / 24 + 0.5) / (0.5 * (23 / 24) + 1),
    ],
    [
      'half an hour counts half',
      { ...office, hourlyDays: 0 },
      'Australia/Lord_Howe',
      '2026-10-04T13:00Z',
      '2026-10-03T15:30Z',
      0.5 / 21.5,
    ],
  ])('%s', (_, experience, zone, dayEnd, now, expected) => {
    expect(part(experience, zone, dayEnd, now)).toBeCloseTo(expected, 9);
  });
});
