import type { DistributionStats } from '../../src/domain/statistics/distribution.js';

/** The statistics of the example in the design, with something in every field. */
export const EXAMPLE_STATS: DistributionStats = {
  monthlyDistribution: {
    totalTokens: 45_000,
    daysWithUsage: 15,
    avgDailyUsage: 3_000,
    maxDailyUsage: 8_000,
    minDailyUsage: 500,
    usageSpreadPercentage: 93.75,
    dailyUsageData: [{ date: '2026-11-01', tokens: 3_000, start: Date.parse('2026-11-01T00:00:00Z') }],
  },
  dailyDistribution: {
    totalTokens: 2_500,
    hoursWithUsage: 8,
    avgHourlyUsage: 312.5,
    hourlyUsageData: [{ hour: '2026-11-01 09:00', tokens: 312, start: Date.parse('2026-11-01T09:00:00Z') }],
    date: '2026-11-01',
  },
  rateLimitingStatus: {
    maxDailyPercentage: 8,
    maxHourlyPercentage: 0.5,
    minDailyPercentage: 2,
    aiCooldownPeriod: 300,
    maxConcurrentRequests: 2,
    activeRequests: 1,
    lastAiRequests: new Map([
      ['guardian', Date.parse('2026-11-01T09:12:00.789Z')],
      ['__proto__', Date.parse('2026-11-01T08:00:00Z')],
    ]),
  },
  grade: 'POOR',
  daysBelowMinimum: ['2026-11-02'],
  byAi: [{ aiId: 'guardian', tokens: 45_000 }],
  byModel: [{ model: 'gpt-4.1', tokens: 45_000 }],
  presumedTokens: 70,
  lateTokens: 7,
  forecast: {
    paceTokensPerHour: 131.94,
    projectedMonthTokens: 90_000,
    exhaustedAt: Date.parse('2026-11-29T01:02:03.004Z'),
  },
  windows: [
    {
      kind: 'HOUR',
      start: Date.parse('2026-11-01T09:00:00Z'),
      end: Date.parse('2026-11-01T10:00:00Z'),
      cap: 700,
      spent: 312,
      reserved: 100,
      available: 288,
    },
  ],
  budgetId: 'anthropic',
  month: '2026-11',
  timeZone: 'UTC',
};
