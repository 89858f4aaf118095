import { describe, expect, it } from 'vitest';
import { policyInForce } from '../../../../src/domain/model/policy.js';
import type { CallCount } from '../../../../src/domain/model/types.js';
import { NO_EXPERIENCE } from '../../../../src/domain/policy/experience.js';
import { NO_CALLS } from '../../../../src/domain/statistics/calls-by-name.js';
import {
  type DayTotals,
  type DistributionInput,
  distributionStats,
} from '../../../../src/domain/statistics/distribution.js';
import { dayWindow, monthAt } from '../../../../src/domain/time/windows.js';

const count = (calls: number, failedCalls = 0): CallCount => ({ calls, failedCalls });
const ZONE = 'Europe/Berlin';
const NOW = Date.parse('2026-11-15T12:00:00Z');
const month = monthAt(ZONE, NOW);

function used(day: string, total: number, presumed = 0, late = 0): DayTotals {
  return { ...dayWindow(ZONE, month, day), total, presumed, late };
}

function stats(changes: Partial<DistributionInput> = {}) {
  const today = dayWindow(ZONE, month, '2026-11-15');
  const outlook = { zone: ZONE, month, now: NOW, today, countsFrom: month.start, experience: NO_EXPERIENCE };
  return distributionStats({
    budgetId: 'anthropic',
    policy: policyInForce({}),
    larger: 0,
    zone: ZONE,
    month,
    days: [],
    day: { date: '2026-11-15', hours: [] },
    ais: new Map(),
    models: new Map(),
    teams: new Map(),
    activeRequests: 0,
    lastGrants: new Map(),
    windows: [],
    now: NOW,
    isCurrentMonth: true,
    ...(changes.isCurrentMonth !== false && { outlook }),
    ...changes,
  });
}

it('says what it counts: of a past month what that did, whatever the budget counts now', () => {
  const policy = policyInForce({ unit: 'EUR' });
  const old = used('2026-11-02', 5);
  expect(stats({ policy }).unit).toBe('EUR');
  expect(stats({ policy, days: [old] }).unit).toBe('EUR');
  expect(stats({ policy, days: [old], isCurrentMonth: false }).unit).toBe('tokens');
  expect(stats({ policy, days: [{ ...old, unit: 'USD' }], isCurrentMonth: false }).unit).toBe('USD');
  expect(stats({ policy, days: [used('2026-11-02', 0)], isCurrentMonth: false }).unit).toBe('EUR');
});

describe('a month by days', () => {
  it('is empty without usage', () => {
    expect(stats().monthlyDistribution).toEqual({
      totalTokens: 0,
      daysWithUsage: 0,
      avgDailyUsage: 0,
      maxDailyUsage: 0,
      minDailyUsage: 0,
      usageSpreadPercentage: 0,
      dailyUsageData: [],
    });
    expect(stats()).toMatchObject({ grade: 'UNSPECIFIED', daysBelowMinimum: [], byAi: [], byModel: [] });
  });

  it('counts days with usage only, in order', () => {
    const days = [
      used('2026-11-03', 500),
      used('2026-11-01', 8_000),
      used('2026-11-02', 0),
      used('2026-11-05', 1_001),
    ];
    expect(stats({ days }).monthlyDistribution).toEqual({
      totalTokens: 9_501,
      daysWithUsage: 3,
      avgDailyUsage: 3_167,
      maxDailyUsage: 8_000,
      minDailyUsage: 500,
      usageSpreadPercentage: 93.75,
      dailyUsageData: [
        { date: '2026-11-01', tokens: 8_000, start: Date.parse('2026-10-31T23:00:00Z'), ...NO_CALLS },
        { date: '2026-11-03', tokens: 500, start: Date.parse('2026-11-02T23:00:00Z'), ...NO_CALLS },
        { date: '2026-11-05', tokens: 1_001, start: Date.parse('2026-11-04T23:00:00Z'), ...NO_CALLS },
      ],
    });
  });

  it('shows 2 decimal places', () => {
    const days = [used('2026-11-01', 100), used('2026-11-02', 100), used('2026-11-03', 133)];
    expect(stats({ days }).monthlyDistribution).toMatchObject({
      avgDailyUsage: 111,
      usageSpreadPercentage: 24.81,
    });
    expect(stats({ days: days.slice(1) }).monthlyDistribution.avgDailyUsage).toBe(116.5);
  });

  it('sums presumed and late tokens', () => {
    const days = [used('2026-11-01', 100, 30, 5), used('2026-11-02', 100, 7, 1)];
    expect(stats({ days })).toMatchObject({ presumedTokens: 37, lateTokens: 6 });
  });
});

