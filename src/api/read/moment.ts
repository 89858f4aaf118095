import { FIRST_TIME, LAST_TIME } from '../../domain/time/time-range.js';

export const TIME_RULE = 'a time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999Z';

/** As the API has times; bytes can hold others, and some that no date is. */
export function isTime(time: Date): boolean {
  return time.getTime() >= FIRST_TIME && time.getTime() <= LAST_TIME;
}
