import { describe, expect, it } from 'vitest';
import { alertConditions } from '../../../../src/domain/alerts/alert-conditions.js';
import type { AlertInput, AlertRule } from '../../../../src/domain/alerts/condition.js';
import { type PolicyFields, policyInForce } from '../../../../src/domain/model/policy.js';
import { allowanceOf } from '../../../../src/domain/policy/allowance.js';
import { NO_EXPERIENCE } from '../../../../src/domain/policy/experience.js';
import { calendarDay, calendarMonth } from '../../../../src/domain/time/windows.js';

const NOW = Date.parse('2026-11-15T12:20:00Z');
const TODAY = '2026-11-15';
const month = calendarMonth('UTC', '2026-11');
const today = calendarDay('UTC', TODAY);
const hour = { start: Date.parse('2026-11-15T12:00:00Z'), end: Date.parse('2026-11-15T13:00:00Z') };
/** A steady month, about which there is nothing to say. */
const STEADY = Object.fromEntries(
  Array.from({ length: 14 }, (_, index) => [`2026-11-${String(index + 1).padStart(2, '0')}`, 4_000]),
);

interface Case extends Partial<Omit<AlertInput, 'dayTotals' | 'policy' | 'allowance'>> {
  readonly days?: Record<string, number>;
  readonly fields?: PolicyFields;
}

function conditions({ days = STEADY, fields = {}, ...changes }: Case) {
  const policy = policyInForce(fields);
  const dayTotals = new Map(Object.entries(days));
  const monthSpent = [...dayTotals.values()].reduce((sum, tokens) => sum + tokens, 0);
  const allowance = allowanceOf(policy);
  const figures = { hour, hourSpent: 100, hourCap: 700, monthSpent, monthAis: [], teams: [] };
  const outlook = { zone: 'UTC', now: NOW, month, today, countsFrom: month.start, experience: NO_EXPERIENCE };
  const steady = { ...outlook, ...figures };
  return alertConditions({ ...steady, policy, allowance, dayTotals, ...changes });
}

const holding = (changes: Case): AlertRule[] =>
  conditions(changes)
    .filter(({ holds }) => holds)
    .map(({ rule }) => rule);

