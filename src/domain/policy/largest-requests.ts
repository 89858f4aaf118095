import type { Policy } from '../model/policy.js';
import { allowanceOf } from './allowance.js';
import { dayCap, hourCap } from './pacing.js';

/** The most that one request may ever ask of an hour and of a day, in tokens. */
export interface LargestRequests {
  readonly hour: number;
  readonly day: number;
}

/** What the last day of a month in which nothing is spent admits: no other day has a larger cap. */
export function largestRequests(policy: Policy): LargestRequests {
  const allowance = allowanceOf(policy);
  const day = dayCap(allowance, policy.pacing, 0, 1).tokens;
  const untouched = { inHour: 0, inOtherHours: 0, dayCap: day, hoursLeft: () => 1 };
  return { hour: hourCap(allowance, policy.pacing, untouched).tokens, day };
}
