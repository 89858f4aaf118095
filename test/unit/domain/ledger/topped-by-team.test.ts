import { describe, expect, it } from 'vitest';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type { LeaseRef } from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { overCaps } from '../../../support/top-ups.js';

const HOUR_MS = 3_600_000;
const TEAMS: PolicyFields['teams'] = [
  ['ops', { aiIds: ['reviewer'] }],
  ['web', { aiIds: ['web/*'] }],
];
/** Nothing fits the hour: whatever is granted comes from a top-up. */
const FULL: PolicyFields = { ...ROOMY, maxHourlyPercent: 0.0001, teams: TEAMS };

type Windows = readonly [hour: number, day: number, month: number];

interface Row {
  readonly what: string;
  /** After `web/a` was granted 400 from a top-up, and has used 300 of them. */
  readonly does: (budget: TestBudget, lease: LeaseRef) => unknown;
  readonly web: Windows;
  readonly ops?: Windows;
}

const ROWS: readonly Row[] = [
  { what: 'used', does: () => {}, web: [300, 300, 300] },
  { what: 'presumed', does: (budget) => budget.pass(121_000), web: [400, 400, 400] },
  {
    what: 'presumed, and given back',
    does: (budget, lease) => {
      budget.pass(121_000);
      budget.release(lease);
    },
    web: [300, 300, 300],
  },
  { what: 'overrun', does: (budget, lease) => budget.record(lease, 150), web: [400, 400, 400] },
  { what: 'an hour later', does: (budget) => budget.pass(HOUR_MS), web: [0, 400, 400] },
  { what: 'a day later', does: (budget) => budget.pass(24 * HOUR_MS), web: [0, 0, 400] },
  { what: 'a month later', does: (budget) => budget.at('2026-12-01T00:00:00Z'), web: [0, 0, 0] },
  {
    what: 'by another AI of the team, and by one of none',
    does: (budget) => {
      budget.record(budget.grant('web/b', 20), 20);
      budget.record(budget.grant('reviewer', 7), 7);
      budget.record(budget.grant('nobody', 3), 3);
    },
    web: [320, 320, 320],
    ops: [7, 7, 7],
  },
  {
    what: 'moved to another team',
    does: (budget) =>
      budget.do({ kind: 'put-policy', fields: { ...FULL, teams: [['ops', { aiIds: ['*'] }]] } }),
    web: [0, 0, 0],
    ops: [300, 300, 300],
  },
  {
    what: 'counted by name while there are teams: the hour begins with them',
    does: (budget) => {
      for (const teams of [[], TEAMS]) budget.do({ kind: 'put-policy', fields: { ...FULL, teams } });
      budget.record(budget.grant('web/b', 20), 20);
    },
    web: [20, 320, 320],
  },
];

describe('what a team has from top-ups', () => {
  it.each(ROWS)('$what', ({ does, web, ops = [0, 0, 0] }) => {
    const budget = new TestBudget(FULL);
    budget.do(overCaps('t', 1_000, budget.now + 30 * 24 * HOUR_MS));
    const lease = budget.grant('web/a', 400);
    budget.record(lease, 300);
    does(budget, lease);
    for (const ledger of ['here', 'loaded anew']) {
      budget.do({ kind: 'sweep' });
      const teams = new Map(budget.snapshot().teams.map(({ teamId, windows }) => [teamId, windows]));
      const topped = (teamId: string) => teams.get(teamId)?.map((window) => window.topped) ?? [0, 0, 0];
      expect([topped('web'), topped('ops')], ledger).toEqual([web, ops]);
      const asked = budget.do<'availability'>({ kind: 'get-availability', aiId: 'web/a' });
      const of = teams.has('web') ? 'web' : 'ops';
      expect(asked.team?.windows.map((window) => window.topped)).toEqual(topped(of));
      budget.reload();
    }
  });
});
