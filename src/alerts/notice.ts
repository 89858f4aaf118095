import { isHappening } from '../domain/alerts/alert-deliveries.js';
import { alertKey } from '../domain/alerts/alerts.js';
import type { AlertRule } from '../domain/alerts/condition.js';
import { toldOf } from '../domain/alerts/notices.js';
import type { StoredAlert, StoredDelivery } from '../domain/model/state.js';
import { TOKENS, withUnit } from '../domain/model/unit.js';
import { amount } from '../domain/model/wording.js';
import { momentIn } from '../domain/time/clock-text.js';

export const NOTICE_TYPES = ['raised', 'ended', 'happened', 'test'] as const;
export const SEVERITIES = ['info', 'warning', 'critical'] as const;

/** What a sink is told once: it has the same id and content however often it is sent. */
export interface Notice {
  readonly id: string;
  /** An event such as a lease that expired happens; other alerts are raised, and end. */
  readonly type: (typeof NOTICE_TYPES)[number];
  readonly budgetId: string;
  readonly alert: StoredAlert;
}

interface RuleFacts {
  readonly title: string;
  readonly severity: (typeof SEVERITIES)[number];
}

const FACTS: { readonly [R in AlertRule]: RuleFacts } = {
  POOR_SPREAD: { title: 'the month is used unevenly', severity: 'warning' },
  DAILY_SPIKE: { title: 'an unusually busy day', severity: 'warning' },
  HOURLY_BURST: { title: 'the hour is nearly used up', severity: 'info' },
  DAY_BELOW_MINIMUM: { title: 'a day below its minimum', severity: 'info' },
  WARNING: { title: 'much of the month is spent', severity: 'warning' },
  CRITICAL: { title: 'nearly all of the month is spent', severity: 'critical' },
  EMERGENCY: { title: 'the month is spent: no new slots', severity: 'critical' },
  LEASE_EXPIRED: { title: 'a lease expired', severity: 'warning' },
  OVERRUN: { title: 'an AI spent more than it had reserved', severity: 'warning' },
  MONTH_SHARE: { title: 'a listed share of the month is spent', severity: 'warning' },
  AI_SHARE: { title: 'an AI has spent a listed share of the month', severity: 'warning' },
  TEAM_SHARE: { title: 'a team has spent a listed share of its month', severity: 'warning' },
  DENIAL_RATE: { title: 'many requests are denied', severity: 'warning' },
  UNPRICED_MODEL: { title: 'a model without weights of its own', severity: 'warning' },
  EXHAUSTION_FORECAST: { title: 'the allowance will not last the month', severity: 'warning' },
};

/** `epoch`: that of the budget, so that one which was deleted and made again has new ids. */
export function noticeOf(
  budgetId: string,
  epoch: number,
  alert: StoredAlert,
  notice: StoredDelivery['notice'],
): Notice {
  const raised = isHappening(alert) ? 'happened' : 'raised';
  const type = notice === 'ENDED' ? 'ended' : raised;
  // It becomes a header: callers choose the names of models.
  const key = alertKey(alert).split(' ').map(encodeURIComponent);
  const { number } = toldOf(alert);
  const parts = [budgetId, epoch, ...key, ...(number === 1 ? [] : [number]), type];
  // What is signed is id, time and body, with dots between.
  const id = parts.join(':').replaceAll('.', '%2E');
  return { id, type, budgetId, alert: toldAs(alert, type) };
}

/** A repeat must say the same: nothing of what became of the condition since. */
function toldAs(alert: StoredAlert, type: Notice['type']): StoredAlert {
  const { rule, window, windowStart, value, threshold, message, unit, zone, endedAt } = alert;
  const { aiId, teamId, model } = alert;
  const { level: _, ...notice } = toldOf(alert);
  return {
    ...{ rule, window, windowStart, value, threshold, message, raisedAt: notice.raisedAt },
    ...(aiId !== undefined && { aiId }),
    ...(teamId !== undefined && { teamId }),
    ...(model !== undefined && { model }),
    ...(unit !== undefined && { unit }),
    ...(zone !== undefined && { zone }),
    ...(type !== 'raised' && endedAt !== undefined && { endedAt, notice }),
  };
}

export function factsOf({ rule }: Pick<StoredAlert, 'rule'>): RuleFacts {
  return FACTS[rule as AlertRule] ?? { title: rule, severity: 'warning' };
}

/** What happened, the numbers, what it means and what to do. */
export function textOf({ type, alert }: Notice): string {
  const { message, raisedAt, endedAt, zone = 'UTC' } = alert;
  if (type !== 'ended') return message;
  return (
    `No longer so since ${momentIn(zone, endedAt ?? raisedAt)}: ${whyEnded(alert)}. ` +
    `Nothing more is to be done. It was, from ${momentIn(zone, raisedAt)}: ${message}`
  );
}

/** With the figure of now, where there is one. */
function whyEnded(alert: StoredAlert): string {
  const { endValue } = toldOf(alert);
  if (endValue === undefined) return `its ${alert.window.toLowerCase()} is over, or its figures have changed`;
  return `the figure is ${figureOf(alert, endValue)} now, and ${figureOf(alert, alert.threshold)} was the threshold`;
}

/** A figure of an alert as a person reads it. */
export function figureOf({ rule, unit = TOKENS }: Pick<StoredAlert, 'rule' | 'unit'>, value: number): string {
  switch (kindOf({ rule })) {
    case 'percent':
      return `${amount(value)}%`;
    case 'denials':
      return `${amount(value)} denials a minute`;
    case 'tokens':
      return withUnit(unit, value);
  }
}

/** What the figures of a rule are. */
export function kindOf({ rule }: Pick<StoredAlert, 'rule'>): 'tokens' | 'percent' | 'denials' {
  if (rule === 'DENIAL_RATE') return 'denials';
  return rule === 'POOR_SPREAD' ? 'percent' : 'tokens';
}

/** To find out whether a sink is heard. `id`: new each time, so that no receiver takes it for a repeat. */
export function testNotice(id: string, now: number): Notice {
  const message =
    'This is a test of the alert sinks, asked for by an operator: nothing is wrong, and nothing is to be done. ' +
    'A real alert says here what happened, the numbers, what it means and what to do.';
  const figures = { raisedAt: now, value: 112_000, threshold: 112_000, message };
  return {
    ...{ id: `test:${id}`, type: 'test', budgetId: 'test' },
    alert: { rule: 'WARNING', window: 'MONTH', windowStart: now, ...figures },
  };
}
