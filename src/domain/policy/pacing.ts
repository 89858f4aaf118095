import type { Pacing, Policy } from '../model/policy.js';
import { type Allowance, allowanceOf } from './allowance.js';

/** A cap, and for a person what lowered it below the policy's percentage. */
export interface Cap {
  readonly tokens: number;
  readonly loweredBy?: string;
}

/** The day's cap in force. `before`: spent + reserved in the other days of the month; `daysLeft`: today included. */
export function dayCap(allowance: Allowance, pacing: Pacing, before: number, daysLeft: number): Cap {
  const left = Math.max(0, allowance.grantable - before);
  switch (pacing) {
    case 'NONE':
      return { tokens: allowance.dailyMax };
    case 'FLOOR':
      return lowered(
        allowance.dailyMax,
        floorCap(allowance, left, daysLeft),
        'pacing FLOOR keeps the daily minimum of every later day',
      );
    case 'EVEN':
      return lowered(
        allowance.dailyMax,
        ceilDiv(left, daysLeft),
        'pacing EVEN divides what is left among the days left',
      );
  }
}

/** Whatever the first days burn, every later day still finds its minimum; where even that is gone, an equal part of the rest. */
function floorCap(allowance: Allowance, left: number, daysLeft: number): number {
  const beyondMinimums = left - allowance.dailyMin * (daysLeft - 1);
  return Math.max(beyondMinimums, Math.min(allowance.dailyMin, ceilDiv(left, daysLeft)));
}

export interface HourInput {
  /** Spent + reserved in this hour. */
  readonly inHour: number;
  /** Spent + reserved in the other hours of the day. */
  readonly inOtherHours: number;
  readonly dayCap: number;
  /** Real hours left in the day, this one included. */
  readonly hoursLeft: () => number;
}

/** The hour's cap in force. */
export function hourCap(allowance: Allowance, pacing: Pacing, input: HourInput): Cap {
  if (pacing !== 'EVEN') return { tokens: allowance.hourlyMax };
  // Equal parts can be smaller than any one request: an untouched hour admits one all the same.
  if (input.inHour === 0) return lowered(allowance.hourlyMax, input.dayCap, "the day's cap is lower");
  const left = Math.max(0, input.dayCap - input.inOtherHours);
  const part = ceilDiv(12 * left, 10 * input.hoursLeft());
  return lowered(allowance.hourlyMax, part, 'pacing EVEN divides the day among its hours');
}

function lowered(max: number, paced: number, reason: string): Cap {
  if (paced >= max) return { tokens: max };
  return { tokens: Math.max(0, paced), loweredBy: reason };
}

export function ceilDiv(dividend: number, divisor: number): number {
  const quotient = Math.floor(dividend / divisor);
  return quotient * divisor < dividend ? quotient + 1 : quotient;
}

/** The most that one request may ever ask of an hour, of a day and of a month, in tokens. */
export interface LargestRequests {
  readonly hour: number;
  readonly day: number;
  readonly month: number;
}

/** What the last day of a month in which nothing is spent admits: no other day has a larger cap. */
export function largestRequests(policy: Policy, larger = 0): LargestRequests {
  const allowance = allowanceOf(policy, larger);
  const day = dayCap(allowance, policy.pacing, 0, 1).tokens;
  const untouched = { inHour: 0, inOtherHours: 0, dayCap: day, hoursLeft: () => 1 };
  return { hour: hourCap(allowance, policy.pacing, untouched).tokens, day, month: allowance.enforced };
}
