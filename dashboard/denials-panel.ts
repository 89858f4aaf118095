import { addressOf, budgetPath } from './address.js';
import { type Api, messageOf } from './api.js';
import { BarChart } from './bar-chart.js';
import { behind, DataTable } from './data-table.js';
import {
  type AiDenials,
  byAi,
  byHour,
  type DenialsJson,
  type HourOfAi,
  hoursOfAis,
  type Kind,
  type RuleDenialsJson,
  ruleName,
} from './denial-figures.js';
import { h, hidden, setText } from './dom.js';
import { Amounts, count, words, type ZoneTimes } from './format.js';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const LOW = 140;
const PAGE = 1_000;
/** So many pages are read: 5,000 AIs by hours and rules fit into no table. */
const MOST_PAGES = 5;

export interface DenialsOptions {
  readonly api: Api;
  readonly budgetId: string;
  readonly times: () => ZoneTimes;
  /** Of one AI alone. */
  readonly aiId?: string;
}

const TITLES = { denied: 'Refused', wouldDeny: 'Would have been refused' } as const;

/** Who was refused in the last 24 hours, by which rules and why; apart, who would have been if the budget did not only observe. */
export class DenialsPanels {
  readonly denied: DenialsPanel;
  readonly wouldDeny: DenialsPanel;
  private reading = 0;

  constructor(private readonly options: DenialsOptions) {
    this.denied = new DenialsPanel('denied', options);
    this.wouldDeny = new DenialsPanel('wouldDeny', options);
    this.wouldDeny.element.hidden = true;
  }

  async read(): Promise<void> {
    const turn = ++this.reading;
    try {
      const found = await this.readPages();
      if (turn !== this.reading) return;
      this.denied.update(found);
      this.wouldDeny.update(found);
      this.wouldDeny.element.hidden = Number(found.wouldDenyRequests ?? 0) === 0;
    } catch (error) {
      if (turn === this.reading) this.denied.failed(messageOf(error));
    }
  }

  private async readPages(): Promise<DenialsJson> {
    const { api, budgetId, aiId } = this.options;
    const asked = { budgetId, ...(aiId !== undefined && { aiId }), pageSize: PAGE };
    let found = await api.call<DenialsJson>('ListDenials', asked);
    const rows = [...(found.rows ?? [])];
    for (let page = 1; found.nextPageToken && page < MOST_PAGES; page += 1) {
      found = await api.call<DenialsJson>('ListDenials', { ...asked, pageToken: found.nextPageToken });
      rows.push(...(found.rows ?? []));
    }
    return { ...found, rows };
  }
}

/** One kind of denials. */
class DenialsPanel {
  readonly element: HTMLElement;
  private readonly note = h('p', { class: 'note' });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly chart: BarChart;
  private readonly ais: DataTable<AiDenials>;
  private readonly rules: DataTable<RuleDenialsJson>;
  private readonly hours: DataTable<HourOfAi>;
  private axis: readonly number[] = [];

  constructor(
    private readonly kind: Kind,
    private readonly options: DenialsOptions,
  ) {
    const title = TITLES[kind];
    this.chart = new BarChart({ label: `${title}, the last 24 hours`, height: LOW });
    this.ais = this.makeAis(title);
    this.rules = this.makeRules(title);
    this.hours = this.makeHours(title);
    const hours = behind('Hour by hour', this.hours);
    // Whoever looks at one AI wants to know why it was refused then.
    hours.open = options.aiId !== undefined;
    const byAi = options.aiId === undefined && this.ais.element;
    this.element = h(
      'section',
      { class: 'panel denials' },
      h('h2', {}, title),
      ...[this.note, this.problem, this.chart.element],
      byAi,
      h('h3', {}, 'By rule'),
      this.rules.element,
      hours,
    );
  }

  update({ rows = [], rules = [], to, nextPageToken, ...totals }: DenialsJson): void {
    setText(this.problem, '');
    const { kind } = this;
    const ais = byAi(rows, kind);
    const last = Math.floor((Date.parse(to) - 1) / HOUR_MS) * HOUR_MS;
    this.axis = Array.from({ length: HOURS }, (_, at) => last - (HOURS - 1 - at) * HOUR_MS);
    const all = Number((kind === 'denied' ? totals.deniedRequests : totals.wouldDenyRequests) ?? 0);
    setText(this.note, this.noteText(all, ais.length, nextPageToken));
    this.putChart(byHour(ais), hoursOfAis(rows, kind));
    this.ais.update(ais);
    this.rules.update(rules.filter((rule) => Number(rule[kind] ?? 0) > 0));
    this.hours.update(hoursOfAis(rows, kind));
    const isEmpty = all === 0;
    for (const part of this.element.children)
      if (part instanceof HTMLElement && part.tagName !== 'H2' && part !== this.note && part !== this.problem)
        part.hidden = isEmpty;
  }

  failed(message: string): void {
    setText(this.problem, message);
  }

  private noteText(all: number, ais: number, more: string | undefined): string {
    const { kind } = this;
    if (all === 0) return kind === 'denied' ? 'Nobody was refused in the last 24 hours.' : 'Nobody.';
    const requests = `${count(all)} ${all === 1 ? 'request' : 'requests'}`;
    const who = this.options.aiId === undefined ? ` of ${count(ais)} ${ais === 1 ? 'AI' : 'AIs'}` : '';
    const observed = kind === 'denied' ? '' : ' They were granted all the same: the budget only observes.';
    const cut = more ? ' There are more lines than are shown here.' : '';
    return `${requests}${who} in the last 24 hours.${observed}${cut}`;
  }

