import { AlertRule, TopUpKind } from '../gen/budgetarbiter/v1/budget.js';
import { type Change, ChangeKind, type PolicyChange } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { fieldsOf, policyObject, shortValue } from './policy-text.js';
import { amount, harmless } from './text.js';

/** `CHANGE_KIND_LEASE_REVOKED` is `lease revoked`. */
export function kindName({ kind }: Change): string {
  return (ChangeKind[kind] ?? '').replace('CHANGE_KIND_', '').replace('_', ' ').toLowerCase();
}

/** What a change did, in one line. */
export function changeText(change: Change): string {
  const { policy, pause, lease, adjustment, topUp, clock, kind } = change;
  if (policy !== undefined) return policyText(policy);
  if (lease !== undefined)
    return `${lease.aiId}, ${amount(lease.usedTokens)} used, ${amount(lease.presumedTokens)} presumed`;
  if (adjustment !== undefined) {
    const { tokens, day, dayTotalTokens, aiId } = adjustment;
    const sign = tokens > 0 ? '+' : '';
    return `${sign}${amount(tokens)} on ${day}${aiId ? ` for ${aiId}` : ''}, then ${amount(dayTotalTokens)}`;
  }
  if (topUp !== undefined) {
    const { topUpId, tokens, aiId, teamId, month } = topUp;
    const isMonth = topUp.kind === TopUpKind.TOP_UP_KIND_LARGER_MONTH;
    return `${topUpId}: ${amount(tokens)} for ${isMonth ? `the month ${month ?? ''}` : (aiId ?? teamId ?? 'every AI')}`;
  }
  if (change.alertId !== undefined) return alertName(change);
  if (kind === ChangeKind.CHANGE_KIND_ALERTS_SILENCED) {
    const until = change.silencedUntil;
    return `${alertName(change)}: ${until === undefined ? 'told again' : `until ${until.toISOString()}`}`;
  }
  if (clock !== undefined)
    return `${clock.before?.toISOString() ?? ''} -> ${clock.after?.toISOString() ?? ''}`;
  return kind === ChangeKind.CHANGE_KIND_RESUMED && pause !== undefined
    ? `it was paused since ${pause.pausedAt?.toISOString() ?? ''}${pause.reason && `: ${harmless(pause.reason)}`}`
    : '';
}

function alertName({ alertRules }: Change): string {
  const names = alertRules.map((rule) => AlertRule[rule]?.replace('ALERT_RULE_', '') ?? '');
  return names.length === 0 ? 'every rule' : names.join(', ');
}

function policyText({ fields = [], before, after, presetBefore, presetAfter }: PolicyChange): string {
  const [was, is] = [before, after].map((policy) => policyObject(fieldsOf(policy)));
  const parts = fields.map((name) => `${name} ${shortValue(was?.[name])} -> ${shortValue(is?.[name])}`);
  const names = ['?', 'WORK_SESSIONS', 'CALLS'];
  if (presetBefore !== presetAfter)
    parts.unshift(`preset ${names[presetBefore] ?? '?'} -> ${names[presetAfter] ?? '?'}`);
  return parts.length === 0 ? 'every field at its default' : parts.join(', ');
}
