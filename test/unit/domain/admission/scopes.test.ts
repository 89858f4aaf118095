import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { Blocker } from '../../../../src/domain/model/types.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

const HOUR_MS = 3_600_000;

/** 1,000,000 a month, 400,000 a day, 100,000 an hour; team web has half of the hour, a quarter of the day, a tenth of the month. */
const POLICY: PolicyFields = {
  ...ROOMY,
  ...{ maxHourlyPercent: 10, maxDailyPercent: 40, pacing: 'NONE', cooldownMs: 0 },
  teams: [
    ['ops', { aiIds: ['web/boss'] }],
    [
      'web',
      { aiIds: ['web/*', 'reviewer'], maxHourlyPercent: 50, maxDailyPercent: 25, maxMonthlyPercent: 10 },
    ],
  ],
};

function blockers(budget: TestBudget, aiId: string, tokens: number, model?: string): Blocker[] {
  const outcome = budget.acquire(aiId, { estimatedTokens: tokens, ...(model !== undefined && { model }) });
  return outcome.kind === 'denied' ? [...outcome.denial.blockers] : [];
}

function unleased(budget: TestBudget, aiId: string, tokens: number, model = 'm'): void {
  const usageId = `u${aiId}${budget.now}${tokens}`;
  budget.do({ kind: 'record-unleased', aiId, usage: usage(usageId, tokens, model) });
}

