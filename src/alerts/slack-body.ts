import { amount } from '../domain/model/wording.js';
import { factsOf, type Notice, textOf } from './notice.js';
import { titleOf } from './webhook-body.js';

const COLOURS = { info: '#5b7083', warning: '#d9822b', critical: '#c23030' } as const;
const CALM = '#2e7d32';

/** Understood by Slack, and by those who take what Slack takes: Mattermost, Rocket.Chat, Discord under `/slack`. */
export function slackBody(notice: Notice): unknown {
  const { type, budgetId, alert, id } = notice;
  const { title, severity } = factsOf(alert);
  const heading = titleOf(notice, title);
  const unit = alert.rule === 'POOR_SPREAD' ? '%' : ' tokens';
  const field = (name: string, value: string) => ({ title: name, value: plain(value), short: true });
  return {
    text: plain(heading),
    attachments: [
      {
        color: type === 'ended' || type === 'test' ? CALM : COLOURS[severity],
        fallback: plain(`${heading}. ${textOf(notice)}`),
        text: plain(textOf(notice)),
        fields: [
          field('Budget', budgetId),
          field('Rule', alert.rule),
          field('Value', `${amount(alert.value)}${unit}`),
          field('Threshold', `${amount(alert.threshold)}${unit}`),
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
