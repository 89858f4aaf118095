import { percentUnits } from '../model/percent.js';
import type { Policy } from '../model/policy.js';
import { inUnit } from '../model/unit.js';
import { type Allowance, allowanceOf } from './allowance.js';
import {
  EXPERIENCE_DAYS,
  type Experience,
  type HourShare,
  NO_EXPERIENCE,
  takenOfEqualParts,
} from './experience.js';

/** A cap, and for a person what lowered it below the policy's percentage. */
export interface Cap {
  readonly tokens: number;
  readonly loweredBy?: string;
}

export interface DayInput {
  /** Spent + reserved in the other days of the month. */
  readonly before: number;
  /** Today included. */
  readonly daysLeft: number;
  readonly daysInMonth: number;
  /** What the last days took. */
  readonly past: Experience['days'];
}

type PacingOf = Pick<Policy, 'pacing' | 'evennessPercent' | 'unit'>;

/** The day's cap in force. */
export function dayCap(allowance: Allowance, policy: PacingOf, input: DayInput): Cap {
  const tokens = dayCapTokens(allowance, policy, input);
  return tokens === allowance.dailyMax
    ? { tokens }
    : { tokens, loweredBy: whyLowered(allowance, policy, input, tokens) };
}

export function dayCapTokens(allowance: Allowance, policy: PacingOf, input: DayInput): number {
  return Math.max(0, Math.min(allowance.dailyMax, paced(allowance, policy, input)));
}

function paced(allowance: Allowance, policy: PacingOf, input: DayInput): number {
  switch (policy.pacing) {
    case 'NONE':
      return Number.POSITIVE_INFINITY;
    case 'FLOOR':
      return floorCap(allowance, input);
    case 'EVEN':
      return Math.min(floorCap(allowance, input), evenCap(allowance, policy, input));
  }
}

function leftOf({ grantable }: Allowance, { before }: DayInput): number {
  return Math.max(0, grantable - before);
}

/** Whatever the first days burn, every later day still finds its minimum; where even that is gone, an equal part of the rest. */
function floorCap(allowance: Allowance, input: DayInput): number {
  const { daysLeft } = input;
  const left = leftOf(allowance, input);
  const beyondMinimums = left - allowance.dailyMin * (daysLeft - 1);
  return Math.max(beyondMinimums, Math.min(allowance.dailyMin, ceilDiv(left, daysLeft)));
}

/**
 * An equal part of what is left, or more by as much as experience says that other days will leave of theirs: at most half as much
 * again, and only while every later day still finds its share of what it would have had in an even month.
 */
function evenCap(allowance: Allowance, { evennessPercent }: PacingOf, input: DayInput): number {
  const { daysLeft, daysInMonth, past } = input;
  const left = leftOf(allowance, input);
  const equal = ceilDiv(left, daysLeft);
  const evenness = percentUnits(evennessPercent);
  if (evenness === WHOLE) return equal;
  const taken = takenOfEqualParts(past, left, daysLeft);
  const hoped =
    taken === 0 ? Number.POSITIVE_INFINITY : ceilDiv(EXPERIENCE_DAYS * left * left, daysLeft * taken);
  const most = ceilDiv(3 * left, 2 * daysLeft);
  const kept = Math.floor((allowance.grantable * evenness * (daysLeft - 1)) / (WHOLE * daysInMonth));
  return Math.max(equal, Math.min(hoped, most, left - kept));
}

/** 100 percent. */
const WHOLE = percentUnits(100);

function whyLowered(allowance: Allowance, { pacing, unit }: PacingOf, input: DayInput, cap: number): string {
  if (pacing === 'FLOOR') return 'pacing FLOOR keeps the daily minimum of every later day';
  const { daysLeft, past } = input;
  const left = leftOf(allowance, input);
  if (cap <= ceilDiv(left, daysLeft)) return 'pacing EVEN divides what is left among the days left';
  const percent = Math.round((100 * takenOfEqualParts(past, left, daysLeft)) / (EXPERIENCE_DAYS * left));
  return `the last ${EXPERIENCE_DAYS} days took ${percent}% of an equal part, so today may take ${inUnit(unit, cap)}`;
}

export interface HourInput {
  /** Spent + reserved in this hour. */
  readonly inHour: number;
  /** Spent + reserved in the other hours of the day. */
  readonly inOtherHours: number;
  readonly dayCap: number;
  /** What this hour weighs among those left in the day. */
  readonly pace: { readonly hourShare: HourShare };
}

/** The hour's cap in force. */
export function hourCap(allowance: Allowance, policy: PacingOf, input: HourInput): Cap {
  // A part can be smaller than any one request: an untouched hour admits one all the same.
  if (policy.pacing === 'EVEN' && input.inHour === 0)
    return lowered(allowance.hourlyMax, input.dayCap, "the day's cap is lower");
  return pacedHourCap(allowance, policy, input);
}

/** The same without what an untouched hour admits: percentages of the hour's cap are of this. */
export function pacedHourCap(
  allowance: Allowance,
  { pacing }: PacingOf,
  input: Omit<HourInput, 'inHour'>,
): Cap {
  if (pacing !== 'EVEN') return { tokens: allowance.hourlyMax };
  const rest = Math.max(0, input.dayCap - input.inOtherHours);
  const { weight, left } = input.pace.hourShare;
  const part = Math.min(rest, ceilDiv(5 * rest * weight, 4 * left));
  return lowered(allowance.hourlyMax, part, 'pacing EVEN divides the day among its hours');
}

function lowered(max: number, part: number, reason: string): Cap {
  return part >= max ? { tokens: max } : { tokens: Math.max(0, part), loweredBy: reason };
}

export function ceilDiv(dividend: number, divisor: number): number {
  const quotient = Math.floor(dividend / divisor);
  return quotient * divisor < dividend ? quotient + 1 : quotient;
}

/** The most that one request may ever ask of an hour, of a day and of a month, in tokens. */
export interface LargestRequests {
  readonly hour: number;
  /** Of an hour as it is paced. */
  readonly pacedHour: number;
  readonly day: number;
  readonly month: number;
}

/** What the last day of a month in which nothing is spent admits: no other day has a larger cap. */
export function largestRequests(policy: Policy, larger = 0): LargestRequests {
  const allowance = allowanceOf(policy, larger);
  const lastDay = { before: 0, daysLeft: 1, daysInMonth: 31, past: NO_EXPERIENCE.days };
  const day = dayCap(allowance, policy, lastDay).tokens;
  const pace = { hourShare: { weight: 1, left: 1 } };
  const untouched = { inHour: 0, inOtherHours: 0, dayCap: day, pace };
  return {
    hour: hourCap(allowance, policy, untouched).tokens,
    pacedHour: pacedHourCap(allowance, policy, untouched).tokens,
    day,
    month: allowance.enforced,
  };
}
