import { z } from 'zod';
import { ALERT_RULES } from '../domain/alerts/condition.js';
import { factsOf, figureOf, kindOf, NOTICE_TYPES, type Notice, SEVERITIES, textOf } from './notice.js';

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
    url: z.url().optional().describe('Where the budget is shown; absent without PUBLIC_URL.'),
    alert: z.looseObject({
      rule: z.enum(ALERT_RULES),
      window: z.enum(['HOUR', 'DAY', 'MONTH']),
      window_start: moment,
      raised_at: moment,
      ended_at: moment
        .optional()
        .describe('Absent while the condition holds. Of an event, when it happened.'),
      ai_id: z.string().optional().describe('Of AI_SHARE.'),
      team_id: z.string().optional().describe('Of TEAM_SHARE.'),
      model: z.string().optional().describe('Of UNPRICED_MODEL.'),
      value: z.number().describe('The figure that was compared, when it was raised.'),
      threshold: z.number().describe('What it was compared with.'),
      unit: z
        .enum(['tokens', 'percent', 'denials'])
        .describe(
          'Of value and threshold. With a currency, tokens are millionths of it; denials are those of a minute.',
        ),
      currency: z
        .string()
        .optional()
        .describe('The ISO 4217 code of what the budget counts; absent: tokens.'),
    }),
  })
  .describe('What the webhook of an alert sink receives.');

export type WebhookBody = z.output<typeof WEBHOOK_BODY>;

/** `url`: where the budget is shown. */
export function webhookBody(notice: Notice, url?: string): WebhookBody {
  const { id, type, budgetId, alert } = notice;
  const { window, windowStart, raisedAt, endedAt, value, threshold } = alert;
  const { title, severity } = factsOf(alert);
  return {
    version: WEBHOOK_VERSION,
    ...{ id, type, budget_id: budgetId },
    title: titleOf(notice, title),
    message: textOf(notice),
    severity,
    ...(url !== undefined && { url }),
    alert: {
      rule: alert.rule as WebhookBody['alert']['rule'],
      ...{ window, window_start: iso(windowStart), raised_at: iso(raisedAt) },
      ...(endedAt === undefined ? {} : { ended_at: iso(endedAt) }),
      ...(alert.aiId !== undefined && { ai_id: alert.aiId }),
      ...(alert.teamId !== undefined && { team_id: alert.teamId }),
      ...(alert.model !== undefined && { model: alert.model }),
      ...{ value, threshold, unit: kindOf(alert) },
      ...(alert.unit !== undefined && { currency: alert.unit }),
    },
  };
}

function titleOf({ type, budgetId }: Notice, title: string): string {
  if (type === 'test') return 'Test of the alert sinks';
  return `${budgetId}: ${title}${type === 'ended' ? ' (ended)' : ''}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

const COLOURS = { info: '#5b7083', warning: '#d9822b', critical: '#c23030' } as const;
const CALM = '#2e7d32';

/** Understood by Slack, and by those who take what Slack takes: Mattermost, Rocket.Chat, Discord under `/slack`. */
export function slackBody(notice: Notice, url?: string): unknown {
  const { type, budgetId, alert, id } = notice;
  const { title, severity } = factsOf(alert);
  const heading = titleOf(notice, title);
  const figure = (value: number) => figureOf(alert, value);
  const field = (name: string, value: string) => ({ title: name, value: plain(value), short: true });
  return {
    text: plain(heading),
    attachments: [
      {
        ...(url !== undefined && { title: plain(budgetId), title_link: url }),
        color: type === 'ended' || type === 'test' ? CALM : COLOURS[severity],
        fallback: plain(`${heading}. ${textOf(notice)}`),
        text: plain(textOf(notice)),
        fields: [
          field('Budget', budgetId),
          field('Rule', alert.rule),
          field('Value', figure(alert.value)),
          field('Threshold', figure(alert.threshold)),
        ],
        footer: plain(id),
        ts: Math.floor((type === 'ended' ? (alert.endedAt ?? alert.raisedAt) : alert.raisedAt) / 1_000),
      },
    ],
  };
}

/** Callers choose the names of AIs: one such as `<!channel>` or `@here` must not call anybody. */
function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '@\u200b');
}
