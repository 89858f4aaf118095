import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { policyViolations } from '../../../../src/domain/policy/policy-check.js';
import { presetOf } from '../../../../src/domain/policy/presets.js';

const DAY = 86_400_000;
const broken = (fields: PolicyFields): string[] => policyViolations(fields).map(({ field }) => field);

describe('fields out of range', () => {
  it.each<[PolicyFields, string]>([
    [{ monthlyLimit: 0 }, 'policy.monthly_limit'],
    [{ monthlyLimit: 1e12 + 1 }, 'policy.monthly_limit'],
    [{ monthlyLimit: 1.5 }, 'policy.monthly_limit'],
    [{ monthlyLimit: Number.NaN }, 'policy.monthly_limit'],
    [{ enforcedPercent: 0 }, 'policy.enforced_percent'],
    [{ enforcedPercent: 100.0001 }, 'policy.enforced_percent'],
    [{ maxDailyPercent: 8.00001 }, 'policy.max_daily_percent'],
    [{ maxHourlyPercent: Number.POSITIVE_INFINITY }, 'policy.max_hourly_percent'],
    [{ minDailyPercent: -1 }, 'policy.min_daily_percent'],
    [{ pacing: 'STEADY' as 'EVEN' }, 'policy.pacing'],
    [{ mode: '' as 'OBSERVE' }, 'policy.mode'],
    [{ onExpiry: 'KEEP' as 'CHARGE' }, 'policy.on_expiry'],
    [{ maxDailyPercentPerAi: 0 }, 'policy.max_daily_percent_per_ai'],
    [{ maxDailyPercentByAi: [['guardian', 101]] }, 'policy.max_daily_percent_by_ai["guardian"]'],
    [{ maxDailyPercentByAi: [['two words', 50]] }, 'policy.max_daily_percent_by_ai["two words"]'],
    [{ maxRequestTokens: -1 }, 'policy.max_request_tokens'],
    [{ maxReportTokens: 2e12 }, 'policy.max_report_tokens'],
    [{ cooldownMs: 31 * DAY + 1 }, 'policy.cooldown'],
    [{ cooldownMs: -1 }, 'policy.cooldown'],
    [{ maxConcurrent: 0 }, 'policy.max_concurrent'],
    [{ maxConcurrent: 1_001 }, 'policy.max_concurrent'],
    [{ maxConcurrentPerAi: 0 }, 'policy.max_concurrent_per_ai'],
    [{ sessionGraceMs: 3_600_001 }, 'policy.session_grace'],
    [{ leaseTtlMs: 999 }, 'policy.lease_ttl'],
    [{ leaseTtlMs: DAY + 1 }, 'policy.lease_ttl'],
    [{ maxLeaseDurationMs: 999 }, 'policy.max_lease_duration'],
    [{ defaultReservation: -1 }, 'policy.default_reservation'],
    [{ minReservation: 0 }, 'policy.min_reservation'],
    [{ minEstimate: -1 }, 'policy.min_estimate'],
    [{ minEstimate: 1e12 + 1 }, 'policy.min_estimate'],
    [{ maxDailyPercentByAi: [['(other)', 50]] }, 'policy.max_daily_percent_by_ai["(other)"]'],
    [{ tokenWeightsByModel: [['(unknown)', {}]] }, 'policy.token_weights_by_model["(unknown)"]'],
    [{ lateReportGraceMs: DAY + 1 }, 'policy.late_report_grace'],
    [{ unit: 'usd' }, 'policy.unit'],
    [{ tokenWeights: { cacheRead: 10_000_001 } }, 'policy.token_weights.cache_read_percent'],
    [
      { tokenWeightsByModel: [['gpt-4.1', { output: -1 }]] },
      'policy.token_weights_by_model["gpt-4.1"].output_percent',
    ],
    [{ tokenWeightsByModel: [['', {}]] }, 'policy.token_weights_by_model[""]'],
    [{ tokenWeightsByModel: [['é'.repeat(65), {}]] }, `policy.token_weights_by_model["${'é'.repeat(65)}"]`],
    [{ timeZone: '+02:00' }, 'policy.time_zone'],
    [{ timeZone: 'Europe/Atlantis' }, 'policy.time_zone'],
    [{ warningPercent: 0 }, 'policy.warning_percent'],
    [{ criticalPercent: 101 }, 'policy.critical_percent'],
    [{ emergencyPercent: 0 }, 'policy.emergency_percent'],
    [{ fallbackBudgetIds: ['openai', 'Not A Budget'] }, 'policy.fallback_budget_ids[1]'],
    [{ alertPercents: [50, 0.5] }, 'policy.alert_percents[1]'],
    [{ alertPercentsPerAi: [100.5] }, 'policy.alert_percents_per_ai[0]'],
    [{ alertPercentsPerTeam: Array.from({ length: 11 }, () => 5) }, 'policy.alert_percents_per_team'],
    [
      { fallbackBudgetIds: Array.from({ length: 17 }, (_, index) => `b${index}`) },
      'policy.fallback_budget_ids',
    ],
    [
      { maxDailyPercentByAi: Array.from({ length: 251 }, (_, index) => [`ai${index}`, 50]) },
      'policy.max_daily_percent_by_ai',
    ],
    [
      { tokenWeightsByModel: Array.from({ length: 101 }, (_, index) => [`m${index}`, {}]) },
      'policy.token_weights_by_model',
    ],
  ])('%j', (fields, field) => {
    expect(broken(fields)).toEqual([field]);
  });

  it('are all named at once, with what would be right', () => {
    expect(policyViolations({ monthlyLimit: -5, leaseTtlMs: 10 })).toEqual([
      {
        field: 'policy.monthly_limit',
        description: 'must be a whole number from 1 to 1,000,000,000,000; it is -5',
      },
      { field: 'policy.lease_ttl', description: 'must be 1 s to 24 h in whole milliseconds; it is 10 ms' },
    ]);
  });

  it('end where the range does', () => {
    const fields: PolicyFields = {
      monthlyLimit: 1e12,
      enforcedPercent: 100,
      maxDailyPercent: 100,
      maxHourlyPercent: 0.0001,
      minDailyPercent: 0,
      cooldownMs: 31 * DAY,
      maxConcurrent: 1_000,
      maxConcurrentPerAi: 1_000,
      sessionGraceMs: 0,
      leaseTtlMs: 1_000,
      maxLeaseDurationMs: DAY,
      minReservation: 1,
      lateReportGraceMs: 0,
      tokenWeights: { input: 0, output: 10_000_000, total: 9_999_999.9999 },
      timeZone: 'Asia/Kathmandu',
      warningPercent: 0.0001,
    };
    expect(policyViolations(fields)).toEqual([]);
    expect(policyViolations({})).toEqual([]);
  });
});