describe('alert conditions', () => {
  const lowDay = { day: '2026-11-14', start: Date.parse('2026-11-14T00:00:00Z'), total: 2_799 };

  it.each<[string, Case, AlertRule[]]>([
    ['a steady month', {}, []],
    ['an unused month', { days: {}, hourSpent: 0 }, []],
    ['two closed days are too few for a grade', { days: { '2026-11-01': 1, '2026-11-02': 9_000 } }, []],
    [
      'a spread of 80 percent',
      { days: { '2026-11-01': 1_000, '2026-11-02': 5_000, '2026-11-03': 5_000 } },
      [],
    ],
    [
      'a spread above 80, among days of one weekday too',
      { days: { '2026-11-01': 999, '2026-11-02': 5_000, '2026-11-08': 5_000 } },
      ['POOR_SPREAD'],
    ],
    [
      'a spread above 80 of quiet week-ends',
      { days: { '2026-11-01': 999, '2026-11-02': 5_000, '2026-11-08': 999, '2026-11-09': 5_000 } },
      [],
    ],
    ['a quiet day under way', { days: { ...STEADY, [TODAY]: 1 } }, []],
    ['a day at twice the mean', { days: { ...STEADY, [TODAY]: 8_000 } }, []],
    ['a day above twice the mean', { days: { ...STEADY, [TODAY]: 8_001 } }, ['DAILY_SPIKE']],
    ['above twice the mean, below the minimum', { days: { '2026-11-01': 10, [TODAY]: 2_800 } }, []],
    ['a first day has no mean', { days: { [TODAY]: 9_000 } }, []],
    ['an hour at 80 percent of its cap', { hourSpent: 560 }, []],
    ['an hour above it', { hourSpent: 561 }, ['HOURLY_BURST']],
    ['an overrun in an hour without a cap', { hourSpent: 1, hourCap: 0 }, ['HOURLY_BURST']],
    ['an unused hour without a cap', { hourSpent: 0, hourCap: 0 }, []],
    ['a day that closed at its minimum', { closedDay: { ...lowDay, total: 2_800 } }, []],
    ['a day that closed below it', { closedDay: lowDay }, ['DAY_BELOW_MINIMUM']],
    ['no minimum', { closedDay: { ...lowDay, total: 0 }, fields: { minDailyPercent: 0 } }, []],
    ['just below the warning', { monthSpent: 111_999, now: month.end - 1 }, []],
    ['the warning', { monthSpent: 112_000, now: month.end - 1 }, ['WARNING']],
    ['critical', { monthSpent: 133_000, now: month.end - 1 }, ['WARNING', 'CRITICAL']],
    ['emergency', { monthSpent: 137_200, now: month.end - 1 }, ['WARNING', 'CRITICAL', 'EMERGENCY']],
    ['too fast for the month', { monthSpent: 75_000 }, ['EXHAUSTION_FORECAST']],
    ['too fast on the first day', { monthSpent: 7_000, now: month.start + 3_600_000 }, []],
    [
      'too fast when a day has passed',
      { monthSpent: 7_000, now: month.start + 86_400_000 },
      ['EXHAUSTION_FORECAST'],
    ],
  ])('%s', (_, changes, rules) => {
    expect(holding(changes)).toEqual(rules);
  });

  describe('of thresholds that the policy lists', () => {
    const of = (fields: PolicyFields, more: Partial<AlertInput>) =>
      conditions({ fields: { monthlyLimit: 200_000, enforcedPercent: 50, ...fields }, ...more })
        .filter(({ rule }) => rule.endsWith('_SHARE'))
        .map(({ rule, aiId, teamId, value, threshold, level }) => [
          rule,
          aiId ?? teamId,
          value,
          threshold,
          level,
        ]);

    it.each<[string, PolicyFields, Partial<AlertInput>, unknown[]]>([
      ['none that is not listed', {}, { monthSpent: 99_000, monthAis: [['a', 99_000]] }, []],
      ['below the first', { alertPercents: [50, 80] }, { monthSpent: 49_999 }, []],
      [
        'the first',
        { alertPercents: [50, 80] },
        { monthSpent: 50_000 },
        [['MONTH_SHARE', undefined, 50_000, 50_000, 1]],
      ],
      [
        'the next',
        { alertPercents: [50, 80] },
        { monthSpent: 81_000 },
        [['MONTH_SHARE', undefined, 81_000, 80_000, 2]],
      ],
      ['nothing spent of a budget of nothing', { alertPercents: [1] }, { monthSpent: 0 }, []],
      [
        'each AI that reaches one, and no other',
        { alertPercentsPerAi: [10, 20] },
        {
          monthAis: [
            ['a', 25_000],
            ['b', 9_999],
            ['c', 10_000],
          ],
        },
        [
          ['AI_SHARE', 'a', 25_000, 20_000, 2],
          ['AI_SHARE', 'c', 10_000, 10_000, 1],
        ],
      ],
      [
        'each team of its own part',
        { alertPercentsPerTeam: [50] },
        {
          teams: [
            { teamId: 'web', spent: 15_000, part: 30_000 },
            { teamId: 'ops', spent: 15_000, part: 31_000 },
          ],
        },
        [['TEAM_SHARE', 'web', 15_000, 15_000, 1]],
      ],
    ])('%s', (_, fields, more, found) => {
      expect(of(fields, more)).toEqual(found);
    });

    it('say who spent how much of what', () => {
      const found = conditions({
        fields: { alertPercents: [10], alertPercentsPerAi: [10], alertPercentsPerTeam: [10] },
        ...{
          monthSpent: 70_000,
          monthAis: [['a', 20_000]],
          teams: [{ teamId: 'web', spent: 5_000, part: 10_000 }],
        },
      });
      const texts = found.filter(({ rule }) => rule.endsWith('_SHARE')).map(({ message }) => message());
      expect(texts[0]).toMatch(/^70,000 of 140,000 tokens of 2026-11 are spent, 50% \(told from 10%\)/);
      expect(texts[1]).toMatch(
        /^a has spent 20,000 of the 140,000 tokens of 2026-11, 14.2% \(told from 10%\)/,
      );
      expect(texts[2]).toMatch(
        /^Of the part of team web, 5,000 of 10,000 tokens .* 50% .*max_monthly_percent/,
      );
    });
  });

  it('tell moments in the zone of the budget', () => {
    const spent = conditions({ monthSpent: 140_000, zone: 'Asia/Tokyo' });
    const text = spent.find(({ rule }) => rule === 'EMERGENCY')?.message();
    expect(text).toContain('until 2026-12-01 09:00 Asia/Tokyo');
  });

  it('name their window, and the figures that were compared', () => {
    const found = conditions({
      days: { ...STEADY, '2026-11-01': 16_000, '2026-11-02': 1_000 },
      closedDay: lowDay,
    });
    const shown = found.map(({ rule, window, windowStart, value, threshold }) => [
      rule,
      window,
      windowStart,
      value,
      threshold,
    ]);
    expect(shown).toEqual([
      ['POOR_SPREAD', 'MONTH', month.start, 93.75, 80],
      ['DAILY_SPIKE', 'DAY', today.start, 0, 9_285.71],
      ['HOURLY_BURST', 'HOUR', hour.start, 100, 560],
      ['DAY_BELOW_MINIMUM', 'DAY', lowDay.start, 2_799, 2_800],
      ['WARNING', 'MONTH', month.start, 65_000, 112_000],
      ['CRITICAL', 'MONTH', month.start, 65_000, 133_000],
      ['EMERGENCY', 'MONTH', month.start, 65_000, 137_200],
      ['EXHAUSTION_FORECAST', 'MONTH', month.start, 134_354, 140_000],
    ]);
  });

  it.each<[AlertRule, Case, RegExp]>([
    ['POOR_SPREAD', { days: { ...STEADY, '2026-11-02': 400 } }, /took 400 to 4,000 tokens, a spread of 90%/],
    [
      'DAILY_SPIKE',
      { days: { ...STEADY, [TODAY]: 9_000 } },
      /2026-11-15 took 9,000 tokens .* mean of 4,000 over 14 earlier/,
    ],
    [
      'HOURLY_BURST',
      { hourSpent: 650 },
      /650 tokens, more than 80% of its cap of 700.* until 2026-11-15 13:00 UTC/,
    ],
    [
      'DAY_BELOW_MINIMUM',
      { closedDay: lowDay },
      /2026-11-14 ended with 2,799 tokens, below the daily minimum of 2,800 \(2%\)/,
    ],
    [
      'WARNING',
      { monthSpent: 112_500 },
      /112,500 of 140,000 tokens of 2026-11 are spent, 80.3% \(warning from 80%\)/,
    ],
    ['EMERGENCY', { monthSpent: 140_000 }, /No new slots are granted until 2026-12-01 00:00 UTC/],
    [
      'EXHAUSTION_FORECAST',
      { monthSpent: 100_000 },
      /would take 206,\d{3} of 140,000 tokens and be used up on 2026-11-2\d/,
    ],
  ])('%s says what happened, in numbers', (rule, changes, message) => {
    const condition = conditions(changes).find((candidate) => candidate.rule === rule);
    expect(condition?.holds).toBe(true);
    expect(condition?.message()).toMatch(message);
  });
});
