import type * as domain from '../domain/alerts/condition.js';
import { AlertRule } from '../gen/budgetarbiter/v1/budget.js';

/** The rules of alerts, as the API numbers them. */
const MESSAGES: ReadonlyMap<string, AlertRule> = new Map<domain.AlertRule, AlertRule>([
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
  ['MONTH_SHARE', AlertRule.ALERT_RULE_MONTH_SHARE],
  ['AI_SHARE', AlertRule.ALERT_RULE_AI_SHARE],
  ['TEAM_SHARE', AlertRule.ALERT_RULE_TEAM_SHARE],
  ['DENIAL_RATE', AlertRule.ALERT_RULE_DENIAL_RATE],
]);

export const ALERT_RULES_BY_MESSAGE: ReadonlyMap<AlertRule, domain.AlertRule> = new Map(
  [...MESSAGES].map(([rule, message]) => [message, rule as domain.AlertRule]),
);

/** The state may come from a newer replica, with a rule that this one has no name for. */
export function alertRuleMessage(rule: string): AlertRule {
  return MESSAGES.get(rule) ?? AlertRule.ALERT_RULE_UNSPECIFIED;
}
