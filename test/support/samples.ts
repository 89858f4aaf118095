import { formatLeaseId } from '../../src/domain/model/lease-id.js';
import type { BudgetSnapshot, BudgetView } from '../../src/domain/model/outcomes.js';
import { type PolicyFields, policyInForce } from '../../src/domain/model/policy.js';
import type { StoredAlert } from '../../src/domain/model/state.js';
import type { Denial, LeaseView, TopUpView, WindowStatus } from '../../src/domain/model/types.js';
import { NO_EXPERIENCE } from '../../src/domain/policy/experience.js';
import type { DistributionStats } from '../../src/domain/statistics/distribution.js';

export const NOON = Date.UTC(2026, 10, 15, 12);
export const LEASE_ID = formatLeaseId('anthropic', 1, 7, 'abcdefghijklmnop');

export function lease(changes: Partial<LeaseView> = {}): LeaseView {
  return {
    leaseId: LEASE_ID,
    fence: 7,
    requestId: 'request-1',
    budgetId: 'anthropic',
    aiId: 'guardian',
    status: 'LIVE',
    reservedTokens: 400,
    usedTokens: 25,
    presumedTokens: 0,
    grantedAt: NOON - 60_000,
    expiresAt: NOON + 60_500,
    renewableUntil: NOON + 3_540_000,
    labels: { team: 'blue' },
    asOf: NOON,
    ...changes,
  };
}

export function closedLease(changes: Partial<LeaseView> = {}): LeaseView {
  return lease({ status: 'EXPIRED', closedAt: NOON - 1_000, presumedTokens: 375, ...changes });
}

export const DENIAL: Denial = {
  blockers: [
    {
      rule: 'COOLDOWN',
      limit: 300,
      spent: 60,
      reserved: 0,
      requested: 0,
      availableAt: NOON + 240_000,
      message: 'the last grant was 60 s ago',
    },
    { rule: 'HOURLY_CAP', limit: 700, spent: 600, reserved: 100, requested: 1, message: 'the hour is full' },
  ],
  retryAfterMs: 240_000,
  availableAt: NOON + 240_000,
  permanent: false,
  fallbackBudgetIds: ['openai'],
};

export function budget(fields: PolicyFields = {}, changes: Partial<BudgetView> = {}): BudgetView {
  return {
    budgetId: 'anthropic',
    policyFields: fields,
    policy: policyInForce(fields),
    etag: '3',
    createdAt: NOON - 86_400_000,
    zone: 'UTC',
    ...changes,
  };
}

export const WINDOWS: readonly WindowStatus[] = [
  {
    kind: 'HOUR',
    start: NOON,
    end: NOON + 3_600_000,
    cap: 700,
    spent: 600,
    reserved: 50,
    available: 50,
    topped: 20,
  },
];

export const TOP_UP: TopUpView = {
  ...{ topUpId: 'friday', kind: 'OVER_CAPS', tokens: 5_000, reason: 'a release', aiId: 'guardian' },
  ...{ addedAt: NOON - 60_000, expiresAt: NOON + 86_400_000 },
  ...{ spent: 1_200, reserved: 300, available: 3_500, takenBack: 0 },
};

export function snapshot(changes: Partial<BudgetSnapshot> = {}): BudgetSnapshot {
  return {
    budget: budget(),
    epoch: 1,
    revision: 9,
    now: NOON,
    month: { key: '2026-11', start: Date.UTC(2026, 10), end: Date.UTC(2026, 11) },
    today: { day: '2026-11-15', start: Date.UTC(2026, 10, 15), end: Date.UTC(2026, 10, 16) },
    liveLeases: [lease()],
    closedLeases: [],
    fence: 1,
    lastGrants: new Map(),
    windows: WINDOWS,
    teams: [],
    openDays: [],
    dayTotals: new Map(),
    experience: NO_EXPERIENCE,
    countsFrom: Date.UTC(2026, 10),
    monthAis: new Map(),
    monthModels: new Map(),
    monthTopped: 20,
    larger: 0,
    topUps: [TOP_UP],
    monthParts: new Map(),
    alerts: [],
    silences: {},
    ...changes,
  };
}

export const ALERT: StoredAlert = {
  rule: 'HOURLY_BURST',
  window: 'HOUR',
  windowStart: NOON,
  raisedAt: NOON + 5_000,
  value: 600,
  threshold: 560,
  message: 'more than 80% of the hour is spent',
};

export const STATS: DistributionStats = {
  monthlyDistribution: {
    totalTokens: 45_000,
    daysWithUsage: 15,
    avgDailyUsage: 3_000,
    maxDailyUsage: 8_000,
    minDailyUsage: 500,
    usageSpreadPercentage: 93.75,
    dailyUsageData: [
      { date: '2026-11-01', tokens: 3_000, calls: 12, failedCalls: 2, start: Date.UTC(2026, 10, 1) },
    ],
  },
  dailyDistribution: {
    totalTokens: 2_500,
    hoursWithUsage: 8,
    avgHourlyUsage: 312.5,
    hourlyUsageData: [{ hour: '2026-11-01 09:00', tokens: 312, start: Date.UTC(2026, 10, 1, 9) }],
    date: '2026-11-01',
    hourUnknownTokens: 40,
  },
  rateLimitingStatus: {
    maxDailyPercentage: 8,
    maxHourlyPercentage: 0.5,
    minDailyPercentage: 2,
    aiCooldownPeriod: 300,
    maxConcurrentRequests: 2,
    activeRequests: 1,
    lastAiRequests: new Map([
      ['guardian', NOON],
      ['__proto__', NOON + 1_000],
    ]),
  },
  grade: 'POOR',
  spreadByWeekdayPercentage: 37.5,
  daysBelowMinimum: ['2026-11-02'],
  byAi: [{ aiId: 'guardian', tokens: 45_000, calls: 150, failedCalls: 20 }],
  byModel: [{ model: '(unknown)', tokens: 45_000, calls: 0, failedCalls: 0 }],
  toppedTokens: 20,
  byTeam: [],
  presumedTokens: 100,
  lateTokens: 10,
  calls: 151,
  failedCalls: 21,
  forecast: { paceTokensPerHour: 250.5, projectedMonthTokens: 90_000, exhaustedAt: NOON + 86_400_000 },
  windows: WINDOWS,
  budgetId: 'anthropic',
  month: '2026-11',
  timeZone: 'UTC',
  unit: 'tokens',
};

/** The example of the design, with something else in every field that it says nothing of. */
export const EXAMPLE_STATS: DistributionStats = {
  ...STATS,
  rateLimitingStatus: {
    ...STATS.rateLimitingStatus,
    lastAiRequests: new Map([
      ['guardian', Date.parse('2026-11-01T09:12:00.789Z')],
      ['__proto__', Date.parse('2026-11-01T08:00:00Z')],
    ]),
  },
  byModel: [{ model: 'gpt-4.1', tokens: 45_000, calls: 150, failedCalls: 20 }],
  byTeam: [],
  presumedTokens: 70,
  toppedTokens: 20,
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
      topped: 0,
    },
  ],
};
