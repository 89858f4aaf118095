import { describe, expect, it } from 'vitest';
import type { Granted, Outcome } from '../../../../src/domain/model/outcomes.js';
import type { PolicyFields } from '../../../../src/domain/model/policy.js';
import type {
  AcquireRequest,
  AddTopUpRequest,
  BudgetRequest,
} from '../../../../src/domain/model/requests.js';
import { ROOMY, TestBudget } from '../../../support/budget.js';
import { overCaps } from '../../../support/top-ups.js';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-11-10T09:10:00Z');
const FRIDAY = Date.parse('2026-11-13T00:00:00Z');

/** 1,000 an hour and 2,000 a day; 1,900 of the hour's month are spent, so that nothing above 100 fits the hour. */
const TIGHT: PolicyFields = {
  ...ROOMY,
  monthlyLimit: 10_000,
  maxHourlyPercent: 10,
  maxDailyPercent: 20,
  maxConcurrent: 3,
  maxConcurrentPerAi: 2,
};

type Asks = Pick<AcquireRequest, 'estimatedTokens' | 'atLeastTokens'>;

interface Row {
  readonly what: string;
  readonly topUps: readonly AddTopUpRequest[];
  readonly policy?: PolicyFields;
  readonly before?: readonly BudgetRequest[];
  /** Spent in this hour before. */
  readonly spent?: number;
  readonly asks?: Asks;
  /** `caps`: granted as without top-ups; a name: from that one; a list: refused by these rules. */
  readonly gets: string | readonly string[];
  readonly tokens?: number;
}

const friday = (topUpId: string, tokens: number, more: Partial<AddTopUpRequest> = {}) =>
  overCaps(topUpId, tokens, FRIDAY, more);
const asked = (estimatedTokens: number, more: Asks = {}): Asks => ({ estimatedTokens, ...more });

const ROWS: readonly Row[] = [
  { what: 'none: the hour refuses', topUps: [], gets: ['HOURLY_CAP'] },
  { what: 'what fits the caps needs none', topUps: [friday('a', 5_000)], asks: asked(100), gets: 'caps' },
  { what: 'what only the hour refuses', topUps: [friday('a', 5_000)], gets: 'a', tokens: 500 },
  { what: 'it has exactly enough', topUps: [friday('a', 500)], gets: 'a' },
  { what: 'it has too little', topUps: [friday('a', 499)], gets: ['HOURLY_CAP'] },
  {
    what: 'of two, the one that ends first',
    topUps: [friday('a', 500), overCaps('b', 500, FRIDAY - 1)],
    gets: 'b',
  },
  {
    what: 'the one that ends first has too little',
    topUps: [friday('a', 500), overCaps('b', 499, FRIDAY - 1)],
    gets: 'a',
  },
  { what: 'for this AI', topUps: [friday('a', 500, { aiId: 'x' })], gets: 'a' },
  { what: 'for another AI', topUps: [friday('a', 500, { aiId: 'y' })], gets: ['HOURLY_CAP'] },
  {
    what: 'hour, day, month and emergency in one',
    topUps: [friday('a', 500)],
    policy: { ...TIGHT, emergencyPercent: 90 },
    spent: 9_900,
    gets: 'a',
  },
  {
    what: "an AI's own cap is not lifted by one for everybody",
    topUps: [friday('a', 500)],
    policy: { ...TIGHT, maxDailyPercentByAi: [['x', 50]] },
    gets: ['HOURLY_CAP', 'AI_DAILY_CAP'],
  },
  {
    what: "an AI's own cap is lifted by one that names it",
    topUps: [friday('a', 500, { aiId: 'x' })],
    policy: { ...TIGHT, maxDailyPercentByAi: [['x', 50]] },
    gets: 'a',
  },
  {
    what: 'for its team',
    topUps: [friday('a', 500, { teamId: 'blue' })],
    policy: { ...TIGHT, teams: [['blue', { aiIds: ['x'] }]] },
    gets: 'a',
  },
  {
    what: 'for another team',
    topUps: [friday('a', 500, { teamId: 'red' })],
    policy: {
      ...TIGHT,
      teams: [
        ['blue', { aiIds: ['x'] }],
        ['red', { aiIds: ['y'] }],
      ],
    },
    gets: ['HOURLY_CAP'],
  },
  {
    what: "a team's and a model's cap are not lifted by one for everybody",
    topUps: [friday('a', 500)],
    policy: {
      ...TIGHT,
      teams: [['blue', { aiIds: ['x'], maxDailyPercent: 50 }]],
      models: [['*', { maxDailyPercent: 50 }]],
    },
    gets: ['HOURLY_CAP', 'TEAM_CAP', 'MODEL_CAP'],
  },
  {
    what: "a team's and a model's cap are lifted by one that names the team",
    topUps: [friday('a', 500, { teamId: 'blue' })],
    policy: {
      ...TIGHT,
      teams: [['blue', { aiIds: ['x'], maxDailyPercent: 50 }]],
      models: [['*', { maxDailyPercent: 50 }]],
    },
    gets: 'a',
  },
  {
    what: 'what is kept for others is lifted by one that names the AI',
    topUps: [friday('a', 500, { aiId: 'x' })],
    policy: { ...TIGHT, maxHourlyPercent: 100, teams: [['red', { aiIds: ['y'], guaranteedPercent: 50 }]] },
    gets: 'a',
  },
  {
    what: 'paused',
    topUps: [friday('a', 500)],
    before: [{ kind: 'pause', reason: '' }],
    gets: ['PAUSED', 'HOURLY_CAP'],
  },
  {
    what: 'a request that is too large',
    topUps: [friday('a', 500)],
    policy: { ...TIGHT, maxRequestTokens: 400 },
    gets: ['REQUEST_TOO_LARGE', 'HOURLY_CAP'],
  },
  {
    what: 'what no cap ever admits',
    topUps: [friday('a', 3_000)],
    asks: asked(2_500),
    gets: 'a',
    tokens: 2_500,
  },
  {
    what: 'mode OBSERVE uses none',
    topUps: [friday('a', 500)],
    policy: { ...TIGHT, mode: 'OBSERVE' },
    gets: 'caps',
    tokens: 500,
  },
  {
    what: 'a smaller grant goes before it',
    topUps: [friday('a', 5_000)],
    asks: asked(500, { atLeastTokens: 60 }),
    gets: 'caps',
    tokens: 60,
  },
  {
    what: 'where caps leave less than the least, all of it',
    topUps: [friday('a', 5_000)],
    asks: asked(500, { atLeastTokens: 101 }),
    gets: 'a',
    tokens: 500,
  },
  {
    what: 'never a part: it has the least, and not all',
    topUps: [friday('a', 499)],
    asks: asked(500, { atLeastTokens: 101 }),
    gets: ['HOURLY_CAP'],
  },
  {
    what: 'a rule that only the whole breaks is asked, too',
    topUps: [friday('a', 5_000)],
    policy: { ...TIGHT, maxDailyPercentByAi: [['x', 60]] },
    asks: asked(500, { atLeastTokens: 101 }),
    gets: ['HOURLY_CAP'],
  },
];

