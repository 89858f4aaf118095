import type { BudgetView } from '../../domain/model/outcomes.js';
import { type Budget, type PauseState, Preset } from '../../gen/budgetarbiter/v1/budget.js';
import { effectivePolicyMessage, policyMessage } from './policy-message.js';

export function budgetMessage(budget: BudgetView): Budget {
  return {
    budgetId: budget.budgetId,
    policy: policyMessage(budget.policyFields),
    preset: Preset[`PRESET_${budget.policyFields.preset?.name ?? 'WORK_SESSIONS'}`],
    presetPolicy: policyMessage(budget.policyFields.preset?.values ?? {}),
    effectivePolicy: effectivePolicyMessage(budget.policy),
    etag: budget.etag,
    pause: budget.pause && pauseMessage(budget.pause),
    createdAt: new Date(budget.createdAt),
    timeZoneInForce: budget.zone,
  };
}

function pauseMessage({ reason, at, principal = '' }: NonNullable<BudgetView['pause']>): PauseState {
  return { reason, pausedAt: new Date(at), principal };
}
