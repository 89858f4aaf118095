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
