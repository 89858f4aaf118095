import type { DayData, LiveData, MonthData } from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { type Bar, BarChart } from './bar-chart.js';
import { callColumns } from './call-columns.js';
import { behind, DataTable } from './data-table.js';
import { fill, h, setText } from './dom.js';
import { Amounts, count, monthName, percent, shiftMonth, words, type ZoneTimes } from './format.js';
import { LineChart } from './line-chart.js';
import { legend } from './meter.js';
import { monthLine } from './month-line.js';
import { othersText, partColours, partsText } from './stack-text.js';

const LINE_HEIGHT = 260;

export interface MonthQuery {
  readonly month?: string;
  readonly day?: string;
  readonly by?: string;
}

/** The month: as it comes together, and day by day, with the lines that a day should keep between. */
export class MonthSection {
  readonly element: HTMLElement;
  /** The line, which stands where a reader looks first. */
  readonly lineElement: HTMLElement;
  private readonly heading = h('h2');
  private readonly lineMonth = h('span', { class: 'note' });
  private readonly input = h('input', { type: 'month', id: 'month', 'aria-label': 'Month' });
  private readonly by = h(
    'select',
    { id: 'stacked-by' },
    ...['AI', 'model', 'team'].map((name) => h('option', { value: name.toLowerCase() }, name)),
  );
  private readonly line: LineChart;
  private readonly lineLegend = h('div');
  private readonly chart: BarChart;
  private readonly legend = h('div');
  private readonly figures = h('dl', { class: 'facts wide' });
  private readonly table: DataTable<DayData>;
  private days: readonly DayData[] = [];
  private times: ZoneTimes | undefined;
  private amounts = new Amounts('tokens');

  constructor(budgetId: string, go: (query: MonthQuery) => void) {
    const choose = (day: DayData | undefined) => day !== undefined && go({ day: day.day });
    this.line = new LineChart({ label: 'The month as it comes together', height: LINE_HEIGHT });
    this.chart = new BarChart({ label: 'Usage by day', choose: (at) => choose(this.days[at]) });
    this.by.addEventListener('change', () => go({ by: this.by.value }));
    this.table = this.makeTable(budgetId);
    this.lineElement = h(
      'section',
      { class: 'panel' },
      h('div', { class: 'panel-head' }, h('h2', {}, 'The month as it comes together'), this.lineMonth),
      ...[this.line.element, this.lineLegend],
    );
    this.element = h(
      'section',
      { class: 'panel', id: 'month-section' },
      h('div', { class: 'panel-head' }, this.heading, this.makeNav(go)),
      h(
        'div',
        { class: 'panel-head' },
        h('h3', {}, 'Day by day'),
        h('span', { class: 'tool' }, h('label', { for: 'stacked-by' }, 'Stacked by'), this.by),
      ),
      ...[this.chart.element, this.legend, this.figures, behind('Days as a table', this.table)],
    );
  }

  private makeNav(go: (query: MonthQuery) => void): HTMLElement {
    const step = (by: number) => () => {
      if (this.input.value !== '') go({ month: shiftMonth(this.input.value, by) });
    };
    this.input.addEventListener('change', () => {
      if (/^\d{4}-\d{2}$/.test(this.input.value)) go({ month: this.input.value });
    });
    return h(
      'div',
      { class: 'nav' },
      h('button', { type: 'button', class: 'quiet', onclick: step(-1), 'aria-label': 'Month before' }, '‹'),
      this.input,
      h('button', { type: 'button', class: 'quiet', onclick: step(1), 'aria-label': 'Month after' }, '›'),
    );
  }

  private makeTable(budgetId: string): DataTable<DayData> {
    const amounts = () => this.amounts;
    return new DataTable<DayData>({
      ...{ caption: 'Usage by day', file: `${budgetId}-days`, empty: 'No days.', key: ({ day }) => day },
      columns: [
        { title: 'Day', value: ({ day }) => day, show: ({ start }) => this.times?.day(start) ?? '' },
        amountColumn(amounts, ({ total }) => total),
        amountColumn(amounts, ({ presumed }) => presumed, 'Presumed'),
        amountColumn(amounts, ({ late }) => late, 'Late'),
        ...callColumns,
      ],
    });
  }