describe('the grade', () => {
  const graded = (...totals: number[]) =>
    stats({
      days: totals.map((total, index) => used(`2026-11-${String(index + 1).padStart(2, '0')}`, total)),
    }).grade;

  it.each<[number[], string]>([
    [[100, 100], 'UNSPECIFIED'],
    [[100, 0, 100], 'UNSPECIFIED'],
    [[100, 100, 100], 'GOOD'],
    [[1_000, 501, 700], 'GOOD'],
    [[1_000, 500, 700], 'FAIR'],
    [[1_000, 200, 700], 'FAIR'],
    [[1_000, 199, 700], 'POOR'],
    [[100_000, 19_999, 70_000], 'POOR'],
    [[1_000, 0, 990, 0, 980], 'GOOD'],
  ])('of %j is %s', (totals, grade) => {
    expect(graded(...totals)).toBe(grade);
  });

  it('leaves out the day under way', () => {
    const days = [
      used('2026-11-12', 900),
      used('2026-11-13', 950),
      used('2026-11-14', 1_000),
      used('2026-11-15', 10),
    ];
    expect(stats({ days }).grade).toBe('GOOD');
    expect(stats({ days: days.slice(1) }).grade).toBe('UNSPECIFIED');
  });
});

describe('days below the minimum', () => {
  it('are closed days from the first one with usage on, those without usage too', () => {
    const days = [
      used('2026-11-11', 2_799),
      used('2026-11-12', 2_800),
      used('2026-11-14', 5_000),
      used('2026-11-15', 1),
    ];
    expect(stats({ days }).daysBelowMinimum).toEqual(['2026-11-11', '2026-11-13']);
  });

  it('are none without a minimum', () => {
    const policy = policyInForce({ minDailyPercent: 0 });
    expect(stats({ policy, days: [used('2026-11-11', 1)] }).daysBelowMinimum).toEqual([]);
  });
});

describe('a day by hours', () => {
  it('shows in no hour what an adjustment brought in', () => {
    const at = Date.UTC(2026, 10, 3);
    const hours = [
      { start: at, tokens: 60, adjusted: 60 },
      { start: at + 3_600_000, tokens: 40, adjusted: 10 },
    ];
    const day = { date: '2026-11-03', hours };
    expect(stats({ day }).dailyDistribution).toMatchObject({
      ...{ totalTokens: 100, hourUnknownTokens: 70, hoursWithUsage: 1, avgHourlyUsage: 30 },
      hourlyUsageData: [{ hour: '2026-11-03 02:00', tokens: 30, start: at + 3_600_000 }],
    });
  });

  it('counts hours with usage only; a repeated hour has its name twice', () => {
    const at = (iso: string) => Date.parse(iso);
    const october = monthAt(ZONE, at('2026-10-25T12:00:00Z'));
    const hours = [
      { start: at('2026-10-25T01:00:00Z'), tokens: 300 },
      { start: at('2026-10-25T00:00:00Z'), tokens: 25 },
      { start: at('2026-10-25T02:00:00Z'), tokens: 0 },
    ];
    const day = { date: '2026-10-25', hours };
    expect(stats({ month: october, day, isCurrentMonth: false }).dailyDistribution).toEqual({
      totalTokens: 325,
      hourUnknownTokens: 0,
      hoursWithUsage: 2,
      avgHourlyUsage: 162.5,
      hourlyUsageData: [
        { hour: '2026-10-25 02:00', tokens: 25, start: at('2026-10-25T00:00:00Z') },
        { hour: '2026-10-25 02:00', tokens: 300, start: at('2026-10-25T01:00:00Z') },
      ],
      date: '2026-10-25',
    });
  });
});

describe('who uses the month', () => {
  it('most first, equals by name', () => {
    const ais = new Map([
      ['sandbox', 5],
      ['imperium', 10],
      ['conquest', 10],
      ['guardian', 0],
    ]);
    expect(stats({ ais, models: new Map([['(unknown)', 3]]) })).toMatchObject({
      byAi: [
        { aiId: 'conquest', tokens: 10, ...NO_CALLS },
        { aiId: 'imperium', tokens: 10, ...NO_CALLS },
        { aiId: 'sandbox', tokens: 5, ...NO_CALLS },
      ],
      byModel: [{ model: '(unknown)', tokens: 3, ...NO_CALLS }],
    });
  });

  it('and the limits', () => {
    const lastGrants = new Map([['guardian', NOW - 1_000]]);
    expect(stats({ lastGrants, activeRequests: 1 }).rateLimitingStatus).toEqual({
      maxDailyPercentage: 8,
      maxHourlyPercentage: 0.5,
      minDailyPercentage: 2,
      aiCooldownPeriod: 300,
      maxConcurrentRequests: 2,
      activeRequests: 1,
      lastAiRequests: lastGrants,
    });
  });
});

