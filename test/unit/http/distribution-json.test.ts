import { describe, expect, it } from 'vitest';
import { distributionJson } from '../../../src/http/distribution-json.js';
import { EXAMPLE_STATS, NOON } from '../../support/samples.js';

type Json = { distribution_stats: Record<string, Record<string, unknown>> };
const sent = (stats = EXAMPLE_STATS) => JSON.parse(JSON.stringify(distributionJson(stats))) as Json;

describe('the JSON of a distribution', () => {
  it('has the names and types that its readers know', () => {
    const example = JSON.parse(`{"distribution_stats": {
      "monthly_distribution": {"total_tokens": 45000, "days_with_usage": 15, "avg_daily_usage": 3000,
        "max_daily_usage": 8000, "min_daily_usage": 500, "usage_spread_percentage": 93.75,
        "daily_usage_data": [{"date": "2026-11-01", "tokens": 3000}]},
      "daily_distribution": {"total_tokens": 2500, "hours_with_usage": 8, "avg_hourly_usage": 312.5,
        "hourly_usage_data": [{"hour": "2026-11-01 09:00", "tokens": 312}]},
      "rate_limiting_status": {"max_daily_percentage": 8.0, "max_hourly_percentage": 0.5,
        "min_daily_percentage": 2.0, "ai_cooldown_period": 300, "max_concurrent_requests": 2,
        "active_requests": 1, "last_ai_requests": {"guardian": "2026-11-01T09:12:00Z"}}}}`) as Json;
    expect(sent()).toMatchObject(example);
  });

  it('has further fields beside them', () => {
    const stats = sent().distribution_stats;
    expect(Object.keys(stats)).toEqual([
      'monthly_distribution',
      'daily_distribution',
      'rate_limiting_status',
      'grade',
      'spread_by_weekday_percentage',
      'days_below_minimum',
      'by_ai',
      'by_model',
      'by_team',
      'presumed_tokens',
      'late_tokens',
      'forecast',
      'windows',
      'budget_id',
      'month',
      'time_zone',
      'topped_tokens',
      'unit',
      'calls',
      'failed_calls',
    ]);
    expect(stats).toMatchObject({
      monthly_distribution: {
        daily_usage_data: [{ start: '2026-11-01T00:00:00Z', calls: 12, failed_calls: 2 }],
      },
      daily_distribution: { date: '2026-11-01', hourly_usage_data: [{ start: '2026-11-01T09:00:00Z' }] },
      grade: 'POOR',
      spread_by_weekday_percentage: 37.5,
      days_below_minimum: ['2026-11-02'],
      by_ai: [{ ai_id: 'guardian', tokens: 45_000, calls: 150, failed_calls: 20 }],
      by_model: [{ model: 'gpt-4.1', tokens: 45_000, calls: 150, failed_calls: 20 }],
      presumed_tokens: 70,
      late_tokens: 7,
      topped_tokens: 20,
      forecast: {
        pace_tokens_per_hour: 131.94,
        projected_month_tokens: 90_000,
        exhausted_at: '2026-11-29T01:02:03Z',
      },
      windows: [
        {
          window: 'HOUR',
          start: '2026-11-01T09:00:00Z',
          end: '2026-11-01T10:00:00Z',
          cap_tokens: 700,
          spent_tokens: 312,
          reserved_tokens: 100,
          available_tokens: 288,
          kept_tokens: 0,
        },
      ],
      budget_id: 'anthropic',
      month: '2026-11',
      time_zone: 'UTC',
      calls: 151,
      failed_calls: 21,
    });
  });

  it('has the headline, whose rule is unspecified where no rule is the reason', () => {
    const headline = { status: 'FULL', text: 'The hour is full', until: NOON, ais: 3, perMinute: 2 } as const;
    expect(sent({ ...EXAMPLE_STATS, headline }).distribution_stats['headline']).toEqual({
      ...{ status: 'FULL', text: 'The hour is full', observed_text: '', until: '2026-11-15T12:00:00Z' },
      ...{ rule: 'UNSPECIFIED', ais: 3, denials_per_minute: 2 },
    });
    expect(sent().distribution_stats).not.toHaveProperty('headline');
  });

  it('keeps an AI whose name is special to JavaScript', () => {
    const last = sent().distribution_stats['rate_limiting_status']?.['last_ai_requests'];
    expect(Object.entries(last as object)).toContainEqual(['__proto__', '2026-11-01T08:00:00Z']);
  });

  it('says null where the month is not exhausted, and has no forecast of a past month', () => {
    const { forecast, ...past } = EXAMPLE_STATS;
    expect(sent(past).distribution_stats).not.toHaveProperty('forecast');
    const calm = { ...past, forecast: { paceTokensPerHour: 1, projectedMonthTokens: 2 } };
    expect(sent(calm).distribution_stats['forecast']).toMatchObject({ exhausted_at: null });
    expect(forecast).toBeDefined();
  });
});
