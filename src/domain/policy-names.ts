import type { PolicyFields, TokenWeights } from './policy.js';

/** The fields of a policy under the names that the API has for them. */
export const POLICY_FIELD_NAMES: { readonly [K in keyof Required<PolicyFields>]: string } = {
  monthlyLimit: 'monthly_limit',
  enforcedPercent: 'enforced_percent',
  maxDailyPercent: 'max_daily_percent',
  maxHourlyPercent: 'max_hourly_percent',
  minDailyPercent: 'min_daily_percent',
  pacing: 'pacing',
  mode: 'mode',
  maxDailyPercentPerAi: 'max_daily_percent_per_ai',
  maxDailyPercentByAi: 'max_daily_percent_by_ai',
  maxRequestTokens: 'max_request_tokens',
  maxReportTokens: 'max_report_tokens',
  cooldownMs: 'cooldown',
  maxConcurrent: 'max_concurrent',
  maxConcurrentPerAi: 'max_concurrent_per_ai',
  sessionGraceMs: 'session_grace',
  leaseTtlMs: 'lease_ttl',
  maxLeaseDurationMs: 'max_lease_duration',
  defaultReservation: 'default_reservation',
  minReservation: 'min_reservation',
  minEstimate: 'min_estimate',
  onExpiry: 'on_expiry',
  lateReportGraceMs: 'late_report_grace',
  tokenWeights: 'token_weights',
  tokenWeightsByModel: 'token_weights_by_model',
  timeZone: 'time_zone',
  warningPercent: 'warning_percent',
  criticalPercent: 'critical_percent',
  emergencyPercent: 'emergency_percent',
  fallbackBudgetIds: 'fallback_budget_ids',
};

export const TOKEN_WEIGHT_NAMES: { readonly [K in keyof TokenWeights]: string } = {
  input: 'input_percent',
  output: 'output_percent',
  cacheRead: 'cache_read_percent',
  cacheWrite: 'cache_write_percent',
  reasoning: 'reasoning_percent',
  total: 'total_percent',
};
