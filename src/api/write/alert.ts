import { toldOf } from '../../domain/alerts/notices.js';
import type { StoredAlert } from '../../domain/model/state.js';
import { type Alert, type AlertNotice, AlertRule } from '../../gen/budgetarbiter/v1/budget.js';
import { optionalDate } from './time.js';
import { windowKindMessage } from './window.js';

const RULES: ReadonlyMap<string, AlertRule> = new Map([
  ['POOR_SPREAD', AlertRule.ALERT_RULE_POOR_SPREAD],
  ['DAILY_SPIKE', AlertRule.ALERT_RULE_DAILY_SPIKE],
  ['HOURLY_BURST', AlertRule.ALERT_RULE_HOURLY_BURST],
  ['DAY_BELOW_MINIMUM', AlertRule.ALERT_RULE_DAY_BELOW_MINIMUM],
  ['WARNING', AlertRule.ALERT_RULE_WARNING],
  ['CRITICAL', AlertRule.ALERT_RULE_CRITICAL],
  ['EMERGENCY', AlertRule.ALERT_RULE_EMERGENCY],
  ['LEASE_EXPIRED', AlertRule.ALERT_RULE_LEASE_EXPIRED],
  ['OVERRUN', AlertRule.ALERT_RULE_OVERRUN],
  ['EXHAUSTION_FORECAST', AlertRule.ALERT_RULE_EXHAUSTION_FORECAST],
  ['UNPRICED_MODEL', AlertRule.ALERT_RULE_UNPRICED_MODEL],
]);

export function alertMessage(alert: StoredAlert): Alert {
  return {
    // The state may come from a newer replica, with a rule that this one has no name for.
    rule: RULES.get(alert.rule) ?? AlertRule.ALERT_RULE_UNSPECIFIED,
    window: windowKindMessage(alert.window),
    windowStart: new Date(alert.windowStart),
    raisedAt: new Date(alert.raisedAt),
    endedAt: optionalDate(alert.endedAt),
    value: alert.value,
    threshold: alert.threshold,
    message: alert.message,
    notice: noticeMessage(alert),
  };
}

function noticeMessage(alert: StoredAlert): AlertNotice {
  const { number, raisedAt, endedAt } = toldOf(alert);
  return { number, raisedAt: new Date(raisedAt), endedAt: optionalDate(endedAt) };
}
