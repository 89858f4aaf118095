import type { BudgetView } from '../../domain/outcomes.js';
import type { Budget } from '../../gen/budget/v1/budget.js';
import { effectivePolicyMessage, policyMessage } from '../policy-message.js';
import { optionalDate } from './time.js';

export function budgetMessage(budget: BudgetView): Budget {
  return {
    budgetId: budget.budgetId,
    policy: policyMessage(budget.policyFields),
    effectivePolicy: effectivePolicyMessage(budget.policy),
    etag: budget.etag,
    paused: budget.pause !== undefined,
    pauseReason: budget.pause?.reason ?? '',
    pausedAt: optionalDate(budget.pause?.at),
    createdAt: new Date(budget.createdAt),
    timeZoneInForce: budget.zone,
  };
}
