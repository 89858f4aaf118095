import type { AlertData, LiveData } from '../src/http/dashboard/page-data.js';
import { type Api, ApiError } from './api.js';
import type { AlertJson, SilenceJson } from './api-json.js';
import { DataTable } from './data-table.js';
import { ask } from './dialog.js';
import { type Child, fill, h } from './dom.js';
import { words, type ZoneTimes } from './format.js';

export interface AlertsOptions {
  readonly api: Api;
  readonly budgetId: string;
  readonly times: () => ZoneTimes;
  /** By the service's clock. */
  readonly now: () => number;
}

interface Row extends AlertJson {
  readonly mayOperate: boolean;
}

const HOUR_MS = 3_600_000;
const SILENCES = [1, 8, 24, 72] as const;

/** What holds, who minds it, and of what nobody is told for a while. */
export class AlertsPanel {
  readonly element: HTMLElement;
  private readonly table: DataTable<Row>;
  private readonly silences = h('ul', { class: 'warnings' });

  /** `changed`: called when something was done that the panel shows. */
  constructor(
    private readonly options: AlertsOptions,
    private readonly changed: () => void,
  ) {
    const { budgetId, times } = options;
    const moment = (at: string | undefined) => (at === undefined ? '' : times().moment(Date.parse(at)));
    this.table = new DataTable<Row>({
      ...{ caption: 'Alerts', file: `${budgetId}-alerts`, empty: 'No alerts.', first: 3, stack: true },
      key: ({ alertId }) => alertId,
      columns: [
        { title: 'Rule', value: ({ rule }) => ruleText(rule), show: ({ rule }) => ruleText(rule) },
        { title: 'Raised', value: ({ raisedAt }) => raisedAt, show: ({ raisedAt }) => moment(raisedAt) },
        {
          title: 'Ended',
          value: ({ endedAt }) => endedAt,
          show: ({ endedAt }) =>
            endedAt === undefined ? h('strong', { class: 'open' }, 'holds') : moment(endedAt),
        },
        { title: 'What it says', long: true, value: ({ message }) => message },
        {
          title: 'Minded by',
          value: ({ acknowledgedBy }) => acknowledgedBy,
          show: (row) => this.mindedText(row),
        },
        { title: 'Action', onScreenOnly: true, value: () => undefined, show: (row) => this.actions(row) },
      ],
    });
    this.element = h('section', { class: 'panel' }, h('h2', {}, 'Alerts'), this.silences, this.table.element);
  }

  async read({ mayOperate, alerts: known }: LiveData): Promise<void> {
    const { api, budgetId } = this.options;
    const asked = { budgetId, includeEnded: true, pageSize: 200 };
    try {
      const { alerts = [], silences = [] } = await api.call<AlertsJson>('ListAlerts', asked);
      const rows = [...alerts].sort(openFirst).map((alert) => ({ ...alert, mayOperate }));
      this.table.update(rows);
      fill(this.silences, ...silences.map((silence) => this.silenceLine(silence, mayOperate)));
      this.silences.hidden = silences.length === 0;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // What the stream told is shown all the same; there is nothing to be done about it now.
      this.table.update(known.map((alert) => ({ ...toldAlert(alert), mayOperate: false })));
    }
  }

  private mindedText({ acknowledgedAt, acknowledgedBy, acknowledgedReason }: Row): string {
    if (acknowledgedAt === undefined) return '';
    const who = acknowledgedBy || 'somebody';
    const why = acknowledgedReason ? `: ${acknowledgedReason}` : '';
    return `${who}, ${this.options.times().moment(Date.parse(acknowledgedAt))}${why}`;
  }