describe('policies that cannot work', () => {
  it.each<[string, PolicyFields, string, RegExp]>([
    [
      'a minimum above the maximum',
      { maxDailyPercent: 1 },
      'policy.min_daily_percent',
      /2% is above max_daily_percent, 1%/,
    ],
    [
      'a floor that no month can keep',
      { minDailyPercent: 3.2 },
      'policy.min_daily_percent',
      /3.2% x 31 days = 99.2% > .*98%.*at most 3.1612/,
    ],
    [
      'an enforced limit of no token',
      { monthlyLimit: 1 },
      'policy.enforced_percent',
      /70% of monthly_limit, 1, is less than one token/,
    ],
    [
      'an emergency at no token',
      { monthlyLimit: 10, emergencyPercent: 10, minDailyPercent: 0 },
      'policy.emergency_percent',
      /less than one token/,
    ],
    [
      'an hour of no token',
      { monthlyLimit: 200 },
      'policy.max_hourly_percent',
      /0.5% of the enforced limit, 140,/,
    ],
    [
      'an AI share of no token',
      { maxDailyPercentPerAi: 0.001 },
      'policy.max_daily_percent_per_ai',
      /0.001% of the day's cap, 11,200,/,
    ],
    [
      'a least estimate above the largest request',
      { minEstimate: 501, maxRequestTokens: 500 },
      'policy.min_estimate',
      /501 is above max_request_tokens, 500: lower it, or raise that/,
    ],
    [
      'a least estimate that no hour admits',
      { minEstimate: 701 },
      'policy.min_estimate',
      /701 is above the most that an hour and a day ever admit, 700/,
    ],
    [
      'a least estimate that pacing never admits',
      { minEstimate: 8_000, maxHourlyPercent: 50, emergencyPercent: 5, minDailyPercent: 0 },
      'policy.min_estimate',
      /8,000 is above the most that an hour and a day ever admit, 7,000/,
    ],
    [
      'a least estimate above the largest request, in money',
      { unit: 'EUR', minReservation: 1, minEstimate: 501, maxRequestTokens: 500 },
      'policy.min_estimate',
      /€0.000501 is above max_request_tokens, €0.0005: lower it/,
    ],
    [
      'an hour of no millionth',
      { monthlyLimit: 200, unit: 'USD', defaultReservation: 1 },
      'policy.max_hourly_percent',
      /0.5% of the enforced limit, \$0.00014, is less than one millionth of USD/,
    ],
  ])('%s', (_, fields, field, description) => {
    const [violation, ...others] = policyViolations(fields);
    expect(violation?.field).toBe(field);
    expect(violation?.description).toMatch(description);
    expect(others).toEqual([]);
  });

  it.each<[PolicyFields, string[]]>([
    [{ unit: 'USD' }, ['policy.min_reservation', 'policy.default_reservation']],
    [{ unit: 'USD', defaultReservation: 0 }, ['policy.min_reservation', 'policy.default_reservation']],
    [{ unit: 'USD', minReservation: 100 }, []],
    [{ unit: 'USD', minReservation: 100, preset: presetOf('CALLS') }, ['policy.default_reservation']],
    [{ unit: 'USD', preset: presetOf('CALLS') }, ['policy.default_reservation']],
    [{ unit: 'USD', minReservation: 100, defaultReservation: 0, preset: presetOf('CALLS') }, []],
    [{ unit: 'USD', defaultReservation: 5_000 }, []],
    [{ unit: 'tokens' }, []],
  ])('a currency needs a reservation of its own: %j', (fields, wrong) => {
    expect(broken(fields)).toEqual(wrong);
  });

  it('FLOOR keeps up to the emergency share divided by 31', () => {
    expect(policyViolations({ minDailyPercent: 3.1612 })).toEqual([]);
    expect(broken({ minDailyPercent: 3.1613 })).toEqual(['policy.min_daily_percent']);
    expect(policyViolations({ minDailyPercent: 5, pacing: 'EVEN' })).toEqual([]);
  });
});
