import { describe, expect, it } from 'vitest';
import {
  calendarDay,
  calendarMonth,
  dayAt,
  dayName,
  daysOfMonth,
  dayWindow,
  hourAt,
  hourName,
  hoursLeft,
  isTimeZone,
  monthAt,
  nextMonth,
  type Span,
} from '../../../../src/domain/time/windows.js';

const MINUTE = 60_000;
const at = (iso: string): number => Date.parse(iso);
const text = (span: Span): string => `${iso(span.start)} ${iso(span.end)}`;
const iso = (moment: number): string => new Date(moment).toISOString().slice(0, 16);

describe('time zones', () => {
  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+12', 'Asia/Kathmandu'])(
    '%s',
    (zone) => {
      expect(isTimeZone(zone)).toBe(true);
    },
  );

  it.each(['', '+02:00', '-03', 'Europe/Atlantis', 'Berlin', 'UTC\n', ' UTC', 'x'.repeat(200)])(
    'not %j',
    (zone) => {
      expect(isTimeZone(zone)).toBe(false);
    },
  );
});

describe('the hour of a moment', () => {
  it.each([
    ['UTC', '2026-03-05T10:59:59.999Z', '2026-03-05T10:00 2026-03-05T11:00', '2026-03-05 10:00'],
    ['UTC', '2026-03-05T11:00:00Z', '2026-03-05T11:00 2026-03-05T12:00', '2026-03-05 11:00'],
    ['Asia/Kolkata', '2026-03-05T10:40:00Z', '2026-03-05T10:30 2026-03-05T11:30', '2026-03-05 16:00'],
    ['Asia/Kathmandu', '2026-03-05T10:00:00Z', '2026-03-05T09:15 2026-03-05T10:15', '2026-03-05 15:00'],
    // Berlin sets its clock forward from 02:00 to 03:00, and back from 03:00 to 02:00.
    ['Europe/Berlin', '2026-03-29T00:30:00Z', '2026-03-29T00:00 2026-03-29T01:00', '2026-03-29 01:00'],
    ['Europe/Berlin', '2026-03-29T01:30:00Z', '2026-03-29T01:00 2026-03-29T02:00', '2026-03-29 03:00'],
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T00:00 2026-10-25T01:00', '2026-10-25 02:00'],
    ['Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25T01:00 2026-10-25T02:00', '2026-10-25 02:00'],
    ['America/New_York', '2026-11-01T05:30:00Z', '2026-11-01T05:00 2026-11-01T06:00', '2026-11-01 01:00'],
    ['America/New_York', '2026-11-01T06:30:00Z', '2026-11-01T06:00 2026-11-01T07:00', '2026-11-01 01:00'],
    // Lord Howe shifts by half an hour: 02:00 becomes 01:30, or 02:30.
    ['Australia/Lord_Howe', '2026-04-04T14:10:00Z', '2026-04-04T14:00 2026-04-04T15:30', '2026-04-05 01:00'],
    ['Australia/Lord_Howe', '2026-04-04T15:10:00Z', '2026-04-04T14:00 2026-04-04T15:30', '2026-04-05 01:00'],
    ['Australia/Lord_Howe', '2026-10-03T15:40:00Z', '2026-10-03T15:30 2026-10-03T16:00', '2026-10-04 02:00'],
    // Chatham: 03:45 becomes 02:45.
    ['Pacific/Chatham', '2026-04-04T13:50:00Z', '2026-04-04T13:15 2026-04-04T14:00', '2026-04-05 03:00'],
    ['Pacific/Chatham', '2026-04-04T14:05:00Z', '2026-04-04T14:00 2026-04-04T14:15', '2026-04-05 02:00'],
    ['Pacific/Chatham', '2026-04-04T14:15:00Z', '2026-04-04T14:15 2026-04-04T15:15', '2026-04-05 03:00'],
  ])('%s %s', (zone, moment, span, name) => {
    const hour = hourAt(zone, at(moment));
    expect(text(hour)).toBe(span);
    expect(hourName(zone, hour.start)).toBe(name);
  });

  it('begins with the month where that begins in the middle of an hour', () => {
    const february = nextMonth('Asia/Kolkata', monthAt('UTC', at('2026-01-15T00:00:00Z')));
    expect(text(hourAt('Asia/Kolkata', february.start, february))).toBe('2026-02-01T00:00 2026-02-01T00:30');
  });
});