  private actions({ mayOperate, endedAt, alertId, rule, acknowledgedAt, silencedUntil }: Row): Child {
    if (!mayOperate || endedAt !== undefined) return false;
    const button = (text: string, about: string, act: () => Promise<boolean>) =>
      h(
        'button',
        {
          ...{ type: 'button', class: 'quiet', 'aria-label': about },
          onclick: () => void act().then((done) => done && this.changed()),
        },
        text,
      );
    return h(
      'span',
      { class: 'buttons' },
      acknowledgedAt === undefined &&
        button('Acknowledge', `Acknowledge ${ruleText(rule)}`, () => this.acknowledge(alertId, rule)),
      silencedUntil === undefined && button('Silence', `Silence ${ruleText(rule)}`, () => this.silence(rule)),
    );
  }

  private acknowledge(alertId: string, rule: string): Promise<boolean> {
    const { api, budgetId } = this.options;
    return ask({
      title: `Acknowledge the alert “${ruleText(rule)}”?`,
      body: [h('p', {}, 'All who look see that somebody minds it, until it is raised again.')],
      ...{ confirm: 'Acknowledge', reason: 'What is done about it' },
      act: async (reason) => {
        await api.call('AcknowledgeAlert', { budgetId, alertId, reason });
        return `“${ruleText(rule)}” is acknowledged.`;
      },
    });
  }

  private silence(rule: string): Promise<boolean> {
    const { api, budgetId } = this.options;
    const hours = h(
      'select',
      { id: 'silence-hours' },
      ...SILENCES.map((each) => h('option', { value: each }, each === 1 ? '1 hour' : `${each} hours`)),
    );
    const every = h('input', { type: 'checkbox', id: 'silence-all' });
    return ask({
      title: `Silence “${ruleText(rule)}”?`,
      body: [
        h('p', {}, 'Nobody is told of it for a while, by no webhook or mail; it is shown here all the same.'),
        h('div', { class: 'field plain' }, h('label', { for: 'silence-hours' }, 'For'), hours),
        h('div', { class: 'tool' }, every, h('label', { for: 'silence-all' }, 'every rule of this budget')),
      ],
      ...{ confirm: 'Silence', reason: 'Reason' },
      act: async (reason) => {
        const until = new Date(this.options.now() + Number(hours.value) * HOUR_MS).toISOString();
        const rules = every.checked ? {} : { rules: [rule] };
        await api.call('SilenceAlerts', { budgetId, until, reason, ...rules });
        return 'It is silent.';
      },
    });
  }

  private silenceLine({ rule, until, reason, silencedBy }: SilenceJson, mayOperate: boolean): HTMLElement {
    const { api, budgetId, times } = this.options;
    const what = rule === undefined ? 'Every rule' : ruleText(rule);
    const why = reason ? `: ${reason}` : '';
    const end = async () => {
      await api.call('SilenceAlerts', { budgetId, ...(rule === undefined ? {} : { rules: [rule] }) });
      this.changed();
    };
    return h(
      'li',
      {},
      `${what} is silent until ${times().moment(Date.parse(until))}, by ${silencedBy || 'somebody'}${why} `,
      mayOperate &&
        h(
          'button',
          {
            type: 'button',
            class: 'quiet',
            'aria-label': `Tell of ${what} again`,
            onclick: () => void end(),
          },
          'Tell again',
        ),
    );
  }
}

interface AlertsJson {
  readonly alerts?: readonly AlertJson[];
  readonly silences?: readonly SilenceJson[];
}

function toldAlert({ rule, windowStart, raisedAt, endedAt, message }: AlertData): AlertJson {
  return {
    ...{
      alertId: `${rule} ${windowStart} ${message}`,
      rule,
      message,
      raisedAt: new Date(raisedAt).toISOString(),
    },
    ...(endedAt !== undefined && { endedAt: new Date(endedAt).toISOString() }),
  };
}

function ruleText(rule: string): string {
  return words(rule.replace('ALERT_RULE_', ''));
}

/** What holds now, then what is over, the latest first. */
function openFirst(a: AlertJson, b: AlertJson): number {
  const isOver = ({ endedAt }: AlertJson) => (endedAt === undefined ? 0 : 1);
  return isOver(a) - isOver(b) || Date.parse(b.raisedAt) - Date.parse(a.raisedAt);
}
