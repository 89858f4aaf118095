import { undoOf } from '../../domain/changes/policy-difference.js';
import type { ChangeBody, PolicyChange, StoredChange } from '../../domain/model/changes.js';
import type { BudgetView } from '../../domain/model/outcomes.js';
import { POLICY_FIELDS, type PolicyKey } from '../../domain/policy/policy-fields.js';
import { Preset, TopUpKind } from '../../gen/budgetarbiter/v1/budget.js';
import {
  Change,
  ChangeKind,
  PolicyChange as PolicyChangeMessage,
  UpdateBudgetRequest,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { alertRuleMessage } from '../alert-rules.js';
import { policyMessage } from './policy-message.js';
import { optionalDate } from './time.js';

/** A record of a change, and how to undo it in the budget as it is now. */
export function changeMessage(change: StoredChange, budget: BudgetView | undefined): Change {
  const { number, at, principal = '', reason = '', body } = change;
  const said = { number, changedAt: new Date(at), principal, kind: kindNumber(body.kind), reason };
  return Change.fromPartial({ ...said, ...detailOf(change), ...undoMessage(change, budget) });
}

/** A record may come from a newer replica, with a kind that this one has no name for. */
function kindNumber(kind: string): ChangeKind {
  return ChangeKind[`CHANGE_KIND_${kind}` as keyof typeof ChangeKind] ?? ChangeKind.CHANGE_KIND_UNSPECIFIED;
}

function detailOf({ at, principal = '', reason = '', body }: StoredChange): Partial<Change> {
  switch (body.kind) {
    case 'CREATED':
    case 'POLICY':
    case 'PRESET':
    case 'DELETED':
      return { policy: policyChangeMessage(body) };
    case 'PAUSED':
      return { pause: { reason, pausedAt: new Date(at), principal } };
    case 'RESUMED': {
      const { pause } = body;
      const by = pause.principal ?? '';
      return { pause: { reason: pause.reason, pausedAt: new Date(pause.at), principal: by } };
    }
    case 'LEASE_REVOKED': {
      const { kind: _, ...lease } = body;
      return { lease };
    }
    case 'USAGE_ADJUSTED': {
      const { kind: _, dayTotal, aiId, model, ...adjustment } = body;
      return { adjustment: { ...adjustment, dayTotalTokens: dayTotal, aiId, model } };
    }
    case 'TOP_UP_ADDED':
    case 'TOP_UP_ENDED':
      return { topUp: topUpMessage(body) };
    case 'CLOCK_RESET':
      return { clock: { before: new Date(body.before), after: new Date(body.after) } };
    case 'ALERT_ACKNOWLEDGED':
      return { alertId: body.alertId, alertRules: [alertRuleMessage(body.rule)] };
    case 'ALERTS_SILENCED':
      return { alertRules: body.rules.map(alertRuleMessage), silencedUntil: optionalDate(body.until) };
    default:
      return {};
  }
}

function policyChangeMessage({ fields, before, after }: PolicyChange): PolicyChangeMessage {
  const presetOf = (name: string | undefined) =>
    Preset[`PRESET_${name ?? 'WORK_SESSIONS'}` as keyof typeof Preset];
  return PolicyChangeMessage.fromPartial({
    fields: fields.map(nameOf),
    before: policyMessage(before),
    after: policyMessage(after),
    ...((before.preset ?? after.preset) !== undefined && {
      presetBefore: presetOf(before.preset?.name),
      presetAfter: presetOf(after.preset?.name),
    }),
  });
}

function nameOf(key: PolicyKey): string {
  return POLICY_FIELDS[key].name;
}

function topUpMessage(body: Extract<ChangeBody, { kind: 'TOP_UP_ADDED' | 'TOP_UP_ENDED' }>): Change['topUp'] {
  const { topUpId, of, tokens, aiId, teamId, month, expiresAt } = body;
  const { spent, takenBack } = body.kind === 'TOP_UP_ENDED' ? body : { spent: 0, takenBack: 0 };
  return {
    ...{ topUpId, kind: TopUpKind[`TOP_UP_KIND_${of}`], tokens, aiId, teamId, month },
    ...{ expiresAt: optionalDate(expiresAt), spentTokens: spent, takenBackTokens: takenBack },
  };
}

function undoMessage({ number, body }: StoredChange, budget: BudgetView | undefined): Partial<Change> {
  if (budget === undefined || (body.kind !== 'POLICY' && body.kind !== 'PRESET')) return {};
  const { fields, mask, preset } = undoOf(body, budget.policyFields);
  const { budgetId, etag } = budget;
  const reason = `undo of change ${number}`;
  return {
    undo: UpdateBudgetRequest.fromPartial({
      ...{ budgetId, policy: policyMessage(fields), etag, reason },
      ...(mask.length > 0 && { updateMask: mask.map(nameOf) }),
      ...(preset && { preset: Preset[`PRESET_${preset}`] }),
    }),
  };
}