describe('calls', () => {
  const days = [
    { ...used('2026-11-01', 100), ...count(3, 1) },
    { ...used('2026-11-02', 0), ...count(2, 2) },
    used('2026-11-03', 5),
  ];

  it('are summed, and shown by day: one with calls alone is no day with usage', () => {
    const { monthlyDistribution, ...month } = stats({ days });
    expect(month).toMatchObject(count(5, 3));
    const shown = monthlyDistribution.dailyUsageData.map(({ date, tokens, calls, failedCalls }) =>
      [date.slice(8), tokens, calls, failedCalls].join(' '),
    );
    expect(shown).toEqual(['01 100 3 1', '02 0 2 2', '03 5 0 0']);
    expect(monthlyDistribution).toMatchObject({ daysWithUsage: 2, minDailyUsage: 5 });
  });

  it('stand beside the tokens of a name; one without tokens comes last', () => {
    const ais = new Map([
      ['a', 10],
      ['b', 20],
      ['c', 0],
    ]);
    const aiCalls = new Map([
      ['a', count(7, 1)],
      ['new', count(3, 3)],
    ]);
    expect(stats({ ais, aiCalls }).byAi).toEqual([
      { aiId: 'b', tokens: 20, ...NO_CALLS },
      { aiId: 'a', tokens: 10, ...count(7, 1) },
      { aiId: 'new', tokens: 0, ...count(3, 3) },
    ]);
  });

  it('of names that the month has no room for are those of all others', () => {
    const models = new Map([
      ['m', 1],
      ['(other)', 30],
    ]);
    const modelCalls = new Map([
      ['n', count(2, 1)],
      ['(other)', count(4)],
      ['m', count(1)],
    ]);
    expect(stats({ models, modelCalls }).byModel).toEqual([
      { model: '(other)', tokens: 30, ...count(6, 1) },
      { model: 'm', tokens: 1, ...count(1) },
    ]);
  });

  it('of the names that are not shown are those of the rest', () => {
    const names = Array.from({ length: 102 }, (_, index) => `ai-${index}`);
    const ais = new Map(names.map((name, index) => [name, 200 - index]));
    const aiCalls = new Map(names.map((name) => [name, count(2, 1)]));
    const { byAi } = stats({ ais, aiCalls });
    expect(byAi.at(-1)).toEqual({ aiId: '(rest)', tokens: 100 + 99, ...count(4, 2) });
  });
});

describe('what a past month lacks', () => {
  const windows = [
    { kind: 'HOUR', start: 0, end: 1, cap: 1, spent: 0, reserved: 0, available: 1, topped: 0 },
  ] as const;

  it('forecast and windows', () => {
    expect(stats({ windows })).toMatchObject({
      windows,
      month: '2026-11',
      timeZone: ZONE,
      budgetId: 'anthropic',
    });
    expect(stats({ windows })).toHaveProperty('forecast');
    const past = stats({ windows, isCurrentMonth: false });
    expect(past.windows).toEqual([]);
    expect(past).not.toHaveProperty('forecast');
  });
});

describe('many names', () => {
  const names = Array.from({ length: 103 }, (_, index) => `ai-${String(index).padStart(3, '0')}`);
  const figures = new Map(names.map((name, index) => [name, index + 1]));

  it('are shown up to the hundred largest, and the sum of the others', () => {
    const { byAi, byModel } = stats({ ais: figures, models: figures });
    expect(byAi).toHaveLength(101);
    expect([byAi[0], byAi[99], byAi[100]]).toEqual([
      { aiId: 'ai-102', tokens: 103, ...NO_CALLS },
      { aiId: 'ai-003', tokens: 4, ...NO_CALLS },
      { aiId: '(rest)', tokens: 1 + 2 + 3, ...NO_CALLS },
    ]);
    expect(byModel.map(({ model }) => model)).toEqual(byAi.map(({ aiId }) => aiId));
  });

  it('are shown up to the hundred latest grants, and the latest of the others', () => {
    const { lastAiRequests } = stats({ lastGrants: figures }).rateLimitingStatus;
    expect(lastAiRequests.size).toBe(101);
    expect([
      lastAiRequests.get('ai-102'),
      lastAiRequests.get('ai-002'),
      lastAiRequests.get('(rest)'),
    ]).toEqual([103, undefined, 3]);
  });

  it('that are no more than a hundred have no rest', () => {
    const few = new Map([...figures].slice(0, 100));
    const { byAi, rateLimitingStatus } = stats({ ais: few, lastGrants: few });
    expect([byAi.length, rateLimitingStatus.lastAiRequests.size]).toEqual([100, 100]);
  });
});
