import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BudgetRequest } from '../../src/domain/model/requests.js';
import { Policy, Rule, Window } from '../../src/gen/budgetarbiter/v1/budget.js';
import {
  BudgetAdminServiceService as admin,
  UpdateBudgetRequest,
} from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import {
  AcquireSlotRequest,
  type AcquireSlotResponse,
  BudgetServiceService as budgets,
  GetAvailabilityRequest,
} from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { BUDGET, ROOMY, TestBudget } from '../support/budget.js';
import { answerOf, type Harness, startHarness } from './support/harness.js';

/** A day's cap of 4,574 tokens: guardian is guaranteed 40 percent of it, imperium 20. */
const POLICY = Policy.fromPartial({
  maxDailyPercent: 1,
  teams: {
    guardian: { aiIds: ['guardian'], guaranteedPercent: 40 },
    imperium: { aiIds: ['imperium', 'imperium/*'], guaranteedPercent: 20 },
  },
});

describe('the day of sharing.md, from the policy to the message', () => {
  let harness: Harness;
  const budget = new TestBudget({ ...ROOMY, monthlyLimit: 457_400 }, '2026-11-10T10:00:00Z');

  beforeAll(async () => {
    harness = await startHarness();
    harness.servicePort.answer = (request) => budget.do(request as BudgetRequest) as never;
    const change = { budgetId: BUDGET, policy: POLICY, updateMask: ['max_daily_percent', 'teams'] };
    await answerOf(harness, admin.updateBudget, UpdateBudgetRequest.fromPartial(change));
    for (const [aiId, tokens] of [
      ['guardian', 300],
      ['batch', 1_500],
    ] as const)
      budget.release(budget.grant(aiId, tokens), tokens);
    budget.at('2026-11-10T17:59:00Z').grant('batch', 500);
    budget.at('2026-11-10T18:00:00Z');
  });
  afterAll(() => harness.stop());

  const ask = (aiId: string, estimatedTokens: number) => {
    const request = { budgetId: BUDGET, aiId, estimatedTokens };
    return answerOf(harness, budgets.acquireSlot, AcquireSlotRequest.fromPartial(request));
  };

  it('refuses what is kept for others, and says when it is not', async () => {
    const { outcome } = (await ask('sandbox', 1_000)) as AcquireSlotResponse;
    expect(outcome).toMatchObject({
      $case: 'denied',
      value: {
        permanent: false,
        retryAfter: { seconds: 1_547 },
        blockers: [
          {
            ...{ rule: Rule.RULE_KEPT_FOR_OTHERS, window: Window.WINDOW_DAY, scope: undefined, limit: 3_202 },
            ...{ spent: 1_800, reserved: 500, requested: 1_000 },
            message: '1,372 are kept for guardian and imperium; 902 are free for sandbox now',
            availableAt: new Date('2026-11-10T18:25:47.075Z'),
          },
        ],
      },
    });
    expect((await ask('imperium/night', 1_500)).outcome).toMatchObject({
      value: { blockers: [{ rule: Rule.RULE_KEPT_FOR_OTHERS, scope: 'imperium' }] },
    });
  });

  it('tells what is free and what is kept', async () => {
    const look = async (aiId: string) => {
      const request = GetAvailabilityRequest.fromPartial({ budgetId: BUDGET, aiId });
      return answerOf(harness, budgets.getAvailability, request);
    };
    expect(await look('sandbox')).toMatchObject({ availableTokens: 902, teamWindows: [] });
    expect(await look('imperium')).toMatchObject({
      ...{ availableTokens: 1_359, teamId: 'imperium' },
      teamWindows: [{ keptTokens: 91_480 }, { keptTokens: 457 }, { keptTokens: 0 }],
    });
  });

  it('grants what is free', async () => {
    const granted = await ask('sandbox', 500);
    expect(granted.outcome).toMatchObject({
      value: { lease: { reservedTokens: 500 }, availableTokens: 402 },
    });
    expect((await ask('guardian', 1_000)).outcome).toMatchObject({
      value: { lease: { reservedTokens: 1_000, teamId: 'guardian' } },
    });
  });
});
