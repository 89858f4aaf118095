import type { PolicyFields } from '../../src/domain/model/policy.js';

/** Generous: what a test is not about must not refuse. The months and slots are for each world to choose. */
export const ROOMY_WINDOWS = {
  maxDailyPercent: 100,
  maxHourlyPercent: 100,
  minDailyPercent: 0,
  pacing: 'NONE',
  cooldownMs: 0,
} as const satisfies PolicyFields;

/** Generous too, as the built service reads it in JSON. */
export const ROOMY_MESSAGE = {
  monthly_limit: 1_000_000_000_000,
  enforced_percent: 100,
  max_daily_percent: 100,
  max_hourly_percent: 100,
  min_daily_percent: 0,
  emergency_percent: 100,
  pacing: 'PACING_NONE',
  cooldown: { seconds: 0 },
};
