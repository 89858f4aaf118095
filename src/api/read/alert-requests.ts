import type { AlertRule } from '../../domain/alerts/condition.js';
import { ENTRIES, fits, TEXTS } from '../../domain/model/field-limits.js';
import type * as domain from '../../domain/model/requests.js';
import { AlertRule as Rule } from '../../gen/budgetarbiter/v1/budget.js';
import type {
  AcknowledgeAlertRequest,
  ListAlertsRequest,
  SilenceAlertsRequest,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { ALERT_RULES_BY_MESSAGE } from '../alert-rules.js';
import { Checks } from './checks.js';
import { afterKey, pageSize } from './list-requests.js';
import { isTime, TIME_RULE } from './moment.js';
import type { OfBudget } from './slot-requests.js';

export interface AlertsPage {
  readonly budgetId: string;
  readonly query: readonly string[];
  readonly after: string;
  readonly size: number;
  readonly includeEnded: boolean;
}

export function readListAlerts(message: ListAlertsRequest): AlertsPage {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const size = pageSize(checks, message.pageSize);
  const { includeEnded } = message;
  const query = ['alerts', budgetId, includeEnded ? 'all' : 'open'];
  const after = afterKey(checks, query, message.pageToken, (key) => fits(TEXTS.alertId, key)) ?? '';
  checks.done();
  return { budgetId, query, after, size, includeEnded };
}

export function readAcknowledge(message: AcknowledgeAlertRequest): OfBudget<domain.AcknowledgeAlertRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const alertId = checks.text('alert_id', message.alertId, TEXTS.alertId);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  checks.done();
  return { budgetId, request: { kind: 'acknowledge-alert', alertId, reason } };
}

export function readSilence(message: SilenceAlertsRequest): OfBudget<domain.SilenceAlertsRequest> {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const reason = checks.text('reason', message.reason, TEXTS.reason);
  if (message.until !== undefined && !isTime(message.until)) checks.fail('until', `must be ${TIME_RULE}`);
  if (message.rules.length > ENTRIES.silencedRules)
    checks.fail('rules', `must be at most ${ENTRIES.silencedRules}; they are ${message.rules.length}`);
  const rules = new Set<AlertRule>();
  const isEvery = message.rules.includes(Rule.ALERT_RULE_UNSPECIFIED);
  for (const [index, value] of isEvery ? [] : message.rules.entries()) {
    const rule = ALERT_RULES_BY_MESSAGE.get(value);
    if (rule === undefined)
      checks.fail(`rules[${index}]`, `must be a rule such as ALERT_RULE_WARNING; it is ${value}`);
    else rules.add(rule);
  }
  checks.done();
  const until = message.until?.getTime();
  const request = { kind: 'silence-alerts', rules: [...rules], reason } as const;
  return { budgetId, request: until === undefined ? request : { ...request, until } };
}
