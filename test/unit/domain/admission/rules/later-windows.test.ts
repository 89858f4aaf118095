import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../../src/domain/model/policy.js';
import { ROOMY, TestBudget } from '../../../../support/budget.js';

/** 137,200 tokens to grant, 11,200 and at least 2,800 a day, 700 an hour: the defaults, but for what hides the caps. */
const DEFAULTS: PolicyFields = {
  cooldownMs: 0,
  maxConcurrent: 9,
  maxConcurrentPerAi: 9,
  maxReportTokens: 200_000,
};

interface Case {
  readonly policy?: PolicyFields;
  readonly at: string;
  /** Spent now, and before today. */
  readonly today?: number;
  readonly before?: number;
  readonly asked: number;
  readonly expected: Record<string, string | 'permanent' | undefined>;
}

const HOURLESS = { maxHourlyPercent: 100 };

describe('when a cap opens again', () => {
  it.each<[string, Case]>([
    [
      'the hour: with the next',
      {
        at: '2026-11-10T09:10:00Z',
        today: 700,
        asked: 100,
        expected: { HOURLY_CAP: '2026-11-10T10:00:00Z' },
      },
    ],
    [
      'the last hour of a day: with the next day',
      {
        at: '2026-11-10T23:10:00Z',
        today: 700,
        asked: 100,
        expected: { HOURLY_CAP: '2026-11-11T00:00:00Z' },
      },
    ],
    [
      'an hour never takes more than an hour: permanent',
      { at: '2026-11-10T09:10:00Z', asked: 701, expected: { HOURLY_CAP: 'permanent' } },
    ],
    [
      'under EVEN an untouched hour takes one request up to its maximum',
      {
        ...{ policy: { pacing: 'EVEN' }, at: '2026-11-10T09:10:00Z', today: 500, asked: 600 },
        expected: { HOURLY_CAP: '2026-11-10T10:00:00Z' },
      },
    ],
    [
      'under EVEN a day that is too small waits for one that is not: what it leaves, later days get',
      {
        ...{ policy: { pacing: 'EVEN' }, at: '2026-11-20T09:10:00Z', before: 133_000, asked: 690 },
        // 4,200 for 11 days: 382 a day; from the 24th on, 7 days left, 600; on the 25th 700.
        expected: { HOURLY_CAP: '2026-11-25T00:00:00Z', DAILY_CAP: '2026-11-25T00:00:00Z' },
      },
    ],
    [
      'under EVEN an AI never takes more than its percentage of what a month hands out: permanent',
      {
        policy: { pacing: 'EVEN', maxDailyPercent: 100, maxHourlyPercent: 100, maxDailyPercentPerAi: 50 },
        ...{ at: '2026-11-10T09:10:00Z', asked: 68_601 },
        // 50% of 137,200. That of the day's cap without pacing would be 70,000.
        expected: {
          HOURLY_CAP: '2026-11-30T00:00:00Z',
          DAILY_CAP: '2026-11-30T00:00:00Z',
          AI_DAILY_CAP: 'permanent',
        },
      },
    ],
    [
      'under FLOOR a day never takes more than a month hands out: permanent',
      {
        policy: { maxDailyPercent: 100, maxHourlyPercent: 100, emergencyPercent: 62 },
        ...{ at: '2026-11-10T09:10:00Z', asked: 86_801, expected: { DAILY_CAP: 'permanent' } },
      },
    ],
    [
      'under EVEN an hour never takes more than a day: permanent',
      {
        policy: { pacing: 'EVEN', maxDailyPercent: 100, maxHourlyPercent: 100, emergencyPercent: 62 },
        ...{ at: '2026-11-10T09:10:00Z', asked: 86_801 },
        expected: { HOURLY_CAP: 'permanent', DAILY_CAP: 'permanent' },
      },
    ],
    [
      'without pacing a month hands out all of it, if the first request asks for it',
      {
        policy: { pacing: 'NONE', maxDailyPercent: 100, maxHourlyPercent: 100, emergencyPercent: 62 },
        ...{ at: '2026-11-10T09:10:00Z', today: 1, asked: 140_000 },
        expected: {
          HOURLY_CAP: '2026-11-10T10:00:00Z',
          DAILY_CAP: '2026-11-11T00:00:00Z',
          MONTHLY_CAP: '2026-12-01T00:00:00Z',
        },
      },
    ],
    [
      'the day under NONE: with the next',
      {
        ...{
          policy: { ...HOURLESS, pacing: 'NONE' },
          at: '2026-11-10T09:10:00Z',
          today: 11_200,
          asked: 11_200,
        },
        expected: { DAILY_CAP: '2026-11-11T00:00:00Z' },
      },
    ],
    [
      'the day under FLOOR: on the first day whose minimum is enough',
      {
        ...{ policy: HOURLESS, at: '2026-11-10T09:10:00Z', before: 81_200, today: 0, asked: 2_801 },
        // 56,000 for 21 days: 2,800 is kept for each of those to come, so each day unused leaves as much again.
        expected: { DAILY_CAP: '2026-11-12T00:00:00Z' },
      },
    ],
    [
      'the day under FLOOR: not in this month, so on the first of the next',
      {
        ...{ policy: HOURLESS, at: '2026-11-30T09:10:00Z', before: 130_000, today: 7_000, asked: 300 },
        expected: { DAILY_CAP: '2026-12-01T00:00:00Z' },
      },
    ],
    [
      'the month: with the next',
      {
        ...{ policy: { ...HOURLESS, pacing: 'NONE', emergencyPercent: 100 }, at: '2026-11-30T09:10:00Z' },
        ...{ before: 139_950, asked: 100, expected: { MONTHLY_CAP: '2026-12-01T00:00:00Z' } },
      },
    ],
    [
      'another zone: at its own midnight',
      {
        ...{ policy: { ...HOURLESS, timeZone: 'Asia/Tokyo' }, at: '2026-11-30T09:10:00Z' },
        ...{ before: 130_000, today: 7_000, asked: 300 },
        expected: { DAILY_CAP: '2026-11-30T15:00:00Z' },
      },
    ],
  ])('%s', (_, { policy, at, before = 0, today = 0, asked, expected }) => {
    const budget = new TestBudget({ ...DEFAULTS, ...policy }, '2026-11-02T00:00:00Z');
    spend(budget, before);
    spend(budget.at(at), today);
    const { blockers } = budget.deny('a', asked);
    const opens = blockers.map(({ rule, permanent, availableAt }) => [
      rule,
      permanent ? 'permanent' : availableAt && new Date(availableAt).toISOString().replace('.000', ''),
    ]);
    expect(Object.fromEntries(opens)).toEqual(expected);
  });

  it('live reservations count as spent for later windows', () => {
    const budget = new TestBudget({ ...DEFAULTS, ...HOURLESS }, '2026-11-02T00:00:00Z');
    spend(budget, 126_000);
    spend(budget.at('2026-11-29T12:00:00Z'), 5_000);
    const opens = () => budget.deny('b', 3_500).availableAt;
    expect(opens()).toBe(Date.parse('2026-11-30T00:00:00Z'));
    budget.grant('a', 3_000);
    // 137,200 - 134,000 is less than what is asked for.
    expect(opens()).toBe(Date.parse('2026-12-01T00:00:00Z'));
  });

  it('of the next month in a zone that was set to begin with it', () => {
    const budget = new TestBudget({ ...ROOMY, maxDailyPercent: 1 }, '2026-11-30T12:00:00Z');
    budget.release(budget.grant('a', 10_000), 10_000);
    budget.do({
      kind: 'put-policy',
      fields: { ...ROOMY, maxDailyPercent: 1, timeZone: 'America/Los_Angeles' },
    });
    expect(budget.deny('a', 10_000).availableAt).toBe(Date.parse('2026-12-01T00:00:00Z'));
    budget.at('2026-12-01T00:00:00Z').grant('a', 10_000);
  });
});

function spend(budget: TestBudget, tokens: number): void {
  const about = { adjustmentId: `${budget.now}`, reason: '', fingerprint: '', aiId: 'z', model: 'm' };
  if (tokens > 0) budget.do({ kind: 'adjust', tokens, ...about });
}
