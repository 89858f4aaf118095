import type { DayData, LiveData, MonthData } from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { BarChart } from './bar-chart.js';
import { behind, DataTable } from './data-table.js';
import { fill, h, setText } from './dom.js';
import { Amounts, percent, type ZoneTimes } from './format.js';
import { legend } from './meter.js';
import { dayText } from './month-section.js';
import { NamesPanel } from './names-panel.js';

interface Hour {
  readonly start: number;
  readonly tokens: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One day as hourly bars, and by AI and model. */
export class DaySection {
  readonly element: HTMLElement;
  private readonly heading = h('h2');
  private readonly note = h('p', { class: 'note' });
  private readonly input = h('input', { type: 'date', id: 'day', 'aria-label': 'Day' });
  private readonly chart = new BarChart({ label: 'Usage by hour' });
  private readonly legend = h('div');
  private readonly table: DataTable<Hour>;
  private readonly ais: NamesPanel;
  private readonly models: NamesPanel;
  private times: ZoneTimes | undefined;
  private amounts = new Amounts('tokens');

  constructor(budgetId: string, go: (query: { month?: string; day?: string }) => void) {
    const step = (by: number) => () => {
      if (this.input.value === '') return;
      go({
        day: new Date(Date.parse(`${this.input.value}T00:00:00Z`) + by * DAY_MS).toISOString().slice(0, 10),
      });
    };
    this.input.addEventListener('change', () => {
      if (/^\d{4}-\d{2}-\d{2}$/.test(this.input.value)) go({ day: this.input.value });
    });
    this.table = new DataTable<Hour>({
      ...{
        caption: 'Usage by hour',
        file: `${budgetId}-hours`,
        empty: 'No hours.',
        key: ({ start }) => String(start),
      },
      columns: [
        {
          title: 'Hour',
          value: ({ start }) => new Date(start).toISOString(),
          show: ({ start }) => this.times?.moment(start) ?? '',
        },
        amountColumn(
          () => this.amounts,
          (row) => row.tokens,
        ),
      ],
    });
    this.ais = new NamesPanel('The day by AI', 'AI', `${budgetId}-day-by-ai`);
    this.models = new NamesPanel('The day by model', 'Model', `${budgetId}-day-by-model`);
    const nav = h(
      'div',
      { class: 'nav' },
      h('button', { type: 'button', class: 'quiet', onclick: step(-1), 'aria-label': 'Day before' }, '‹'),
      this.input,
      h('button', { type: 'button', class: 'quiet', onclick: step(1), 'aria-label': 'Day after' }, '›'),
    );
    const names = h('div', { class: 'pair inner' }, this.ais.element, this.models.element);
    this.element = h(
      'section',
      { class: 'panel', id: 'day-section' },
      h('div', { class: 'panel-head' }, this.heading, nav),
      ...[this.note, this.chart.element, this.legend, behind('Hours as a table', this.table), names],
    );
  }

  update(data: MonthData, days: readonly DayData[], live: LiveData | undefined, times: ZoneTimes): void {
    const amounts = new Amounts(data.unit);
    this.times = times;
    this.amounts = amounts;
    const shown = days.find(({ day }) => day === data.day.day);
    const isToday = shown !== undefined && shown.day === live?.today.day;
    if (document.activeElement !== this.input) this.input.value = data.day.day;
    setText(
      this.heading,
      isToday ? 'Today by hours' : `${shown ? times.day(shown.start) : data.day.day} by hours`,
    );
    setText(
      this.note,
      shown === undefined
        ? 'This day is not within the month.'
        : `${dayText(shown, amounts)}.${unknownText(shown, amounts)}`,
    );
    const hours = shown === undefined ? [] : hoursOf(shown);
    const window = isToday ? live?.card.windows.find(({ kind }) => kind === 'HOUR') : undefined;
    this.chart.update(
      hours.map(({ start, tokens: amount }) => ({
        ...{ label: String(times.hour(start)), total: amount, parts: [] },
        text: `${times.moment(start)}: ${amounts.told(amount)}`,
        ...(window !== undefined && window.start === start ? { cap: window.cap } : {}),
      })),
      ['--used'],
      [{ name: 'most', amount: data.limits.hourlyMax }],
      amounts,
    );
    const most = `${percent(data.limits.hourlyMaxPercent)}, the hourly maximum: ${amounts.text(data.limits.hourlyMax)}`;
    const cap =
      window === undefined
        ? []
        : ([['line-cap', `this hour’s cap in force: ${amounts.text(window.cap)}`]] as const);
    fill(this.legend, legend([['used', 'spent'], ['line-most', most], ...cap]));
    this.table.update(hours);
    this.ais.update(data.day.ais, amounts);
    this.models.update(data.day.models, amounts);
  }
}

/** What was brought in by corrections. */
function unknownText({ hourUnknown }: DayData, amounts: Amounts): string {
  return hourUnknown === 0
    ? ''
    : ` Of ${amounts.told(hourUnknown)} the hour is unknown: they came in by corrections, and are in no bar.`;
}

/** Every hour of the day, 23 to 25 of them; those without usage have none in the data. */
function hoursOf({ start, end, hours }: DayData): Hour[] {
  const byStart = new Map<number, number>();
  for (let at = start; at < end; at += HOUR_MS) byStart.set(at, 0);
  for (const { start: at, tokens: amount } of hours) byStart.set(at, amount);
  return [...byStart]
    .map(([at, amount]) => ({ start: at, tokens: amount }))
    .sort((a, b) => a.start - b.start);
}