describe('the day of a moment', () => {
  it.each([
    ['UTC', '2028-02-29T23:59:59.999Z', '2028-02-29', '2028-02-29T00:00 2028-03-01T00:00', 24],
    ['Europe/Berlin', '2026-03-29T12:00:00Z', '2026-03-29', '2026-03-28T23:00 2026-03-29T22:00', 23],
    ['Europe/Berlin', '2026-10-25T12:00:00Z', '2026-10-25', '2026-10-24T22:00 2026-10-25T23:00', 25],
    ['America/New_York', '2026-03-08T12:00:00Z', '2026-03-08', '2026-03-08T05:00 2026-03-09T04:00', 23],
    ['America/New_York', '2026-11-01T12:00:00Z', '2026-11-01', '2026-11-01T04:00 2026-11-02T05:00', 25],
    ['Asia/Kolkata', '2026-08-31T18:30:00Z', '2026-09-01', '2026-08-31T18:30 2026-09-01T18:30', 24],
    ['Asia/Kathmandu', '2026-08-31T18:14:00Z', '2026-08-31', '2026-08-30T18:15 2026-08-31T18:15', 24],
    // Midnight did not exist: the clock went from 00:00 to 01:00.
    ['America/Sao_Paulo', '2018-11-04T03:00:00Z', '2018-11-04', '2018-11-04T03:00 2018-11-05T02:00', 23],
    ['Asia/Beirut', '2025-03-29T22:00:00Z', '2025-03-30', '2025-03-29T22:00 2025-03-30T21:00', 23],
    ['Africa/Cairo', '2024-04-25T22:00:00Z', '2024-04-26', '2024-04-25T22:00 2024-04-26T21:00', 23],
    // The clock went back at midnight: 23:00 came twice.
    ['Africa/Cairo', '2024-10-31T21:30:00Z', '2024-10-31', '2024-10-30T21:00 2024-10-31T22:00', 25],
    // It went back a minute after midnight: the old day's name came again, and the hour was two windows.
    ['America/St_Johns', '2010-11-07T02:45:00Z', '2010-11-07', '2010-11-07T02:30 2010-11-08T03:30', 26],
  ])('%s %s', (zone, moment, day, span, hours) => {
    const month = monthAt(zone, at(moment));
    const window = dayAt(zone, month, at(moment));
    expect(window.day).toBe(day);
    expect(text(window)).toBe(span);
    expect(dayWindow(zone, month, day)).toEqual(window);
    expect(hoursLeft(zone, window.end, window.start)).toHaveLength(hours);
  });

  it('has 24 windows where half an hour is repeated or skipped', () => {
    for (const [day, minutes] of [
      ['2026-04-05', 1470],
      ['2026-10-04', 1410],
    ] as const) {
      const window = calendarDay('Australia/Lord_Howe', day);
      expect((window.end - window.start) / MINUTE).toBe(minutes);
      expect(hoursLeft('Australia/Lord_Howe', window.end, window.start)).toHaveLength(24);
    }
  });

  it('counts the hours left from the one under way', () => {
    const { end } = calendarDay('Europe/Berlin', '2026-10-25');
    expect(hoursLeft('Europe/Berlin', end, at('2026-10-25T00:59:00Z'))).toHaveLength(23);
    expect(hoursLeft('Europe/Berlin', end, at('2026-10-25T22:59:59Z'))).toHaveLength(1);
  });

  it('may be missing from the calendar', () => {
    const month = monthAt('Pacific/Apia', at('2011-12-15T00:00:00Z'));
    expect(daysOfMonth('Pacific/Apia', month).map(({ day }) => day.slice(8))).not.toContain('30');
    expect(dayName('Pacific/Apia', at('2011-12-30T10:00:00Z'))).toBe('2011-12-31');
  });
});

describe('the month of a moment', () => {
  it.each([
    ['UTC', '2026-12-31T23:59:59Z', '2026-12', '2026-12-01T00:00 2027-01-01T00:00', 31],
    ['UTC', '2028-02-10T00:00:00Z', '2028-02', '2028-02-01T00:00 2028-03-01T00:00', 29],
    ['UTC', '2027-02-10T00:00:00Z', '2027-02', '2027-02-01T00:00 2027-03-01T00:00', 28],
    ['Europe/Berlin', '2026-10-31T23:00:00Z', '2026-11', '2026-10-31T23:00 2026-11-30T23:00', 30],
    ['Asia/Kathmandu', '2026-04-30T18:15:00Z', '2026-05', '2026-04-30T18:15 2026-05-31T18:15', 31],
  ])('%s %s', (zone, moment, key, span, days) => {
    const month = monthAt(zone, at(moment));
    expect(month.key).toBe(key);
    expect(text(month)).toBe(span);
    expect(calendarMonth(zone, key)).toEqual(month);
    expect(daysOfMonth(zone, month)).toHaveLength(days);
  });
});

describe('a month after a change of zone', () => {
  const [west, east] = ['Etc/GMT+12', 'Pacific/Kiritimati'];

  it('begins up to 26 hours before its first midnight, and its first day has them all', () => {
    const month = nextMonth(west, monthAt(east, at('2026-10-15T00:00:00Z')));
    expect(month.key).toBe('2026-11');
    expect(text(month)).toBe('2026-10-31T10:00 2026-12-01T12:00');
    const first = dayAt(west, month, month.start);
    expect(first.day).toBe('2026-11-01');
    expect(text(first)).toBe('2026-10-31T10:00 2026-11-02T12:00');
    expect(hoursLeft(west, first.end, first.start)).toHaveLength(50);
    expect(daysOfMonth(west, month)).toHaveLength(30);
  });

  it('may begin after its first day, which is then no part of it', () => {
    const month = nextMonth(east, monthAt(west, at('2026-10-15T00:00:00Z')));
    expect(text(month)).toBe('2026-11-01T12:00 2026-11-30T10:00');
    const first = dayAt(east, month, month.start);
    expect(first.day).toBe('2026-11-02');
    expect(text(first)).toBe('2026-11-01T12:00 2026-11-02T10:00');
    expect(text(dayWindow(east, month, '2026-11-01'))).toBe('2026-11-01T12:00 2026-11-01T12:00');
    expect(daysOfMonth(east, month)).toHaveLength(29);
  });

  it('gives way to the calendar month of the new zone', () => {
    const month = nextMonth(west, nextMonth(west, monthAt(east, at('2026-10-15T00:00:00Z'))));
    expect(month).toEqual(calendarMonth(west, '2026-12'));
  });
});
