import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MonthWindow } from '../../../../src/domain/model/state.js';
import {
  dayAt,
  daysOfMonth,
  hourAt,
  hoursLeft,
  monthAt,
  nextMonth,
  type Span,
} from '../../../../src/domain/time/windows.js';

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Etc/GMT+12',
];
const zones = fc.constantFrom(...ZONES);
const moments = fc.integer({ min: Date.UTC(2005, 0), max: Date.UTC(2040, 0) });
// fast-check prints the seed of a failure; a fixed one keeps the suite the same from run to run.
const runs = { numRuns: 60, seed: 20261101 };

function contains(span: Span, at: number): boolean {
  return span.start <= at && at < span.end;
}

function expectTiles(tiles: readonly Span[], whole: Span): void {
  let next = whole.start;
  for (const tile of tiles) {
    expect(tile.start).toBe(next);
    expect(tile.end).toBeGreaterThan(tile.start);
    next = tile.end;
  }
  expect(next).toBe(whole.end);
}

function hoursOf(zone: string, month: MonthWindow, day: Span): Span[] {
  const hours: Span[] = [];
  for (let at = day.start; at < day.end; ) {
    const hour = hourAt(zone, at, month);
    hours.push(hour);
    at = hour.end;
  }
  return hours;
}

describe('windows of any zone and moment', () => {
  it('contain their moment, and give one answer for all of their moments', () => {
    fc.assert(
      fc.property(zones, moments, fc.double({ min: 0, max: 0.999999, noNaN: true }), (zone, at, part) => {
        const month = monthAt(zone, at);
        for (const find of [
          (moment: number) => hourAt(zone, moment),
          (moment: number) => dayAt(zone, month, moment),
          (moment: number) => monthAt(zone, moment),
        ]) {
          const window = find(at);
          expect(contains(window, at)).toBe(true);
          const other = window.start + Math.floor((window.end - window.start) * part);
          expect(find(other)).toEqual(window);
        }
      }),
      runs,
    );
  });

  it('tile: hours the day, days the month, and months the time', () => {
    fc.assert(
      fc.property(zones, moments, (zone, at) => {
        const month = monthAt(zone, at);
        expectTiles(daysOfMonth(zone, month), month);
        const day = dayAt(zone, month, at);
        const hours = hoursOf(zone, month, day);
        expectTiles(hours, day);
        expect(hoursLeft(zone, day.end, day.start)).toHaveLength(hours.length);
        expect(nextMonth(zone, month)).toEqual(monthAt(zone, month.end));
      }),
      runs,
    );
  });

  it('tile after a change of zone, too', () => {
    fc.assert(
      fc.property(zones, zones, moments, (before, after, at) => {
        const month = nextMonth(after, monthAt(before, at));
        const days = daysOfMonth(after, month);
        expectTiles(days, month);
        for (const day of [days.at(0), days.at(-1)]) {
          if (day === undefined) throw new Error('a month without days');
          expect(dayAt(after, month, day.start)).toEqual(day);
          expect(dayAt(after, month, day.end - 1)).toEqual(day);
          expectTiles(hoursOf(after, month, day), day);
        }
      }),
      runs,
    );
  });
});
