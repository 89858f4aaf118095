import type { DayData, LiveData, MonthData } from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { BarChart } from './bar-chart.js';
import { callColumns } from './call-columns.js';
import { behind, DataTable } from './data-table.js';
import { fill, h, setText } from './dom.js';
import { Amounts, count, monthName, percent, shiftMonth, words, type ZoneTimes } from './format.js';
import { legend } from './meter.js';

/** The month as daily bars, with the lines that a day should keep between. */
export class MonthSection {
  readonly element: HTMLElement;
  private readonly heading = h('h2');
  private readonly input = h('input', { type: 'month', id: 'month', 'aria-label': 'Month' });
  private readonly chart: BarChart;
  private readonly legend = h('div');
  private readonly figures = h('dl', { class: 'facts wide' });
  private readonly table: DataTable<DayData>;
  private days: readonly DayData[] = [];
  private times: ZoneTimes | undefined;
  private amounts = new Amounts('tokens');

  constructor(budgetId: string, go: (query: { month?: string; day?: string }) => void) {
    const step = (by: number) => () => {
      if (this.input.value !== '') go({ month: shiftMonth(this.input.value, by) });
    };
    this.input.addEventListener('change', () => {
      if (/^\d{4}-\d{2}$/.test(this.input.value)) go({ month: this.input.value });
    });
    const nav = h(
      'div',
      { class: 'nav' },
      h('button', { type: 'button', class: 'quiet', onclick: step(-1), 'aria-label': 'Month before' }, '‹'),
      this.input,
      h('button', { type: 'button', class: 'quiet', onclick: step(1), 'aria-label': 'Month after' }, '›'),
    );
    this.chart = new BarChart({
      label: 'Usage by day',
      choose: (at) => {
        const day = this.days[at]?.day;
        if (day !== undefined) go({ day });
      },
    });
    const amounts = () => this.amounts;
    this.table = new DataTable<DayData>({
      ...{ caption: 'Usage by day', file: `${budgetId}-days`, empty: 'No days.', key: ({ day }) => day },
      columns: [
        { title: 'Day', value: ({ day }) => day, show: ({ start }) => this.times?.day(start) ?? '' },
        amountColumn(amounts, ({ total }) => total),
        amountColumn(amounts, ({ presumed }) => presumed, 'Presumed'),
        amountColumn(amounts, ({ late }) => late, 'Late'),
        ...callColumns,
      ],
    });
    this.element = h(
      'section',
      { class: 'panel' },
      h('div', { class: 'panel-head' }, this.heading, nav),
      ...[this.chart.element, this.legend, this.figures, behind('Days as a table', this.table)],
    );
  }

  update(data: MonthData, days: readonly DayData[], live: LiveData | undefined, times: ZoneTimes): void {
    const amounts = new Amounts(data.unit);
    this.days = days;
    this.times = times;
    this.amounts = amounts;
    const { limits, month, isCurrent } = data;
    setText(this.heading, monthName(month.key));
    if (document.activeElement !== this.input) this.input.value = month.key;
    const cap = isCurrent ? live?.card.windows.find(({ kind }) => kind === 'DAY')?.cap : undefined;
    const today = isCurrent ? live?.today.day : undefined;
    this.chart.update(
      days.map((day) => ({
        ...{ label: String(Number(day.day.slice(8))), total: day.total, presumed: day.presumed },
        text: `${times.day(day.start)}: ${dayText(day, amounts)}`,
        ...(day.day === today && cap !== undefined ? { cap } : {}),
      })),
      [
        { name: 'least', amount: limits.dailyMin },
        { name: 'most', amount: limits.dailyMax },
      ],
      amounts,
    );
    fill(
      this.legend,
      legend([
        ['used', 'spent'],
        ['presumed', 'presumed'],
        [
          'line-least',
          `${percent(limits.dailyMinPercent)}, the daily minimum: ${amounts.text(limits.dailyMin)}`,
        ],
        [
          'line-most',
          `${percent(limits.dailyMaxPercent)}, the daily maximum: ${amounts.text(limits.dailyMax)}`,
        ],
        ...(cap === undefined ? [] : ([['line-cap', `today’s cap in force: ${amounts.text(cap)}`]] as const)),
      ]),
    );
    this.putFigures(data);
    this.table.update(days);
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
