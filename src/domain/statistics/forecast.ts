import type { Span } from '../time/recent.js';
import { toHundredths } from './spread.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How a month would end if it went on like this. */
export interface Forecast {
  /** Tokens an hour, from now to the month's end, that would land exactly on the enforced limit. */
  readonly paceTokensPerHour: number;
  readonly projectedMonthTokens: number;
  /** When the enforced limit would be reached; absent if not within the month. */
  readonly exhaustedAt?: number;
}

export interface ForecastInput {
  readonly enforced: number;
  /** Without what came from top-ups. */
  readonly spent: number;
  /** What came from them: it is in the month's total, and nothing more of it is expected. */
  readonly topped?: number;
  readonly month: Span;
  readonly now: number;
}

/**
 * Projects the month at the rate of its days so far, without regard to caps. The rate is taken over a day at the least: AIs
 * work in bursts, and the first busy hour of a month would else project a month that is nothing but busy hours.
 */
export function forecastOf({ enforced, spent, topped = 0, month, now }: ForecastInput): Forecast {
  const hoursLeft = Math.max(0, month.end - now) / HOUR_MS;
  const left = Math.max(0, enforced - spent);
  const perMs = spent / Math.max(now - month.start, DAY_MS);
  const projected = Math.round(perMs * (month.end - month.start)) + topped;
  const forecast = {
    paceTokensPerHour: hoursLeft === 0 ? 0 : toHundredths(left / hoursLeft),
    projectedMonthTokens: Math.min(projected, Number.MAX_SAFE_INTEGER),
  };
  if (perMs === 0) return forecast;
  const exhaustedAt = now + Math.ceil(left / perMs);
  return exhaustedAt < month.end ? { ...forecast, exhaustedAt } : forecast;
}

/** Whether enough of the month has passed to take its forecast seriously. */
export function forecastCounts(month: Span, now: number): boolean {
  return now - month.start >= DAY_MS;
}
