import { describe, expect, it } from 'vitest';
import { type PolicyFields, PRESETS } from '../../../../src/domain/model/policy.js';
import { policyWarnings } from '../../../../src/domain/policy/policy-warnings.js';
import { presetOf } from '../../../../src/domain/policy/presets.js';

/** Nothing surprises about this one; each case below changes what it names. */
const CALM: PolicyFields = { maxDailyPercent: 12 };
/** So it is of one that counts money. */
const IN_USD: PolicyFields = {
  ...{ unit: 'USD', monthlyLimit: 500_000_000, minReservation: 1_000, tokenWeights: { input: 300 } },
};
const warned = (fields: PolicyFields) => policyWarnings({ ...CALM, ...fields });

describe('warnings about a policy', () => {
  it('none where nothing surprises', () => {
    expect(warned({})).toEqual([]);
    expect(warned(IN_USD)).toEqual([]);
    expect(warned({ tokenWeightsByModel: [['gpt-5', { input: 125 }]] })).toEqual([]);
  });

  it('none of what nobody set, whatever the preset', () => {
    expect(policyWarnings({})).toEqual([]);
    for (const name of PRESETS) expect(policyWarnings({ preset: presetOf(name) })).toEqual([]);
  });

  it('of a field that was set beside defaults: the hours fill the day early', () => {
    expect(policyWarnings({ pacing: 'NONE' }).map(({ field }) => field)).toEqual(['pacing']);
    expect(policyWarnings({ maxHourlyPercent: 0.51 })).toEqual([
      {
        field: 'max_hourly_percent',
        message:
          '0.51% x 24 h = 12.24% > 8%: at full demand a day is used up after 16 h; ' +
          'at most 0.3333 lasts the day, and so does pacing EVEN',
      },
    ]);
  });

  it.each<[PolicyFields, string, RegExp]>([
    [{ maxHourlyPercent: 0.4 }, 'max_hourly_percent', /0.4% x 24 h = 9.6% < 12%: a day never reaches/],
    [{ maxHourlyPercent: 13 }, 'max_hourly_percent', /one hour may use up its whole day/],
    [
      { maxDailyPercent: 3, maxHourlyPercent: 0.125 },
      'max_daily_percent',
      /3% x 31 days = 93% < 98%: no month/,
    ],
    [{ pacing: 'NONE' }, 'pacing', /runs dry on its day 9/],
    [{ minDailyPercent: 0 }, 'min_daily_percent', /keeps nothing for later days/],
    [{ minDailyPercent: 4, pacing: 'EVEN' }, 'min_daily_percent', /4% x 31 days = 124% > 98%/],
    [{ warningPercent: 95 }, 'warning_percent', /95% is not below critical_percent, 95%/],
    [{ criticalPercent: 98 }, 'critical_percent', /grants end before it/],
    [{ maxConcurrentPerAi: 3 }, 'max_concurrent_per_ai', /3 is above max_concurrent, 2/],
    [
      { maxConcurrentPerAi: 2, cooldownMs: 3_600_000 },
      'max_concurrent_per_ai',
      /cooldown, 1 h, outlasts every lease/,
    ],
    [{ cooldownMs: 86_400_000 }, 'cooldown', /24 h: an AI gets a slot at most once/],
    [{ leaseTtlMs: 600_000, maxLeaseDurationMs: 300_000 }, 'lease_ttl', /is cut to 5 min/],
    [{ leaseTtlMs: 1_800_000 }, 'lease_ttl', /holds its slot for up to 30 min/],
    [{ leaseTtlMs: 2_000, sessionGraceMs: 1_000 }, 'lease_ttl', /2 s: one lost renewal ends/],
    [{ sessionGraceMs: 150_000 }, 'session_grace', /150 s is above lease_ttl, 2 min/],
    [
      { maxRequestTokens: 1_000 },
      'max_request_tokens',
      /above the hour's cap, 700, are denied for good though 1,000/,
    ],
    [
      { ...IN_USD, monthlyLimit: 900_000 },
      'monthly_limit',
      /^\$0\.90 a month: .* if 900,000 USD is meant, set 900000000000$/,
    ],
    [{ ...IN_USD, tokenWeights: {} }, 'token_weights', /without prices a million tokens cost \$1\.00/],
    [{ defaultReservation: 701 }, 'default_reservation', /callers without an estimate are always denied/],
    [{ minReservation: 701 }, 'min_reservation', /callers without an estimate are always denied/],
    [{ minReservation: 600, maxDailyPercentPerAi: 2 }, 'min_reservation', /in an hour or a day, 336:/],
    [
      { defaultReservation: 600, maxRequestTokens: 500 },
      'default_reservation',
      /above max_request_tokens, 500/,
    ],
    [{ minReservation: 600, maxRequestTokens: 500 }, 'min_reservation', /above max_request_tokens, 500/],
    [{ maxDailyPercentByAi: [['sandbox', 0.0001]] }, 'max_daily_percent_by_ai', /`sandbox` is always denied/],
    [
      { minEstimate: 351 },
      'min_estimate',
      /cap, 700, holds 1 such leases at a time, fewer than max_concurrent, 2/,
    ],
    [
      { minEstimate: 300, defaultReservation: 200 },
      'default_reservation',
      /200 is below min_estimate: 300 is reserved all the same/,
    ],
    [
      { minEstimate: 300, maxDailyPercentPerAi: 1 },
      'min_estimate',
      /300 is above max_daily_percent_per_ai of a day, 168/,
    ],
    [
      { minEstimate: 300, maxDailyPercentByAi: [['sandbox', 1]] },
      'max_daily_percent_by_ai',
      /1% is less than min_estimate, 300: `sandbox` is always denied/,
    ],
    [{ maxReportTokens: 500 }, 'max_report_tokens', /may reserve 700, but one report may charge only 500/],
    [
      { tokenWeights: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0 } },
      'token_weights',
      /nothing is charged/,
    ],
    [{ mode: 'OBSERVE' }, 'mode', /no limit holds/],
    [
      { tokenWeightsByModel: [['gpt-*', {}]] },
      'token_weights_by_model',
      /^`gpt-\*` is a pattern: a `\*` stands/,
    ],
    [
      {
        tokenWeightsByModel: [
          ['a*', {}],
          ['gpt-5', {}],
          ['gpt-*', {}],
          ['*', {}],
        ],
      },
      'token_weights_by_model',
      /^`a\*` and 2 more are patterns:/,
    ],
    [{ fallbackBudgetIds: ['openai', 'openai'] }, 'fallback_budget_ids', /named more than once: openai/],
  ])('%j', (fields, field, message) => {
    const warnings = warned(fields);
    expect(warnings.map((warning) => warning.field)).toEqual([field]);
    expect(warnings[0]?.message).toMatch(message);
  });

  it('names both where hours keep the month from being used up', () => {
    const fields = warned({ maxHourlyPercent: 0.1 }).map(({ field }) => field);
    expect(fields).toEqual(['max_hourly_percent', 'max_hourly_percent']);
  });

  it('does not warn of full hours where EVEN spreads the day', () => {
    expect(warned({ maxDailyPercent: 8, pacing: 'EVEN' })).toEqual([]);
  });
});
