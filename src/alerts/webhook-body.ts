import { z } from 'zod';
import { ALERT_RULES } from '../domain/alerts/alert-conditions.js';
import { factsOf, NOTICE_TYPES, type Notice, SEVERITIES, textOf } from './notice.js';

/** A field may be added at any time; whatever changes otherwise makes a new version. */
export const WEBHOOK_VERSION = 1;

const moment = z.iso.datetime().describe('RFC 3339, UTC, milliseconds.');

/** What a webhook receives; `docs/alert-webhook.v1.schema.json` is made of it. */
export const WEBHOOK_BODY = z
  .looseObject({
    version: z.literal(WEBHOOK_VERSION),
    id: z.string().describe('The same in every repeat of this notice: what was seen before can be dropped.'),
    type: z
      .enum(NOTICE_TYPES)
      .describe('A condition is raised and later ended; an event happened once; a test means nothing.'),
    budget_id: z.string(),
    title: z.string().describe('One line for a person.'),
    message: z.string().describe('What happened, the numbers, what it means and what to do, for a person.'),
    severity: z.enum(SEVERITIES),
    alert: z.looseObject({
      rule: z.enum(ALERT_RULES),
      window: z.enum(['HOUR', 'DAY', 'MONTH']),
      window_start: moment,
      raised_at: moment,
      ended_at: moment
        .optional()
        .describe('Absent while the condition holds. Of an event, when it happened.'),
      value: z.number().describe('The figure that was compared, when it was raised.'),
      threshold: z.number().describe('What it was compared with.'),
      unit: z.enum(['tokens', 'percent']).describe('Of value and threshold.'),
    }),
  })
  .describe('What the webhook of an alert sink receives.');

export type WebhookBody = z.output<typeof WEBHOOK_BODY>;

export function webhookBody(notice: Notice): WebhookBody {
  const { id, type, budgetId, alert } = notice;
  const { window, windowStart, raisedAt, endedAt, value, threshold } = alert;
  const { title, severity } = factsOf(alert);
  return {
    version: WEBHOOK_VERSION,
    ...{ id, type, budget_id: budgetId },
    title: titleOf(notice, title),
    message: textOf(notice),
    severity,
    alert: {
      rule: alert.rule as WebhookBody['alert']['rule'],
      ...{ window, window_start: iso(windowStart), raised_at: iso(raisedAt) },
      ...(endedAt === undefined ? {} : { ended_at: iso(endedAt) }),
      ...{ value, threshold, unit: alert.rule === 'POOR_SPREAD' ? 'percent' : 'tokens' },
    },
  };
}

export function titleOf({ type, budgetId }: Notice, title: string): string {
  if (type === 'test') return 'Test of the alert sinks';
  return `${budgetId}: ${title}${type === 'ended' ? ' (ended)' : ''}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