describe('a top-up over caps', () => {
  for (const row of ROWS) {
    it(row.what, () => {
      const budget = tight(row);
      const peek = budget.do<'availability'>({ kind: 'get-availability', aiId: 'x', ...asksOf(row) });
      const outcome = budget.acquire('x', asksOf(row));
      expect(got(outcome)).toEqual(row.gets);
      const peeked = peek.denial?.blockers.map(({ rule }) => rule);
      if (Array.isArray(row.gets)) expect(peeked).toEqual(row.gets);
      // What is on trial grants what it would deny.
      else if (budget.state.policy.mode === 'ENFORCE') expect(peeked).toBeUndefined();
      if (row.tokens !== undefined) expect((outcome as Granted).lease.reservedTokens).toBe(row.tokens);
    });
  }

  it('holds back cooldown and slots', () => {
    const budget = tight({ what: '', topUps: [friday('a', 5_000)], gets: '' });
    budget.grant('x', 500);
    budget.grant('x', 500);
    expect(budget.deny('x', 500).blockers.map(({ rule }) => rule)).toEqual([
      ...['AI_CONCURRENCY', 'HOURLY_CAP'],
    ]);
    budget.do({ kind: 'put-policy', fields: { ...TIGHT, cooldownMs: 60_000 } });
    expect(budget.grant('y', 500).view.topUpId).toBe('a');
    expect(budget.deny('y', 500).blockers.map(({ rule }) => rule)).toContain('COOLDOWN');
  });

  it('is no slot that is kept for a team', () => {
    const teams: PolicyFields['teams'] = [['guards', { aiIds: ['guardian'], guaranteedSlots: 3 }]];
    const topUps = [friday('x', 5_000, { aiId: 'x' })];
    const budget = tight({ what: '', topUps, gets: '' });
    budget.do({ kind: 'put-policy', fields: { ...TIGHT, teams } });
    const refusing = budget.deny('x', 500).blockers.map(({ rule, window }) => [rule, window]);
    expect(refusing).toContainEqual(['KEPT_FOR_OTHERS', undefined]);
  });

  it('grants nothing from the moment at which it ends', () => {
    const budget = tight({ what: '', topUps: [overCaps('a', 5_000, START + HOUR_MS / 2)], gets: '' });
    budget.now = START + HOUR_MS / 2 - 1;
    expect(budget.grant('x', 500).view.topUpId).toBe('a');
    budget.pass(1);
    expect(budget.deny('x', 500).blockers.map(({ rule }) => rule)).toEqual(['HOURLY_CAP']);
  });

  it('counts what it granted in no window', () => {
    const budget = tight({ what: '', topUps: [friday('a', 5_000)], gets: '' });
    const before = budget.snapshot().windows;
    const outcome = budget.acquire('x', asked(500));
    expect(outcome).toMatchObject({ kind: 'granted', availableTokens: 100 });
    expect(budget.snapshot().windows).toEqual(before);
    expect(budget.grant('y', 100).view.topUpId).toBeUndefined();
  });
});

function tight({ topUps, policy = TIGHT, before = [], spent = 900 }: Row): TestBudget {
  const budget = new TestBudget({ ...policy, maxDailyPercentByAi: [], mode: 'ENFORCE' });
  budget.release(budget.grant('x', 1), 0);
  const usage = { tokens: spent, reason: 'r', fingerprint: '', aiId: 'x' };
  budget.do({ kind: 'adjust', adjustmentId: 'spent', ...usage });
  budget.do({ kind: 'put-policy', fields: policy });
  for (const request of [...topUps, ...before]) budget.do(request);
  return budget;
}

function asksOf({ asks = asked(500) }: Row): Asks {
  return asks;
}

function got(outcome: Outcome): string | string[] {
  if (outcome.kind === 'denied') return outcome.denial.blockers.map(({ rule }) => rule);
  return (outcome as Granted).lease.topUpId ?? 'caps';
}
