import type { BudgetCard, OverviewUpdate } from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { urlOf } from './api.js';
import { CardView } from './card-view.js';
import { behind, type Column, DataTable, putChildren } from './data-table.js';
import { fill, h, setText } from './dom.js';
import { Amounts, words, ZoneTimes } from './format.js';
import { LiveStream } from './live-stream.js';
import { meterLegend } from './meter.js';
import { exhaustionText } from './pills.js';
import type { PageContext, View } from './view.js';

type Order = 'name' | 'status' | 'spent';
const STATUS_ORDER = ['EMERGENCY', 'CRITICAL', 'WARNING', 'NORMAL'];

/** All budgets at a glance. */
export class OverviewView implements View {
  readonly title = 'Budgets';
  readonly element: HTMLElement;
  private readonly list = h('ul', { class: 'cards' });
  private readonly note = h('p', { class: 'note', role: 'status' });
  private readonly paging = h('p', { class: 'paging' });
  private readonly filter = h('input', { type: 'search', id: 'filter', placeholder: 'by name' });
  private readonly order = h(
    'select',
    { id: 'order' },
    option('name', 'name'),
    option('status', 'status'),
    option('spent', 'share spent'),
  );
  private readonly table = new DataTable({
    ...{ caption: 'All budgets', file: 'budgets', columns: COLUMNS },
    ...{ key: ({ budgetId }: BudgetCard) => budgetId, empty: 'There is no budget.' },
  });
  private readonly cards = new Map<string, CardView>();
  private readonly stream: LiveStream;
  private known = false;

  constructor(
    private readonly context: PageContext,
    after: string | undefined,
  ) {
    const tools = h(
      'div',
      { class: 'tools' },
      h('span', { class: 'tool' }, h('label', { for: 'filter' }, 'Show'), this.filter),
      h('span', { class: 'tool' }, h('label', { for: 'order' }, 'Order by'), this.order),
    );
    this.filter.addEventListener('input', () => this.arrange());
    this.order.addEventListener('change', () => this.arrange());
    this.element = h(
      'div',
      {},
      h('h1', { tabindex: -1 }, 'Budgets'),
      ...[
        tools,
        this.note,
        meterLegend(),
        this.list,
        this.paging,
        behind('All budgets as a table', this.table),
      ],
    );
    setText(this.note, 'Loading …');
    this.stream = new LiveStream(urlOf('budgets', { after }), {
      on: {
        overview: (data) => this.take(data as OverviewUpdate),
        'signed-out': () => context.signedOut(),
      },
      connection: (state) => context.connection.connected(state),
      mayRetry: () => context.isSignedIn(),
    });
  }

  close(): void {
    this.stream.close();
  }

  private take(update: OverviewUpdate): void {
    const { at, budgetIds, next, cards, stale, problem } = update;
    this.context.clock.heard(at);
    if (budgetIds !== undefined) this.putIds(budgetIds, next ?? '');
    for (const card of cards) this.cards.get(card.budgetId)?.update(card);
    const old = new Set(stale);
    for (const [budgetId, view] of this.cards) view.setStale(old.has(budgetId));
    const unread =
      stale.length > 0 ? `The store does not answer: figures of ${stale.length} budgets are old.` : undefined;
    this.context.connection.store(problem ?? unread);
    if (budgetIds !== undefined || cards.length > 0) this.arrange();
  }

  private putIds(budgetIds: readonly string[], next: string): void {
    this.known = true;
    const wanted = new Set(budgetIds);
    for (const budgetId of [...this.cards.keys()]) if (!wanted.has(budgetId)) this.cards.delete(budgetId);
    for (const budgetId of budgetIds) {
      if (!this.cards.has(budgetId)) this.cards.set(budgetId, new CardView(budgetId));
    }
    const link = next !== '' && h('a', { href: `#/?after=${encodeURIComponent(next)}` }, 'More budgets');
    fill(this.paging, link);
  }

  private arrange(): void {
    const wanted = this.filter.value.trim().toLowerCase();
    const order = this.order.value as Order;
    const shown = [...this.cards.values()]
      .filter(({ budgetId }) => budgetId.includes(wanted))
      .sort((a, b) => compare(a, b, order) || (a.budgetId < b.budgetId ? -1 : 1));
    putChildren(
      this.list,
      shown.map(({ element }) => element),
    );
    this.table.update(shown.flatMap(({ card }) => card ?? []));
    if (!this.known) return;
    const empty = 'There is no budget yet. The first one is made with CreateBudget, or by CONFIG_FILE.';
    const all = this.cards.size;
    const some =
      shown.length === all
        ? `${all} ${all === 1 ? 'budget' : 'budgets'}`
        : `${shown.length} of ${all} budgets`;
    setText(this.note, all === 0 ? empty : some);
  }
}

function option(value: Order, text: string): HTMLElement {
  return h('option', { value }, text);
}

function compare({ card: a }: CardView, { card: b }: CardView, order: Order): number {
  if (a === undefined || b === undefined || order === 'name') return 0;
  if (order === 'spent') return spentShare(b) - spentShare(a);
  return STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) || b.openAlerts - a.openAlerts;
}

function windowOf(card: BudgetCard, kind: 'MONTH' | 'DAY' | 'HOUR') {
  return card.windows.find((window) => window.kind === kind);
}

function spentShare(card: BudgetCard): number {
  const month = windowOf(card, 'MONTH');
  return month === undefined || month.cap === 0 ? 0 : month.spent / month.cap;
}

const COLUMNS: readonly Column<BudgetCard>[] = [
  {
    title: 'Budget',
    value: ({ budgetId }) => budgetId,
    show: ({ budgetId }) => h('a', { href: `#/budgets/${budgetId}` }, budgetId),
  },
  { title: 'Status', value: ({ status }) => words(status) },
  { title: 'Paused', value: ({ paused }) => (paused ? 'yes' : 'no') },
  { title: 'Spread', value: ({ grade }) => (grade === 'UNSPECIFIED' ? '' : words(grade)) },
  ...(['MONTH', 'DAY', 'HOUR'] as const).flatMap((kind) => [
    ofCard(`${words(kind)} spent`, (card) => windowOf(card, kind)?.spent),
    ofCard(`${words(kind)} reserved`, (card) => windowOf(card, kind)?.reserved),
    ofCard(`${words(kind)} cap`, (card) => windowOf(card, kind)?.cap),
  ]),
  ofCard('Projected month', (card) => card.projectedMonthTokens),
  { title: 'Used up', value: (card) => exhaustionText(card, new ZoneTimes(card.zone)) },
  { title: 'Live slots', number: true, value: ({ liveSlots }) => liveSlots },
  { title: 'Unit', value: ({ unit }) => unit },
];

function ofCard(title: string, value: (card: BudgetCard) => number | undefined): Column<BudgetCard> {
  return amountColumn((card) => new Amounts(card?.unit ?? 'tokens'), value, title);
}
