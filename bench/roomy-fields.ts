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

const PARTS = {
  maxHourlyPercent: 90,
  maxDailyPercent: 90,
  maxMonthlyPercent: 90,
  maxConcurrent: 900,
} as const;
const two = (at: number) => String(at).padStart(2, '0');

/** As many teams, patterns and limits of models as a policy may have; and none of them refuses. */
export const SHARED_FIELDS = {
  ...ROOMY_FIELDS,
  teams: Array.from({ length: 64 }, (_, at) => {
    const aiIds = [`ai-${at}`, `team-${two(at)}/*`, `*/team-${two(at)}`, `t${two(at)}-*-x`];
    return [`team-${two(at)}`, { aiIds, ...PARTS }] as const;
  }),
  models: Array.from({ length: 64 }, (_, at) => [at === 0 ? '*' : `model-${two(at)}-*`, PARTS] as const),
};
