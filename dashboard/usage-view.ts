import type { MonthData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath, changed } from './address.js';
import { amountText } from './amount-text.js';
import { messageOf } from './api.js';
import type { UsageJson, UsageRowJson } from './api-json.js';
import { type Column, DataTable } from './data-table.js';
import { notice } from './dialog.js';
import { fill, h, setShare, setText } from './dom.js';
import { Amounts, count, share, ZoneTimes } from './format.js';
import { exportUsage } from './usage-export.js';
import { type DayRange, type RangeName, rangeOf } from './usage-range.js';
import type { PageContext, View } from './view.js';

const PAGE = 50;
const DIMENSIONS = ['DAY', 'AI', 'MODEL', 'TEAM'] as const;
type Dimension = (typeof DIMENSIONS)[number];
const NAMES: Readonly<Record<Dimension, string>> = { DAY: 'Day', AI: 'AI', MODEL: 'Model', TEAM: 'Team' };
const RANGES: readonly (readonly [RangeName, string])[] = [
  ['today', 'today'],
  ['week', '7 days'],
  ['month', 'this month'],
  ['last-month', 'last month'],
  ['any', 'other days'],
];
const ORDERS = [
  ['tokens', 'most tokens first'],
  ['calls', 'most calls first'],
  ['key', 'day and name'],
] as const;
const FILTERS = [
  ['ai', 'AI'],
  ['model', 'model'],
  ['team', 'team'],
] as const;

