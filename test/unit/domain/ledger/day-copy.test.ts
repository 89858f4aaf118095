import { expect, it } from 'vitest';
import { copyOf } from '../../../../src/domain/ledger/day-copy.js';
import type { HourTotal, StoredDay } from '../../../../src/domain/model/state.js';

const HOUR: Required<HourTotal> = { start: 1, tokens: 700, adjusted: 40, topped: 30 };

/** One that has every field there is: a new one must be added here, and is then missed in a copy that forgets it. */
const EVERY_FIELD: Required<StoredDay> = {
  ...{ start: 1, end: 2, total: 700, presumed: 20, late: 10, topped: 30, calls: 5, failedCalls: 1 },
  ...{ hours: [HOUR], changedAt: 9, settleUntil: 3, zone: 'Asia/Tokyo', refused: true, unit: 'USD' },
};

it('copies every field of a day and of its hours', () => {
  expect(copyOf(EVERY_FIELD)).toStrictEqual(EVERY_FIELD);
});

it('makes no field that a day does not have', () => {
  const { topped, calls, failedCalls, zone, refused, unit, ...plain } = EVERY_FIELD;
  const bare = { ...plain, hours: [{ start: 1, tokens: 700 }] };
  expect(copyOf(bare)).toStrictEqual(bare);
});

it('shares no hour with the day that it is a copy of', () => {
  const day = { ...EVERY_FIELD, hours: [{ ...HOUR }] };
  for (const hour of copyOf(day).hours) hour.tokens += 1;
  expect(day.hours).toEqual([HOUR]);
});