  update(data: MonthData, days: readonly DayData[], live: LiveData | undefined, times: ZoneTimes): void {
    const amounts = new Amounts(data.unit);
    this.days = days;
    this.times = times;
    this.amounts = amounts;
    const { month, isCurrent, stack } = data;
    setText(this.heading, monthName(month.key));
    setText(this.lineMonth, monthName(month.key));
    if (document.activeElement !== this.input) this.input.value = month.key;
    this.by.value = stack.by;
    const { places, lines } = monthLine(data, days, live?.card, times, amounts);
    this.line.update(places, lines, amounts);
    this.putLineLegend(data, live);
    const cap = isCurrent ? live?.card.windows.find(({ kind }) => kind === 'DAY')?.cap : undefined;
    const today = isCurrent ? live?.today.day : undefined;
    const { dailyMin, dailyMax } = data.limits;
    this.chart.update(
      days.map((day, at) => this.bar(data, day, at, today, cap)),
      partColours(stack),
      [
        { name: 'least', amount: dailyMin },
        { name: 'most', amount: dailyMax },
      ],
      amounts,
    );
    this.putLegend(data, cap);
    this.putFigures(data);
    this.table.update(days);
  }

  private bar(
    { stack, limits, figures }: MonthData,
    day: DayData,
    at: number,
    today: string | undefined,
    cap: number | undefined,
  ): Bar {
    const { amounts, times } = this;
    const isOpen = day.day === today;
    const mark =
      day.total > limits.dailyMax
        ? 'above'
        : figures.daysBelowMinimum.includes(day.day)
          ? 'below'
          : undefined;
    const marked = { above: ', above the maximum', below: ', below the minimum' };
    const parts = stack.days[at] ?? [];
    return {
      ...{ label: String(Number(day.day.slice(8))), total: day.total, parts },
      text:
        `${times?.day(day.start)}${isOpen ? ', still open' : ''}: ${dayText(day, amounts)}` +
        `${mark === undefined ? '' : marked[mark]}${partsText(stack, parts, day.total, amounts)}`,
      ...(isOpen && cap !== undefined && { cap }),
      ...(mark !== undefined && { mark }),
      ...{ quiet: times?.isWeekend(day.start) ?? false, open: isOpen },
    };
  }

  private putLineLegend({ limits, isCurrent, monthBefore }: MonthData, live: LiveData | undefined): void {
    const { amounts } = this;
    const entries: [string, string][] = [
      ['line-used', 'spent'],
      ['line-least', 'used evenly'],
      ['line-most', `the limit: ${amounts.text(limits.enforced)}`],
    ];
    if (isCurrent && live !== undefined)
      entries.push(['line-forecast', `forecast: ${amounts.text(live.card.projectedMonthTokens)}`]);
    if (monthBefore.length > 0) entries.push(['line-ghost', 'last month']);
    fill(this.lineLegend, legend(entries));
  }

  private putLegend({ limits, stack, isCurrent }: MonthData, cap: number | undefined): void {
    const { amounts } = this;
    const names = stack.names.map((name, at) => [`stack-${at + 1}`, name] as const);
    const min = `${percent(limits.dailyMinPercent)}, the daily minimum: ${amounts.text(limits.dailyMin)}`;
    const max = `${percent(limits.dailyMaxPercent)}, the daily maximum: ${amounts.text(limits.dailyMax)}`;
    fill(
      this.legend,
      legend([
        ...names,
        ['stack-0', othersText(stack)],
        ['line-least', min],
        ['line-most', max],
        ...(cap === undefined ? [] : ([['line-cap', `today’s cap in force: ${amounts.text(cap)}`]] as const)),
        ['mark-above', 'above the maximum'],
        ['mark-below', 'below the minimum'],
        ['quiet-day', 'week-end'],
        ...(isCurrent ? ([['open-day', 'today, still open']] as const) : []),
      ]),
    );
  }

  private putFigures({ figures, limits }: MonthData): void {
    const { amounts } = this;
    const { total, daysWithUsage, average, most, least, spreadPercent, grade, presumed, late } = figures;
    const graded =
      grade === 'UNSPECIFIED' ? 'graded from the third closed day on' : words(grade).toLowerCase();
    const facts: [string, string][] = [
      ['Spent', `${amounts.text(total)} of ${amounts.text(limits.enforced)}`],
      ['Days with usage', count(daysWithUsage)],
      [
        'Mean, least and most of a day',
        [Math.round(average), least, most].map((amount) => amounts.text(amount)).join(' · '),
      ],
      ['Spread', `${percent(spreadPercent)}, ${graded}`],
      ['Spread by weekday', percent(figures.spreadByWeekdayPercent)],
      ['Days below the minimum', count(figures.daysBelowMinimum.length)],
      ['Presumed, late', `${amounts.text(presumed)} · ${amounts.text(late)}`],
      ['Calls, failed', `${count(figures.calls)} · ${count(figures.failedCalls)}`],
    ];
    fill(this.figures, ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
  }
}

export function dayText({ total, presumed }: DayData, amounts: Amounts): string {
  const part = presumed > 0 ? `, of which ${amounts.text(presumed)} presumed` : '';
  return `${amounts.told(total)}${part}`;
}
