import { describe, expect, it } from 'vitest';
import { MAX_AIS, MAX_MODELS } from '../../../../src/domain/model/limits.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import { byTeam } from '../../../../src/domain/statistics/by-team.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';

/** AIs and models beyond those that a day counts by name stand under `(other)`: what scopes have of that is kept apart. */

const BASE: PolicyFields = { ...ROOMY, pacing: 'NONE', cooldownMs: 0 };
const LIMIT = { maxDailyPercent: 50 };
const TEAMS: PolicyFields = {
  ...BASE,
  teams: [
    ['late', { aiIds: ['late-*'], ...LIMIT }],
    ['many', { aiIds: ['many-*'], ...LIMIT }],
  ],
  models: [
    ['dear-*', LIMIT],
    ['m-*', LIMIT],
  ],
};

let made = 0;
function spend(aiId: string, tokens: number, model = 'm-0') {
  return { kind: 'record-unleased', aiId, usage: usage(`u${++made}`, tokens, model) } as const;
}

/** A day that names as many AIs and models as it may, and 70 tokens of one more of each beyond them. */
function crowded(): TestBudget {
  const budget = new TestBudget(TEAMS);
  budget.together(
    ...Array.from({ length: MAX_AIS }, (_, at) => spend(`many-${at}`, 1, `m-${at % MAX_MODELS}`)),
  );
  budget.do(spend('late-1', 70, 'dear-1'));
  return budget;
}

function counts(budget: TestBudget, id: string) {
  const { teams, models } = budget.state.scopes ?? {};
  const { hour, day, month } = teams?.get(id) ?? models?.get(id) ?? {};
  return [hour, day, month];
}

describe('what a scope has of `(other)`', () => {
  it('counts in its hour, day and month, and does so after a reload', () => {
    const budget = crowded();
    for (const reload of [false, true]) {
      if (reload) budget.reload();
      expect(counts(budget, 'late')).toEqual([70, 70, 70]);
      expect(counts(budget, 'many')).toEqual([MAX_AIS, MAX_AIS, MAX_AIS]);
      expect(counts(budget, 'dear-*')).toEqual([70, 70, 70]);
      expect(counts(budget, 'm-*')).toEqual([MAX_AIS, MAX_AIS, MAX_AIS]);
    }
    const snapshot = budget.snapshot();
    const ofMonth = { ais: snapshot.monthAis, parts: snapshot.monthParts };
    expect(byTeam(snapshot.budget.policy, [ofMonth])).toEqual(
      new Map([
        ['late', 70],
        ['many', MAX_AIS],
      ]),
    );
  });

  it('stays where it was booked when AIs move, and is lost with its team', () => {
    const budget = crowded();
    const moved: PolicyFields['teams'] = [
      ['late', { aiIds: ['many-*'], ...LIMIT }],
      ['many', { aiIds: ['late-*'], ...LIMIT }],
    ];
    budget.do({ kind: 'put-policy', fields: { ...TEAMS, teams: moved } });
    expect(counts(budget, 'late')).toEqual([MAX_AIS + 70, MAX_AIS + 70, MAX_AIS + 70]);
    expect(counts(budget, 'many')).toEqual([0, 0, 0]);
    budget.do({ kind: 'put-policy', fields: { ...TEAMS, teams: moved.slice(0, 1) } });
    budget.do({ kind: 'put-policy', fields: TEAMS });
    expect(counts(budget, 'late')[2]).toBe(70);
  });

  it('is taken back by corrections, and never more than there is', () => {
    const budget = crowded();
    const correct = (tokens: number, aiId?: string) =>
      budget.do({
        ...{ kind: 'adjust', adjustmentId: `x${++made}`, tokens, reason: '', fingerprint: '' },
        ...(aiId !== undefined && { aiId }),
      });
    correct(-30, 'late-1');
    expect(counts(budget, 'late').slice(1)).toEqual([40, 40]);
    // Of one that has nothing there, it is that of the others.
    correct(-40, 'stranger');
    expect(counts(budget, 'late').slice(1)).toEqual([0, 0]);
  });

  it('comes back with its day from the usage document', () => {
    const budget = crowded();
    budget.pass(24 * 3_600_000).do({ kind: 'sweep' });
    const right = budget.now - 24 * 3_600_000;
    budget.writeOut();
    expect([...budget.state.tables.days.keys()]).toEqual([]);
    expect(counts(budget, 'late')).toEqual([0, 0, 70]);
    budget.now = right;
    budget.do({ kind: 'reset-clock' });
    expect(counts(budget, 'late').slice(1)).toEqual([70, 70]);
    expect(counts(budget, 'dear-*').slice(1)).toEqual([70, 70]);
  });
});

describe('what is presumed of a lease, under a policy that came while its day was closed', () => {
  const DAY_MS = 24 * 3_600_000;
  const under = (...patterns: string[]): PolicyFields => ({
    ...BASE,
    models: patterns.map((pattern) => [pattern, LIMIT]),
  });

  // Of a month that goes on, what closed days counted stays where it was booked.
  it.each([
    ['the day comes again', 3 * DAY_MS, [500]],
    ['the month comes again', 25 * DAY_MS, [500, 500]],
  ])('counts by the model that the lease named: %s', (_, ahead, counted) => {
    const budget = new TestBudget(under('dear-*', '*'));
    const right = budget.now;
    const expectAllOf = (id: string) => {
      for (const { id: of, day, month } of budget.state.scopes?.models.values() ?? [])
        expect([day, month].slice(0, counted.length), of).toEqual(
          counted.map((all) => (of === id ? all : 0)),
        );
    };
    // By a clock that ran ahead: then its usage document alone knows the day.
    budget.pass(ahead).grant('a', 500, { model: 'dear-1', leaseTtlMs: 1_000 });
    budget.pass(DAY_MS).do({ kind: 'sweep' });
    budget.writeOut();
    budget.now = right;
    budget.do({ kind: 'reset-clock' });
    expect([...budget.state.tables.days.keys()], 'days in the state').toEqual([]);
    budget.do({ kind: 'put-policy', fields: under('dear-1', 'm-*', '*') });
    budget.pass(ahead).do({ kind: 'sweep' });
    expectAllOf('dear-1');
    budget.do({ kind: 'put-policy', fields: under('m-*', '*') });
    expectAllOf('*');
    budget.reload();
    expectAllOf('*');
  });
});
