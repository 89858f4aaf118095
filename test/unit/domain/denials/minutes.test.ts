import { describe, expect, it } from 'vitest';
import {
  countSince,
  DeniedMinutes,
  deniedSteadily,
  MINUTES_KEPT,
} from '../../../../src/domain/denials/minutes.js';

const NOON = Date.UTC(2026, 10, 29, 12);
const MINUTE = 60_000;

describe('what was refused by minutes', () => {
  it('is counted apart for what would be a denial', () => {
    const minutes = new DeniedMinutes();
    for (const [at, wouldDeny] of [
      [NOON, false],
      [NOON + 59_999, false],
      [NOON + MINUTE, true],
    ] as const)
      minutes.note(at, wouldDeny);
    expect(minutes.since(NOON)).toEqual([
      { start: NOON, denied: 2, wouldDeny: 0 },
      { start: NOON + MINUTE, denied: 0, wouldDeny: 1 },
    ]);
    expect(countSince(minutes.since(0), NOON + MINUTE)).toEqual({ denied: 0, wouldDeny: 1 });
  });

  it('is kept for a while', () => {
    const minutes = new DeniedMinutes();
    for (let at = 0; at < 100; at += 1) minutes.note(NOON + at * MINUTE, false);
    expect(minutes.since(0)).toHaveLength(MINUTES_KEPT);
    expect(minutes.since(0).at(-1)?.start).toBe(NOON + 99 * MINUTE);
  });
});

const RULE = { perMinute: 60, minutes: 10 };

/** So many denials in each of the ten minutes before noon. */
const ten = (counts: (back: number) => number) =>
  Array.from({ length: 10 }, (_, at) => ({
    ...{ start: NOON - (at + 1) * MINUTE, denied: counts(at + 1), wouldDeny: 0 },
  }));

it.each([
  ['every minute above', ten(() => 61), NOON, true],
  ['the moment before the minute is over', ten(() => 61), NOON + 59_999, true],
  ['once the minute under way is one of them', ten(() => 61), NOON + MINUTE, false],
  ['one minute at the limit', ten((back) => (back === 4 ? 60 : 1_000)), NOON, false],
  ['one minute without any', ten(() => 61).filter(({ start }) => start !== NOON - 5 * MINUTE), NOON, false],
  [
    'what would have been denied does not count',
    ten(() => 0).map((m) => ({ ...m, wouldDeny: 99 })),
    NOON,
    false,
  ],
  ['nothing', [], NOON, false],
])('denied steadily: %s', (_name, counted, now, expected) => {
  expect(deniedSteadily(counted, now, RULE)).toBe(expected);
});
