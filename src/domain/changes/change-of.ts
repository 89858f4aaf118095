import type { ChangeBody, TopUpChange } from '../model/changes.js';
import type { NeedsLookup, Outcome, OutcomeOf } from '../model/outcomes.js';
import type {
  AcknowledgeAlertRequest,
  AdjustRequest,
  BudgetRequest,
  SilenceAlertsRequest,
} from '../model/requests.js';
import type { TopUpView } from '../model/types.js';
import { policyDifference } from './policy-difference.js';

/** What a request has changed, by its outcome; nothing of one that repeats another, was refused or was only judged. */
export function changeOf(request: BudgetRequest, outcome: Outcome | NeedsLookup): ChangeBody | undefined {
  switch (outcome.kind) {
    case 'budget':
      return request.kind === 'put-policy' && request.validateOnly ? undefined : changeOfBudget(outcome);
    case 'deleted':
      return outcome.before && { kind: 'DELETED', ...policyDifference(outcome.before.policyFields, {}) };
    case 'revoked':
      return changeOfLease(outcome);
    case 'adjusted':
      return outcome.replayed ? undefined : changeOfUsage(request as AdjustRequest, outcome);
    case 'top-up':
      return outcome.replayed ? undefined : changeOfTopUp(request, outcome.topUp);
    case 'clock-reset': {
      const { before, after } = outcome;
      // Forwards it goes by itself.
      return after < before ? { kind: 'CLOCK_RESET', before, after } : undefined;
    }
    case 'alert': {
      const { alertId } = request as AcknowledgeAlertRequest;
      const { before, alert } = outcome;
      return isSame(before, alert) ? undefined : { kind: 'ALERT_ACKNOWLEDGED', alertId, rule: alert.rule };
    }
    case 'silences': {
      const { until, rules } = request as SilenceAlertsRequest;
      const isChanged = !isSame(outcome.before, outcome.silences);
      return isChanged
        ? { kind: 'ALERTS_SILENCED', rules, ...(until !== undefined && { until }) }
        : undefined;
    }
    default:
      return undefined;
  }
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function changeOfBudget({ before, budget }: Extract<Outcome, { kind: 'budget' }>): ChangeBody | undefined {
  if (before === undefined) return { kind: 'CREATED', ...policyDifference({}, budget.policyFields) };
  if (before.etag !== budget.etag) {
    const difference = policyDifference(before.policyFields, budget.policyFields);
    const { preset: was } = difference.before;
    const isPreset = was !== undefined || difference.after.preset !== undefined;
    return { kind: isPreset ? 'PRESET' : 'POLICY', ...difference };
  }
  if (before.pause === undefined) return budget.pause && { kind: 'PAUSED' };
  return budget.pause === undefined ? { kind: 'RESUMED', pause: before.pause } : undefined;
}

/** Of a lease that had ended before, nothing. */
function changeOfLease({ before, lease }: Exclude<OutcomeOf['revoke'], { kind: 'refused' }>) {
  if (before.status !== 'LIVE') return undefined;
  const { leaseId, aiId, reservedTokens, usedTokens, presumedTokens } = lease;
  return { kind: 'LEASE_REVOKED' as const, leaseId, aiId, reservedTokens, usedTokens, presumedTokens };
}

function changeOfUsage(
  { adjustmentId, tokens, aiId, model }: AdjustRequest,
  { day, dayTotal }: Exclude<OutcomeOf['adjust'], { kind: 'refused' }>,
): ChangeBody {
  const whose = { ...(aiId !== undefined && { aiId }), ...(model !== undefined && { model }) };
  return { kind: 'USAGE_ADJUSTED', adjustmentId, tokens, day, dayTotal, ...whose };
}

function changeOfTopUp({ kind }: BudgetRequest, topUp: TopUpView): ChangeBody {
  const { topUpId, kind: of, tokens, aiId, teamId, month, expiresAt, spent, takenBack } = topUp;
  const about: TopUpChange = {
    ...{ topUpId, of, tokens },
    ...(aiId !== undefined && { aiId }),
    ...(teamId !== undefined && { teamId }),
    ...(month !== undefined && { month }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
  return kind === 'add-top-up'
    ? { kind: 'TOP_UP_ADDED', ...about }
    : { kind: 'TOP_UP_ENDED', ...about, spent, takenBack };
}
