/** Generous: what a test is not about must not refuse. */
export const ROOMY = {
  monthly_limit: 1_000_000_000_000,
  enforced_percent: 100,
  max_daily_percent: 100,
  max_hourly_percent: 100,
  min_daily_percent: 0,
  emergency_percent: 100,
  pacing: 'PACING_NONE',
  cooldown: { seconds: 0 },
};