/** What was used, on any days, crossed by day, AI, model and team. What is asked for stands in the address; the service finds it. */
export class UsageView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly range = select('usage-range', RANGES);
  private readonly from = h('input', { type: 'date', id: 'usage-from', 'aria-label': 'First day' });
  private readonly to = h('input', { type: 'date', id: 'usage-to', 'aria-label': 'Last day' });
  private readonly order = select('usage-order', ORDERS);
  private readonly by = new Map(
    DIMENSIONS.map((name) => [name, h('input', { type: 'checkbox', id: `by-${name}` })] as const),
  );
  private readonly filters = new Map(
    FILTERS.map(
      ([name]) => [name, h('input', { type: 'text', id: `of-${name}`, autocomplete: 'off' })] as const,
    ),
  );
  private readonly note = h('p', { class: 'note', role: 'status' }, 'Loading …');
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly place = h('div');
  private readonly paging = h('nav', { class: 'paging', 'aria-label': 'Pages' });
  private today: string | undefined;
  private times = new ZoneTimes('UTC');
  private amounts = new Amounts('tokens');
  private reading = 0;

  constructor(
    private readonly context: PageContext,
    private readonly budgetId: string,
    private query: URLSearchParams,
  ) {
    this.title = `Usage of ${budgetId}`;
    for (const input of [
      this.range,
      this.order,
      this.from,
      this.to,
      ...this.by.values(),
      ...this.filters.values(),
    ])
      input.addEventListener('change', () => this.chosen());
    this.element = this.layout();
    void this.start();
  }

  close(): void {}

  moved(query: URLSearchParams): boolean {
    this.query = query;
    void this.read();
    return true;
  }

  private layout(): HTMLElement {
    const tool = (id: string, text: string, ...inputs: HTMLElement[]) =>
      h('span', { class: 'tool' }, h('label', { for: id }, text), ...inputs);
    const by = [...this.by].map(([name, input]) =>
      h('span', { class: 'tool' }, input, h('label', { for: `by-${name}` }, NAMES[name])),
    );
    return h(
      'div',
      {},
      h(
        'p',
        { class: 'crumb' },
        h('a', { href: addressOf(budgetPath(this.budgetId)) }, `‹ ${this.budgetId}`),
      ),
      h('h1', { tabindex: -1 }, this.title),
      h('div', { class: 'tools' }, tool('usage-range', 'Days', this.range, this.from, this.to)),
      h('fieldset', { class: 'tools' }, h('legend', {}, 'By'), ...by),
      h(
        'div',
        { class: 'tools' },
        ...FILTERS.map(([name, text]) => {
          const input = this.filters.get(name);
          return input === undefined ? h('span') : tool(`of-${name}`, `Only this ${text}`, input);
        }),
        tool('usage-order', 'Order', this.order),
        h('button', { type: 'button', onclick: () => void this.export() }, 'Export these days'),
      ),
      ...[this.note, this.problem, this.place, this.paging],
    );
  }

  /** Where the budget stands in time, and what it counts. */
  private async start(): Promise<void> {
    try {
      const { api } = this.context;
      const { zone, unit, day } = await api.get<MonthData>('month', { budget_id: this.budgetId });
      this.times = new ZoneTimes(zone);
      this.amounts = new Amounts(unit);
      // Without a month of its own it is the one under way, and today.
      this.today = day.day;
      await this.read();
    } catch (error) {
      setText(this.problem, messageOf(error));
      setText(this.note, '');
    }
  }

  /** Each choice is an address. */
  private chosen(): void {
    const by = [...this.by].filter(([, { checked }]) => checked).map(([name]) => name.toLowerCase());
    const isAny = this.range.value === 'any';
    const filters = Object.fromEntries([...this.filters].map(([name, { value }]) => [name, value.trim()]));
    const query = changed(this.query, {
      ...{
        range: this.range.value,
        by: by.join(','),
        order: this.order.value,
        page: undefined,
        token: undefined,
      },
      ...{ from: isAny ? this.from.value : undefined, to: isAny ? this.to.value : undefined },
      ...filters,
    });
    location.hash = addressOf(budgetPath(this.budgetId, 'usage'), query);
  }

  /** All of it, whatever is shown: by day, AI, model and team. */
  private async export(): Promise<void> {
    if (this.today === undefined) return;
    const told = this.note.textContent ?? '';
    const { api } = this.context;
    try {
      const lines = await exportUsage(api, this.budgetId, this.asked.range, this.amounts, (read) =>
        setText(this.note, `Reading … ${count(read)} lines`),
      );
      notice(`${count(lines)} lines, by day, AI, model and team.`);
    } catch (error) {
      setText(this.problem, messageOf(error));
    }
    setText(this.note, told);
  }

  private get asked(): { range: DayRange; name: RangeName; by: Dimension[]; order: string } {
    const { query } = this;
    const name = RANGES.find(([each]) => each === query.get('range'))?.[0] ?? 'week';
    const [from, to] = [query.get('from'), query.get('to')];
    const days = { ...(from !== null && { from }), ...(to !== null && { to }) };
    const wanted = (query.get('by') ?? 'ai,model').split(',');
    const by = DIMENSIONS.filter((each) => wanted.includes(each.toLowerCase()));
    return {
      ...{ name, range: rangeOf(name, this.today ?? '', days), by: by.length === 0 ? ['DAY'] : by },
      order: query.get('order') ?? 'tokens',
    };
  }

  private async read(): Promise<void> {
    if (this.today === undefined) return;
    const turn = ++this.reading;
    const { range, name, by, order } = this.asked;
    this.putChoices(name, range, by, order);
    const of = (key: string) => this.query.get(key) ?? undefined;
    const filters = { aiId: of('ai'), model: of('model'), teamId: of('team') };
    const request = {
      ...{
        budgetId: this.budgetId,
        fromDay: range.from,
        toDay: range.to,
        pageSize: PAGE,
        pageToken: of('token'),
      },
      ...{ by: by.map((each) => `USAGE_GROUPING_${each}`), ...filters },
      ...{ orderBy: `USAGE_ORDER_${order.toUpperCase()}`, descending: order !== 'key' },
    };
    try {
      const found = await this.context.api.call<UsageJson>('ListUsage', request);
      if (turn !== this.reading) return;
      setText(this.problem, '');
      this.show(found, by);
    } catch (error) {
      if (turn !== this.reading) return;
      setText(this.problem, messageOf(error));
      setText(this.note, '');
    }
  }

  private putChoices(name: RangeName, range: DayRange, by: readonly Dimension[], order: string): void {
    this.range.value = name;
    this.order.value = order;
    [this.from.value, this.to.value] = [range.from, range.to];
    for (const input of [this.from, this.to]) input.hidden = name !== 'any';
    for (const [each, input] of this.by) input.checked = by.includes(each);
    for (const [each, input] of this.filters) input.value = this.query.get(each) ?? '';
  }

  private show({ rows = [], nextPageToken, ...totals }: UsageJson, by: readonly Dimension[]): void {
    const { amounts, budgetId } = this;
    const total = Number(totals.totalTokens ?? 0);
    const { range } = this.asked;
    const all = Number(totals.budgetTokens ?? 0);
    const part = total < all ? `, ${share(total, all)} of the ${amounts.text(all)} of the budget` : '';
    setText(this.note, `${amounts.told(total)} in ${count(Number(totals.totalCalls ?? 0))} calls${part}.`);
    const table = new DataTable<UsageRowJson>({
      ...{
        caption: 'Usage',
        file: `${budgetId}-usage-${range.from}-${range.to}`,
        empty: 'Nothing was used.',
      },
      ...{ key: ({ key }) => key, dense: true, columns: this.columns(by, total) },
    });
    table.update(rows);
    fill(this.place, table.element);
    const query = (token: string | undefined) =>
      addressOf(budgetPath(budgetId, 'usage'), changed(this.query, { token }));
    fill(
      this.paging,
      this.query.has('token') && h('a', { class: 'button', href: query(undefined) }, '‹ First'),
      nextPageToken !== undefined &&
        nextPageToken !== '' &&
        h('a', { class: 'button', href: query(nextPageToken) }, 'Next ›'),
    );
  }

  private columns(by: readonly Dimension[], total: number): Column<UsageRowJson>[] {
    const { amounts, budgetId, times } = this;
    const link = (kind: 'ais' | 'teams', name = '') =>
      name.startsWith('(') ? name : h('a', { href: addressOf(budgetPath(budgetId, kind, name)) }, name);
    const columns: Readonly<Record<Dimension, Column<UsageRowJson>>> = {
      DAY: {
        title: NAMES.DAY,
        value: ({ day }) => day,
        show: ({ day = '' }) => times.day(times.endOf(day) - 1),
      },
      AI: { title: NAMES.AI, value: ({ aiId }) => aiId, show: ({ aiId }) => link('ais', aiId) },
      MODEL: { title: NAMES.MODEL, value: ({ model }) => model },
      TEAM: { title: NAMES.TEAM, value: ({ teamId }) => teamId, show: ({ teamId }) => link('teams', teamId) },
    };
    const tokens = ({ tokens: amount }: UsageRowJson) => Number(amount ?? 0);
    return [
      ...by.map((each) => columns[each]),
      {
        title: amounts.title,
        number: true,
        value: (row) => amounts.plain(tokens(row)),
        show: (row) => amountText(amounts, tokens(row)),
      },
      {
        title: 'Share',
        number: true,
        value: (row) => (total === 0 ? 0 : Math.round((1_000 * tokens(row)) / total) / 10),
        show: (row) => shareBar(tokens(row), total),
      },
      {
        title: 'Calls',
        number: true,
        value: ({ calls }) => Number(calls ?? 0),
        show: ({ calls }) => count(Number(calls ?? 0)),
      },
      {
        title: 'Failed',
        number: true,
        value: ({ failedCalls }) => Number(failedCalls ?? 0),
        show: ({ failedCalls }) => count(Number(failedCalls ?? 0)),
      },
    ];
  }
}

function shareBar(part: number, whole: number): HTMLElement {
  const bar = h('span', { class: 'name-bar' });
  setShare(bar, whole === 0 ? 0 : part / whole);
  const track = h('span', { class: 'name-track', 'aria-hidden': 'true' }, bar);
  return h('span', { class: 'name-share' }, track, share(part, whole));
}

function select(id: string, options: readonly (readonly [string, string])[]): HTMLSelectElement {
  return h('select', { id }, ...options.map(([value, text]) => h('option', { value }, text)));
}