describe('a team', () => {
  it('is held to its part of the hour, the day and the month', () => {
    const budget = new TestBudget(POLICY, '2026-11-10T00:10:00Z');
    expect(blockers(budget, 'web/a', 50_001)).toMatchObject([
      {
        ...{ rule: 'TEAM_CAP', window: 'HOUR', scope: 'web', limit: 50_000, permanent: true },
        message:
          'team web this hour: 0 spent + 0 reserved + 50,001 requested is above the cap of 50,000 tokens; ' +
          'no window admits as much: ask for less',
      },
    ]);
    budget.grant('reviewer', 30_000);
    unleased(budget, 'web/b', 15_000);
    expect(blockers(budget, 'web/a', 5_001)).toMatchObject([
      { rule: 'TEAM_CAP', window: 'HOUR', spent: 15_000, reserved: 30_000, requested: 5_001 },
    ]);
    budget.pass(HOUR_MS);
    // What the lease of the hour before had reserved is presumed by now.
    expect(blockers(budget, 'web/a', 50_000)).toEqual([]);
    budget.pass(HOUR_MS);
    const denied = blockers(budget, 'web/a', 5_001);
    expect(denied).toMatchObject([
      { rule: 'TEAM_CAP', window: 'DAY', scope: 'web', limit: 100_000, spent: 95_000 },
      { rule: 'TEAM_CAP', window: 'MONTH', scope: 'web', limit: 100_000, spent: 95_000 },
    ]);
    expect(denied.map(({ availableAt }) => availableAt)).toEqual([
      Date.parse('2026-11-11T00:00:00Z'),
      Date.parse('2026-12-01T00:00:00Z'),
    ]);
  });

  it('holds nobody else', () => {
    const budget = new TestBudget(POLICY);
    unleased(budget, 'web/a', 60_000);
    expect(blockers(budget, 'web/boss', 20_000)).toEqual([]);
    expect(blockers(budget, 'stranger', 20_000)).toEqual([]);
  });

  it('is checked right after the budget in each window', () => {
    const budget = new TestBudget({
      ...POLICY,
      maxDailyPercentByAi: [['web/a', 1]],
      models: [['*', { maxHourlyPercent: 1, maxDailyPercent: 1, maxMonthlyPercent: 1, maxConcurrent: 1 }]],
      teams: [
        [
          'web',
          { aiIds: ['*'], maxHourlyPercent: 1, maxDailyPercent: 1, maxMonthlyPercent: 1, maxConcurrent: 1 },
        ],
      ],
      ...{ maxConcurrent: 1, maxConcurrentPerAi: 1 },
    });
    budget.grant('web/a', 1);
    expect(blockers(budget, 'web/a', 1_000_000).map(({ rule, window }) => [rule, window])).toEqual([
      ['CONCURRENCY', undefined],
      ['AI_CONCURRENCY', undefined],
      ['TEAM_CONCURRENCY', undefined],
      ['MODEL_CONCURRENCY', undefined],
      ['HOURLY_CAP', 'HOUR'],
      ['TEAM_CAP', 'HOUR'],
      ['MODEL_CAP', 'HOUR'],
      ['DAILY_CAP', 'DAY'],
      ['TEAM_CAP', 'DAY'],
      ['MODEL_CAP', 'DAY'],
      ['AI_DAILY_CAP', 'DAY'],
      ['MONTHLY_CAP', 'MONTH'],
      ['TEAM_CAP', 'MONTH'],
      ['MODEL_CAP', 'MONTH'],
    ]);
  });

  it('leaves room for a raise, for a smaller grant and in what is available', () => {
    const budget = new TestBudget({ ...POLICY, maxConcurrent: 3 });
    const lease = budget.grant('web/a', 20_000);
    expect(
      budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens: 50_001 }).raiseDenied?.blockers,
    ).toMatchObject([{ rule: 'TEAM_CAP', window: 'HOUR', requested: 30_001 }]);
    expect(budget.do<'renewed'>({ kind: 'renew', lease, reserveTokens: 40_000 }).raiseDenied).toBeUndefined();
    const peek = budget.do<'availability'>({ kind: 'get-availability', aiId: 'reviewer' });
    expect(peek).toMatchObject({
      availableTokens: 10_000,
      team: {
        teamId: 'web',
        windows: [
          { kind: 'HOUR', cap: 50_000, spent: 0, reserved: 40_000, available: 10_000 },
          { kind: 'DAY', cap: 100_000, reserved: 40_000, available: 60_000 },
          { kind: 'MONTH', cap: 100_000, reserved: 40_000, available: 60_000 },
        ],
      },
    });
    expect(budget.do<'availability'>({ kind: 'get-availability', aiId: 'stranger' }).team).toBeUndefined();
    const smaller = budget.grant('web/b', 1_000_000, { atLeastTokens: 100 });
    expect(smaller.view).toMatchObject({ reservedTokens: 5_000, teamId: 'web' });
  });

  it('has slots of its own', () => {
    const teams: PolicyFields['teams'] = [['web', { aiIds: ['web/*'], maxConcurrent: 2 }]];
    const budget = new TestBudget({ ...POLICY, teams });
    budget.grant('web/a', 10, { leaseTtlMs: 60_000 });
    budget.grant('web/b', 10, { leaseTtlMs: 30_000 });
    expect(blockers(budget, 'web/c', 10)).toEqual([
      {
        ...{ rule: 'TEAM_CONCURRENCY', limit: 2, spent: 2, reserved: 0, requested: 1, scope: 'web' },
        ...{ availableAt: budget.now + 30_000, message: '2 of the 2 slots of team web are live' },
      },
    ]);
    expect(blockers(budget, 'stranger', 10)).toEqual([]);
  });

  it('waits for a lease of its own where only reservations are in the way', () => {
    const budget = new TestBudget(POLICY);
    budget.grant('stranger', 10, { leaseTtlMs: 10_000 });
    budget.grant('web/a', 50_000, { leaseTtlMs: 60_000 });
    expect(blockers(budget, 'reviewer', 10)).toMatchObject([{ availableAt: budget.now + 60_000 }]);
  });

  it('has its part of the hour as it is paced, and not of what an untouched hour admits', () => {
    const even = { ...POLICY, maxHourlyPercent: 40, pacing: 'EVEN' } as const;
    // A day of 1,000,000 / 30, and its first hour: 1.25 / 24 of that.
    const budget = new TestBudget(even, '2026-11-01T00:10:00Z');
    expect(budget.window('HOUR').cap).toBe(33_334);
    const refused = blockers(budget, 'web/a', 869);
    expect(refused).toMatchObject([{ rule: 'TEAM_CAP', window: 'HOUR', limit: 868 }]);
    // 1.25 x 33,334 / 23 is 1,812 and 906 the half.
    expect(refused[0]?.availableAt).toBe(Date.parse('2026-11-01T01:00:00Z'));
    expect(blockers(budget, 'web/boss', 20_000)).toEqual([]);
    const ofTeam = (tokens: number) => blockers(budget, 'web/a', tokens).find(({ scope }) => scope === 'web');
    // Half of an unused day, in its last hour; a day before half of that day is less.
    const comes = Date.parse('2026-11-09T23:00:00Z');
    expect(ofTeam(30_000)?.availableAt).toBe(comes);
    for (const [moment, count] of [
      [comes - 24 * HOUR_MS, 1],
      [comes - HOUR_MS, 1],
      [comes, 0],
    ] as const) {
      const later = budget.fork();
      later.now = moment;
      const refused = blockers(later, 'reviewer', 30_000).filter(
        ({ rule, window }) => rule === 'TEAM_CAP' && window === 'HOUR',
      );
      expect(refused).toHaveLength(count);
    }
    expect(ofTeam(200_001)).toMatchObject({ permanent: true });
  });
});

