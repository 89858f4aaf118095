/** Nothing refuses. */
export const ROOMY_FIELDS = {
  monthlyLimit: 1_000_000_000_000,
  enforcedPercent: 100,
  maxDailyPercent: 100,
  maxHourlyPercent: 100,
  minDailyPercent: 0,
  emergencyPercent: 100,
  pacing: 'NONE',
  cooldownMs: 0,
  maxConcurrent: 1_000,
  maxLeaseDurationMs: 86_400_000,
} as const;
