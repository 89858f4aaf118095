import { addressOf, budgetPath } from './address.js';
import { BarChart } from './bar-chart.js';
import { behind, DataTable } from './data-table.js';
import {
  type AiDenials,
  byAi,
  bySpan,
  HOUR_MS,
  type HourOfAi,
  hoursOfAis,
  type Kind,
  type RuleDenialsJson,
  ruleName,
  spanStart,
} from './denial-figures.js';
import { type DenialRange, rangeName } from './denial-range.js';
import type { DenialScope, FoundDenials } from './denials-reading.js';
import { h, hidden, setText } from './dom.js';
import { Amounts, count, words, ZoneTimes } from './format.js';

const LOW = 140;
const TITLES = { denied: 'Refused', wouldDeny: 'Would have been refused' } as const;

export interface DenialsPanelOptions extends DenialScope {
  readonly times: () => ZoneTimes;
  /** By the service's clock. */
  readonly now: () => number;
  readonly go: (values: Readonly<Record<string, string | undefined>>) => void;
}

type Shown = Pick<FoundDenials, 'axis' | 'spanMs'>;

interface AiRow extends AiDenials, Shown {}

/** One kind of denials. */
export class DenialsPanel {
  readonly element: HTMLElement;
  private readonly note = h('p', { class: 'note' }, 'Loading …');
  private readonly body: HTMLElement;
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly hourChart: BarChart;
  private readonly dayChart: BarChart;
  private readonly ais: DataTable<AiRow>;
  private readonly rules: DataTable<RuleDenialsJson>;
  private readonly hours: DataTable<HourOfAi>;
  private shown: Shown = { axis: [], spanMs: HOUR_MS };

  constructor(
    private readonly kind: Kind,
    private readonly options: DenialsPanelOptions,
    nav?: HTMLElement,
  ) {
    const title = TITLES[kind];
    this.hourChart = new BarChart({
      label: `${title}, by hour`,
      height: LOW,
      counts: 'Requests',
      per: 'an hour',
    });
    this.dayChart = new BarChart({
      ...{ label: `${title}, by day`, height: LOW, counts: 'Requests', per: 'a day' },
      choose: (at) => this.chooseDay(this.shown.axis[at]),
    });
    this.ais = this.makeAis(title);
    this.rules = this.makeRules(title);
    this.hours = this.makeHours(title);
    const hours = behind('Hour by hour', this.hours);
    // Whoever looks at one AI wants to know why it was refused then.
    hours.open = options.aiId !== undefined;
    const byAi = options.aiId === undefined && this.ais.element;
    this.body = h('div', { class: 'figures' }, byAi, h('h3', {}, 'By rule'), this.rules.element, hours);
    this.element = h(
      'section',
      { class: 'panel denials' },
      h('div', { class: 'panel-head' }, h('h2', {}, title), nav),
      ...[this.note, this.problem, this.hourChart.element, this.dayChart.element, this.body],
    );
  }

  update(found: FoundDenials): void {
    const { kind } = this;
    const { rows, rules = [], axis, spanMs, sums } = found;
    this.shown = { axis, spanMs };
    setText(this.problem, '');
    const ais = byAi(rows, kind);
    const hours = hoursOfAis(rows, kind);
    const all = Number((kind === 'denied' ? found.deniedRequests : found.wouldDenyRequests) ?? 0);
    setText(this.note, this.noteText(all, ais.length, found));
    const known = new Map([...sums].map(([start, each]) => [start, each[kind]] as const));
    this.putChart(new Map([...bySpan(ais, spanMs), ...known]), hours);
    this.ais.update(ais.map((ai) => ({ ...ai, axis, spanMs })));
    this.rules.update(rules.filter((rule) => Number(rule[kind] ?? 0) > 0));
    this.hours.update(hours);
    this.body.hidden = all === 0;
    this.hourChart.element.hidden = all === 0 || spanMs > HOUR_MS;
    // One bar alone says nothing.
    this.dayChart.element.hidden = all === 0 || spanMs === HOUR_MS || axis.length === 1;
  }

  failed(message: string): void {
    setText(this.problem, message);
  }

  private chooseDay(start: number | undefined): void {
    if (start === undefined) return;
    const today = new Date(this.options.now()).toISOString().slice(0, 10);
    const day = new Date(start).toISOString().slice(0, 10);
    this.options.go({ refused: day === today ? undefined : day });
    // The chart that had the focus gives way to another.
    this.element.querySelector('select')?.focus();
  }