describe('a limit of models', () => {
  const models: PolicyFields['models'] = [
    ['*', { maxHourlyPercent: 80 }],
    ['claude-opus-*', { maxHourlyPercent: 20, maxConcurrent: 1 }],
  ];

  it('counts a reservation for the model that is named, and usage for the model that it names', () => {
    const budget = new TestBudget({ ...POLICY, models, teams: [] });
    const lease = budget.grant('a', 20_000, { model: 'claude-opus-4' });
    expect(lease.view.model).toBe('claude-opus-4');
    expect(blockers(budget, 'b', 1, 'claude-opus-5')).toMatchObject([
      { rule: 'MODEL_CONCURRENCY', scope: 'claude-opus-*' },
      { rule: 'MODEL_CAP', window: 'HOUR', scope: 'claude-opus-*', reserved: 20_000 },
    ]);
    // It asked another one after all.
    budget.record(lease, 15_000, 'u1', 'gpt-4.1');
    budget.release(lease);
    expect(blockers(budget, 'b', 20_000, 'claude-opus-5')).toEqual([]);
    expect(blockers(budget, 'c', 65_001).slice(1)).toMatchObject([
      { rule: 'MODEL_CAP', scope: '*', spent: 15_000 },
    ]);
  });

  it('counts what names no model as `(unspecified)`, which `*` binds', () => {
    const budget = new TestBudget({ ...POLICY, models, teams: [] });
    unleased(budget, 'a', 80_000, '');
    expect(blockers(budget, 'b', 1)).toMatchObject([{ rule: 'MODEL_CAP', scope: '*', spent: 80_000 }]);
    expect(blockers(budget, 'b', 1, 'claude-opus-4')).toEqual([]);
  });

  it('is not freed by a crash: what is presumed stays with the model of the lease', () => {
    const budget = new TestBudget({ ...POLICY, models, teams: [] });
    const lease = budget.grant('a', 20_000, { model: 'claude-opus-4', leaseTtlMs: 10_000 });
    budget.pass(20_000);
    const full = [{ rule: 'MODEL_CAP', scope: 'claude-opus-*', spent: 20_000 }];
    expect(blockers(budget, 'b', 1, 'claude-opus-4')).toMatchObject(full);
    budget.reload();
    expect(blockers(budget, 'b', 1, 'claude-opus-4')).toMatchObject(full);
    // A late report says what it really was.
    budget.record(lease, 5_000, 'late', 'gpt-4.1');
    expect(blockers(budget, 'b', 5_001, 'claude-opus-4')).toMatchObject([{ spent: 15_000 }]);
    expect(budget.release(lease).freedTokens).toBe(15_000);
    expect(blockers(budget, 'b', 20_000, 'claude-opus-4')).toEqual([]);
  });
});

describe('a changed policy', () => {
  const half = { maxHourlyPercent: 50 };

  it('takes what an AI spent along to its new team, also of the hour and after a reload', () => {
    const budget = new TestBudget({
      ...ROOMY,
      pacing: 'NONE',
      teams: [['one', { aiIds: ['a', 'b'], ...half }]],
    });
    unleased(budget, 'a', 300);
    unleased(budget, 'b', 20);
    budget.grant('a', 1_000);
    budget.do({
      kind: 'put-policy',
      fields: {
        ...ROOMY,
        pacing: 'NONE',
        teams: [
          ['one', { aiIds: ['b'], ...half }],
          ['two', { aiIds: ['a'], ...half }],
        ],
      },
    });
    for (const reload of [false, true]) {
      if (reload) budget.reload();
      const { one, two } = Object.fromEntries(budget.state.scopes?.teams ?? []);
      expect(one).toMatchObject({ hour: 20, day: 20, month: 20, live: 0 });
      expect(two).toMatchObject({ hour: 300, day: 300, month: 300, live: 1 });
      expect(two?.heldInHour(budget.state.hour.start)).toBe(1_000);
    }
  });

  it('moves what is presumed of a lease to the pattern of its model', () => {
    const budget = new TestBudget({ ...POLICY, teams: [], models: [['gpt-*', half]] });
    budget.grant('a', 500, { model: 'gpt-5', leaseTtlMs: 10_000 });
    budget.pass(20_000);
    budget.do({ kind: 'put-policy', fields: { ...POLICY, teams: [], models: [['gpt-5*', half]] } });
    for (const reload of [false, true]) {
      if (reload) budget.reload();
      expect(budget.state.scopes?.models.get('gpt-5*')).toMatchObject({ hour: 500, day: 500, month: 500 });
    }
  });
});