  private putChart(sums: ReadonlyMap<number, number>, hours: readonly HourOfAi[]): void {
    const times = this.options.times();
    this.chart.update(
      this.axis.map((start) => {
        const total = sums.get(start) ?? 0;
        const rules = new Map<string, number>();
        for (const hour of hours)
          if (hour.start === start) rules.set(hour.rule, (rules.get(hour.rule) ?? 0) + hour.count);
        const why = [...rules].map(([rule, often]) => `${words(rule)} ${count(often)}`).join(', ');
        const text = `${times.moment(start)}: ${count(total)}${why === '' ? '' : ` (${why})`}`;
        return { label: String(times.hour(start)), total, parts: [], text };
      }),
      ['--full'],
      [],
      COUNTS,
    );
  }

  private makeAis(title: string): DataTable<AiDenials> {
    const { budgetId, times } = this.options;
    return new DataTable<AiDenials>({
      ...{ caption: `${title}, by AI`, file: `${budgetId}-denials-by-ai`, empty: 'Nobody.', first: 8 },
      ...{ stack: true, key: ({ aiId }) => aiId },
      columns: [
        {
          title: 'AI',
          value: ({ aiId }) => aiId,
          show: ({ aiId }) => h('a', { href: addressOf(budgetPath(budgetId, 'ais', aiId)) }, aiId),
        },
        { title: 'Requests', number: true, value: (row) => row.count, show: (row) => count(row.count) },
        {
          title: 'Rules',
          value: ({ rules }) => rules.join(' '),
          show: ({ rules }) => rules.map(words).join(', '),
        },
        { title: 'Last', value: (row) => iso(row.lastAt), show: (row) => times().moment(row.lastAt) },
        {
          title: 'Last 24 hours',
          onScreenOnly: true,
          value: () => undefined,
          show: (row) => this.strip(row),
        },
      ],
    });
  }

  /** An hour each, the darker the more. */
  private strip({ hours }: AiDenials): HTMLElement {
    const counts = new Map(hours);
    const most = Math.max(1, ...counts.values());
    const times = this.options.times();
    const cells = this.axis.map((start) => {
      const often = counts.get(start) ?? 0;
      const level = often === 0 ? 0 : Math.ceil((5 * often) / most);
      return h('span', {
        class: `strip-hour level-${level}`,
        title: `${times.moment(start)}: ${count(often)}`,
      });
    });
    const told = [...counts].sort(([a], [b]) => a - b).map(([at, often]) => `${times.moment(at)} ${often}`);
    return h(
      'span',
      {},
      h('span', { class: 'strip', 'aria-hidden': 'true' }, ...cells),
      hidden(told.join(', ')),
    );
  }

  private makeRules(title: string): DataTable<RuleDenialsJson> {
    const { budgetId, times } = this.options;
    const at = ({ lastAt }: RuleDenialsJson) => (lastAt === undefined ? undefined : Date.parse(lastAt));
    return new DataTable<RuleDenialsJson>({
      ...{ caption: `${title}, by rule`, file: `${budgetId}-denials-by-rule`, empty: 'None.', stack: true },
      key: ({ rule }) => rule,
      columns: [
        { title: 'Rule', value: ({ rule }) => ruleName(rule), show: ({ rule }) => words(ruleName(rule)) },
        {
          title: 'Times',
          number: true,
          value: (row) => Number(row[this.kind] ?? 0),
          show: (row) => count(Number(row[this.kind] ?? 0)),
        },
        {
          title: 'Last',
          value: ({ lastAt }) => lastAt,
          show: (row) => {
            const last = at(row);
            return last === undefined ? '' : times().moment(last);
          },
        },
        { title: 'AI', value: ({ lastAiId }) => lastAiId },
        { title: 'Why, the last time', long: true, value: ({ lastBlocker }) => lastBlocker?.message },
      ],
    });
  }

  private makeHours(title: string): DataTable<HourOfAi> {
    const { budgetId, times } = this.options;
    return new DataTable<HourOfAi>({
      ...{
        caption: `${title}, hour by hour`,
        file: `${budgetId}-denials-by-hour`,
        empty: 'None.',
        first: 24,
      },
      ...{ stack: true, key: ({ start, aiId, rule }) => `${start} ${aiId} ${rule}` },
      columns: [
        { title: 'Hour', value: (row) => iso(row.start), show: (row) => times().moment(row.start) },
        { title: 'AI', value: ({ aiId }) => aiId },
        { title: 'Rule', value: ({ rule }) => rule, show: ({ rule }) => words(rule) },
        { title: 'Times', number: true, value: (row) => row.count, show: (row) => count(row.count) },
        { title: 'First', value: (row) => iso(row.firstAt), show: (row) => times().time(row.firstAt) },
        { title: 'Last', value: (row) => iso(row.lastAt), show: (row) => times().time(row.lastAt) },
      ],
    });
  }
}

/** Requests have no unit. */
const COUNTS = new Amounts('tokens');

function iso(at: number): string {
  return new Date(at).toISOString();
}
