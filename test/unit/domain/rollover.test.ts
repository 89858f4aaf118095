import { describe, expect, it } from 'vitest';
import { type PolicyFields, policyInForce } from '../../../src/domain/model/policy.js';
import { rolledOver } from '../../../src/domain/policy/allowance.js';
import { TestBudget } from '../../support/budget.js';
import { largerMonth, overCaps } from '../../support/top-ups.js';

const POLICY: PolicyFields = {
  rolloverMaxPercent: 5,
  cooldownMs: 0,
  maxDailyPercent: 100,
  maxHourlyPercent: 100,
};

describe('what a month leaves to the next', () => {
  it.each([
    // The example of sharing.md: 7,000, not the 17,200 that are left of S = 137,200.
    [5, 120_000, 7_000],
    [5, 137_000, 200],
    [5, 137_200, 0],
    [5, 140_000, 0],
    [0, 0, 0],
    [100, 0, 137_200],
    [33.3333, 0, 46_666],
  ])('%d percent, and %d are taken: %d', (rolloverMaxPercent, taken, expected) => {
    expect(rolledOver(policyInForce({ rolloverMaxPercent }), taken)).toBe(expected);
  });

  it('makes it larger, to the last of its caps', () => {
    const budget = november();
    spend(budget, 120_000);
    budget.at('2026-12-01T00:00:00Z');
    const { topUps, larger } = budget.snapshot();
    expect(topUps).toMatchObject([
      { topUpId: 'rollover-2026-12', kind: 'LARGER_MONTH', tokens: 7_000, month: '2026-12' },
    ]);
    expect(larger).toBe(7_000);
    expect(budget.window('MONTH').cap).toBe(147_000);
    expect(budget.state.allowance).toMatchObject({ grantable: 144_060, dailyMin: 2_940, dailyMax: 147_000 });
  });

  interface Row {
    readonly what: string;
    readonly policy?: PolicyFields;
    readonly does: (budget: TestBudget) => void;
    readonly leaves: number;
  }
  const ROWS: readonly Row[] = [
    {
      what: 'what live leases hold that were granted in it',
      does: (budget) => {
        spend(budget, 130_000);
        budget.at('2026-11-30T23:59:00Z').grant('x', 1_000);
        budget.at('2026-12-01T00:00:00Z');
      },
      leaves: 6_200,
    },
    {
      what: 'a lease that was over before, and refunded, however late somebody looks',
      policy: { ...POLICY, onExpiry: 'REFUND' },
      does: (budget) => {
        spend(budget, 130_000);
        budget.at('2026-11-30T23:58:00Z').grant('x', 1_000);
        budget.at('2026-12-01T09:00:00Z');
      },
      leaves: 7_000,
    },
    {
      what: 'without what came from top-ups, and without a larger month',
      policy: { ...POLICY, maxHourlyPercent: 0.001 },
      does: (budget) => {
        budget.do(largerMonth('more', 50_000));
        spend(budget, 135_000);
        budget.do(overCaps('a', 9_000, Date.parse('2026-11-20T00:00:00Z')));
        budget.release(budget.grant('x', 9_000), 9_000);
        budget.at('2026-12-01T00:00:00Z');
      },
      leaves: 2_200,
    },
    {
      what: 'not what was rolled over itself',
      does: (budget) => {
        budget.at('2027-01-01T00:00:00Z').do({ kind: 'sweep' });
        spend(budget, 140_000);
        budget.at('2027-02-01T00:00:00Z');
      },
      leaves: 0,
    },
    {
      what: 'a month in which nothing happened',
      does: (budget) => {
        spend(budget, 137_200);
        budget.at('2027-01-05T00:00:00Z');
      },
      leaves: 7_000,
    },
    {
      what: 'later corrections do not change it',
      does: (budget) => {
        spend(budget, 130_200);
        budget.at('2026-12-01T00:00:00Z').do({ kind: 'sweep' });
        spend(budget, -100_000, '2026-11-10');
      },
      leaves: 7_000,
    },
  ];
  for (const { what, policy, does, leaves } of ROWS) {
    it(`counts ${what}`, () => {
      const budget = november(policy);
      does(budget);
      expect(budget.snapshot().larger).toBe(leaves);
      expect(budget.reload().snapshot().larger).toBe(leaves);
    });
  }

  it('is nothing where the budget was created after the month began', () => {
    const budget = new TestBudget(POLICY, '2026-11-01T00:00:01Z');
    expect(budget.at('2026-12-01T00:00:00Z').snapshot().larger).toBe(0);
    expect(budget.at('2027-01-01T00:00:00Z').snapshot().larger).toBe(7_000);
  });

  it('comes anew after a clock that had run ahead', () => {
    const budget = november();
    expect(budget.at('2026-12-01T00:00:00Z').snapshot().larger).toBe(7_000);
    budget.at('2026-11-20T00:00:00Z').do({ kind: 'reset-clock' });
    expect(budget.snapshot()).toMatchObject({ larger: 0, topUps: [] });
    spend(budget, 137_000);
    expect(budget.at('2026-12-01T00:00:00Z').snapshot().larger).toBe(200);
  });

  it('counts a month that a clock which ran ahead was in', () => {
    const budget = november();
    budget.at('2026-12-05T00:00:00Z');
    spend(budget, 136_000);
    budget.writeOut().at('2026-11-20T00:00:00Z').do({ kind: 'reset-clock' });
    budget.writeOut();
    expect(budget.at('2027-01-03T00:00:00Z').snapshot().larger).toBe(1_200);
  });
});

/** In use since October. */
function november(policy: PolicyFields = POLICY): TestBudget {
  const budget = new TestBudget({ ...policy, rolloverMaxPercent: 0 }, '2026-10-20T00:00:00Z');
  budget.at('2026-11-10T09:00:00Z').do({ kind: 'put-policy', fields: policy });
  return budget;
}

function spend(budget: TestBudget, tokens: number, day?: string): void {
  const about = { reason: 'r', fingerprint: '', ...(day !== undefined && { day }) };
  budget.do({ kind: 'adjust', adjustmentId: `by ${tokens}`, tokens, ...about });
}