  private noteText(all: number, ais: number, { range, cutAt, axis, spanMs }: FoundDenials): string {
    const { kind, options } = this;
    const when = whenText(range);
    if (all === 0) return kind === 'denied' ? `Nobody was refused ${when}.` : 'Nobody.';
    const requests = `${count(all)} ${all === 1 ? 'request' : 'requests'}`;
    const who = options.aiId === undefined ? ` of ${count(ais)} ${ais === 1 ? 'AI' : 'AIs'}` : '';
    const observed = kind === 'denied' ? '' : ' They were granted all the same: the budget only observes.';
    const whole = spanMs > HOUR_MS && axis.length === 1 ? ' Its hours are no longer known apart.' : '';
    const cut =
      cutAt === undefined
        ? ''
        : ` By AI only what was refused since ${options.times().moment(cutAt)} is shown: there are too many lines.`;
    return `${requests}${who} ${when}.${observed}${whole}${cut}`;
  }

  private putChart(sums: ReadonlyMap<number, number>, hours: readonly HourOfAi[]): void {
    const { axis, spanMs } = this.shown;
    const times = this.options.times();
    const isDay = spanMs > HOUR_MS;
    const bars = axis.map((start) => {
      const total = sums.get(start) ?? 0;
      const rules = new Map<string, number>();
      for (const hour of hours)
        if (spanStart(hour.start, spanMs) === start)
          rules.set(hour.rule, (rules.get(hour.rule) ?? 0) + hour.count);
      const why = [...rules].map(([rule, often]) => `${words(rule)} ${count(often)}`).join(', ');
      const text = `${startText({ start, isDay }, times)}: ${count(total)}${why === '' ? '' : ` (${why})`}`;
      const label = isDay ? UTC.day(start) : String(times.hour(start));
      return { label, total, parts: [], text };
    });
    (isDay ? this.dayChart : this.hourChart).update(bars, ['--full'], [], COUNTS);
  }

  private makeAis(title: string): DataTable<AiRow> {
    const { budgetId, times } = this.options;
    return new DataTable<AiRow>({
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
        {
          ...{ title: 'Last', short: true, value: (row) => iso(row.lastAt) },
          show: (row) => times().moment(row.lastAt),
        },
        {
          title: () => (this.shown.spanMs > HOUR_MS ? 'By day' : 'By hour'),
          onScreenOnly: true,
          value: () => undefined,
          show: (row) => this.strip(row),
        },
      ],
    });
  }

  /** A span each, the darker the more. */
  private strip(ai: AiRow): HTMLElement {
    const { axis, spanMs } = ai;
    const counts = bySpan([ai], spanMs);
    const most = Math.max(1, ...counts.values());
    const times = this.options.times();
    const isDay = spanMs > HOUR_MS;
    const cells = axis.map((start) => {
      const often = counts.get(start) ?? 0;
      const level = often === 0 ? 0 : Math.ceil((5 * often) / most);
      return h('span', {
        class: `strip-hour level-${level}`,
        title: `${startText({ start, isDay }, times)}: ${count(often)}`,
      });
    });
    const told = [...counts]
      .sort(([a], [b]) => a - b)
      .map(([start, often]) => `${startText({ start, isDay }, times)} ${often}`);
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
        {
          ...{ title: 'Rule', short: true, value: ({ rule }) => ruleName(rule) },
          show: ({ rule }) => words(ruleName(rule)),
        },
        {
          title: 'Times',
          number: true,
          value: (row) => Number(row[this.kind] ?? 0),
          show: (row) => count(Number(row[this.kind] ?? 0)),
        },
        {
          ...{ title: 'Last', short: true, value: ({ lastAt }) => lastAt },
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
        {
          ...{ title: 'Hour', short: true, value: (row) => iso(row.start) },
          show: (row) => startText(row, times()),
        },
        { title: 'AI', value: ({ aiId }) => aiId },
        { title: 'Rule', value: ({ rule }) => rule, show: ({ rule }) => words(rule) },
        { title: 'Times', number: true, value: (row) => row.count, show: (row) => count(row.count) },
        { title: 'First', value: (row) => iso(row.firstAt), show: (row) => times().time(row.firstAt) },
        { title: 'Last', value: (row) => iso(row.lastAt), show: (row) => times().time(row.lastAt) },
      ],
    });
  }
}

/** They have no unit. */
const COUNTS = new Amounts('tokens');
const UTC = new ZoneTimes('UTC');

function whenText(range: DenialRange): string {
  if (range === undefined) return 'in the last 24 hours';
  const [from, to] = [UTC.day(Date.parse(range.from)), UTC.day(Date.parse(range.to))];
  return rangeName(range) === 'day' ? `on ${from}, a day of UTC` : `from ${from} to ${to}, days of UTC`;
}

/** Of an hour, or of a day as it is kept. */
function startText({ start, isDay }: Pick<HourOfAi, 'start' | 'isDay'>, times: ZoneTimes): string {
  return isDay ? `${UTC.day(start)} (UTC)` : times.moment(start);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
