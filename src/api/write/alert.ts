import { alertIdOf } from '../../domain/alerts/alerts.js';
import { toldOf } from '../../domain/alerts/notices.js';
import { EVERY_RULE } from '../../domain/alerts/silences.js';
import type { AlertView } from '../../domain/model/outcomes.js';
import type { Silences, StoredAlert } from '../../domain/model/state.js';
import type { Alert, AlertNotice, AlertSilence } from '../../gen/budgetarbiter/v1/budget.js';
import { alertRuleMessage } from '../alert-rules.js';
import { optionalDate } from './time.js';
import { windowKindMessage } from './window.js';

export function alertMessage(alert: AlertView): Alert {
  const { acknowledged, aiId, teamId, model } = alert;
  return {
    rule: alertRuleMessage(alert.rule),
    window: windowKindMessage(alert.window),
    windowStart: new Date(alert.windowStart),
    raisedAt: new Date(alert.raisedAt),
    endedAt: optionalDate(alert.endedAt),
    value: alert.value,
    threshold: alert.threshold,
    message: alert.message,
    notice: noticeMessage(alert),
    alertId: alertIdOf(alert),
    acknowledgedAt: optionalDate(acknowledged?.at),
    acknowledgedBy: acknowledged && (acknowledged.principal ?? ''),
    acknowledgedReason: acknowledged?.reason,
    silencedUntil: optionalDate(alert.silencedUntil),
    ...{ aiId, teamId, model },
  };
}

function noticeMessage(alert: StoredAlert): AlertNotice {
  const { number, raisedAt, endedAt } = toldOf(alert);
  return { number, raisedAt: new Date(raisedAt), endedAt: optionalDate(endedAt) };
}

export function silenceMessages(silences: Silences): AlertSilence[] {
  return Object.entries(silences).map(([rule, { until, reason, at, principal = '' }]) => ({
    rule: rule === EVERY_RULE ? undefined : alertRuleMessage(rule),
    ...{ until: new Date(until), reason, silencedAt: new Date(at), silencedBy: principal },
  }));
}
