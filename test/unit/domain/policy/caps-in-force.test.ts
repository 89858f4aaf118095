import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BudgetSnapshot } from '../../../../src/domain/model/outcomes.js';
import { type Policy, policyInForce } from '../../../../src/domain/model/policy.js';
import { capsInForce, keptForLaterDays, windowOf } from '../../../../src/domain/policy/caps-in-force.js';
import { TestBudget } from '../../../support/budget.js';
import { usage } from '../../../support/requests.js';
import { snapshot } from '../../../support/samples.js';
import { testSeed } from '../../../support/seed.js';

function snapshotOf(made: TestBudget): BudgetSnapshot {
  return made.do<'snapshot'>({ kind: 'get-snapshot' }).snapshot;
}

describe('the caps of a policy', () => {
  it('are those that decisions are made by', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('NONE', 'FLOOR', 'EVEN'),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 6_000 }), fc.integer({ min: 1, max: 40 * 3_600_000 })), {
          maxLength: 12,
        }),
        (pacing, spendings) => {
          const made = new TestBudget({ pacing, maxHourlyPercent: 5, timeZone: 'Europe/Berlin' });
          for (const [at, [tokens, passed]] of spendings.entries()) {
            made.do({ kind: 'record-unleased', aiId: 'a', usage: usage(`u${at}`, tokens) });
            made.pass(passed);
          }
          const seen = snapshotOf(made);
          const caps = capsInForce(seen.budget.policy, seen);
          for (const kind of ['HOUR', 'DAY', 'MONTH'] as const) {
            expect([kind, caps[kind].tokens]).toEqual([kind, windowOf(seen, kind).cap]);
          }
          expect(keptForLaterDays(seen.budget.policy, seen)).toBeLessThanOrEqual(
            Math.max(windowOf(seen, 'MONTH').available, 0),
          );
        },
      ),
      { seed: testSeed('caps in force'), numRuns: 60 },
    );
  });
});

describe('what is kept for later days', () => {
  const at = (policy: Partial<Policy>) => {
    const seen = snapshot();
    return keptForLaterDays({ ...policyInForce({}), ...policy }, seen);
  };

  it('is nothing without pacing, and the minimums of the days after today under FLOOR', () => {
    expect(at({ pacing: 'NONE' })).toBe(0);
    const { month, today } = snapshot();
    const after = Number(new Date(month.end - 1).getUTCDate()) - Number(today.day.slice(8));
    expect(at({ pacing: 'FLOOR' })).toBe(after * 2_800);
  });
});
