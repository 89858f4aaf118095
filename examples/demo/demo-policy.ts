import type { Policy } from '../../src/gen/budgetarbiter/v1/budget.js';
import { toDuration } from './durations.js';

type PolicyOfDemo = Partial<Policy>;

/** With 35 seconds for the trace: a cooldown of 1 s, and leases that end 2 s after their AI is gone. */
const SECONDS = 35;
const COOLDOWN_MS = 1_000;
const SESSION_GRACE_MS = 2_000;
const LEASE_TTL_MS = 3_000;
const SHORTEST_TTL_MS = 1_000;

/**
 * A policy scaled to the trace, so that every kind of rule has something to say: the hour takes three quarters of what the
 * AIs want, the day hardly more, and one AI may have only a small part of the day.
 */
export function demoPolicy(traceTokens: number, seconds: number): PolicyOfDemo {
  return {
    monthlyLimit: 2 * traceTokens,
    enforcedPercent: 60,
    maxHourlyPercent: 62.5,
    maxDailyPercent: 62.6,
    // FLOOR keeps this for every later day, and so must leave room for the day's cap: 98 - 30 x 1 > 62.6.
    minDailyPercent: 1,
    maxDailyPercentByAi: { sandbox: 12 },
    maxRequestTokens: 20_000,
    maxConcurrent: 2,
    cooldown: toDuration((COOLDOWN_MS * seconds) / SECONDS),
    sessionGrace: toDuration((SESSION_GRACE_MS * seconds) / SECONDS),
    leaseTtl: toDuration(Math.max(SHORTEST_TTL_MS, (LEASE_TTL_MS * seconds) / SECONDS)),
    timeZone: quietZone(new Date()),
  };
}

/** How long the simulated LLM works on a token: so that two slots are busy until the hour's cap is reached, near the end. */
export function msPerToken(traceTokens: number, seconds: number): number {
  const slotMs = 2 * seconds * 1_000;
  return (0.7 * slotMs) / (0.75 * traceTokens);
}

/** Windows that end while people watch would only confuse them: where an hour is about to end, one of India has half an hour left. */
function quietZone(now: Date): string {
  return now.getUTCMinutes() < 57 ? 'UTC' : 'Asia/Kolkata';
}
