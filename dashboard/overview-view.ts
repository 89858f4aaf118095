import type { BudgetCard, OverviewOrder, OverviewUpdate } from '../src/http/dashboard/page-data.js';
import { addressOf, changed } from './address.js';
import { messageOf, urlOf } from './api.js';
import { CardView } from './card-view.js';
import { askForBudget } from './create-dialog.js';
import { behind, type DataTable, putChildren } from './data-table.js';
import { notice } from './dialog.js';
import { fill, h, setText } from './dom.js';
import { count } from './format.js';
import { LiveStream } from './live-stream.js';
import { meterLegend } from './meter.js';
import { overviewTable } from './overview-table.js';
import { askToPauseAll } from './pause-all.js';
import type { PageContext, View } from './view.js';

/** As the service has them. */
const PAGE_SIZE = 50;
/** More than these are read as a table. */
const MOST_CARDS = 12;
const TYPING_MS = 250;
const ORDERS: readonly (readonly [OverviewOrder, string])[] = [
  ['worst', 'worst first'],
  ['name', 'name'],
  ['month', 'share of the month'],
  ['day', 'share of the day'],
  ['hour', 'share of the hour'],
];

/** All budgets at a glance. Which ones, in which order, stands in the address, and is found out by the service. */
export class OverviewView implements View {
  readonly title = 'Budgets';
  readonly element: HTMLElement;
  private readonly list = h('ul', { class: 'cards' });
  private readonly note = h('p', { class: 'note', role: 'status' });
  private readonly zones = h('p', { class: 'note' });
  private readonly paging = h('nav', { class: 'paging', 'aria-label': 'Pages' });
  private readonly filter = h('input', { type: 'search', id: 'filter', placeholder: 'by name' });
  private readonly order = h(
    'select',
    { id: 'order' },
    ...ORDERS.map(([value, text]) => h('option', { value }, text)),
  );
  private readonly table: DataTable<BudgetCard> = overviewTable();
  private readonly behind = behind('All budgets as a table', this.table);
  private readonly legend = meterLegend();
  private readonly views = new Map<string, CardView>();
  private readonly cards = new Map<string, BudgetCard>();
  /** There where something is paused. */
  private readonly resumeAll = h(
    'button',
    { type: 'button', hidden: true, onclick: () => void askToPauseAll(this.context.api, true) },
    'Resume all',
  );
  private stream: LiveStream;
  private query: URLSearchParams;
  private ids: readonly string[] | undefined;
  private total = 0;
  private more = false;
  private typing: number | undefined;

  constructor(
    private readonly context: PageContext,
    query: URLSearchParams,
  ) {
    this.query = query;
    this.filter.addEventListener('input', () => this.typed());
    this.order.addEventListener('change', () => this.go({ order: this.order.value, page: undefined }));
    const tools = h(
      'div',
      { class: 'tools' },
      h('span', { class: 'tool' }, h('label', { for: 'filter' }, 'Show'), this.filter),
      h('span', { class: 'tool' }, h('label', { for: 'order' }, 'Order by'), this.order),
    );
    const heading = h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, 'Budgets'), this.buttons());
    const parts = [tools, this.note, this.zones, this.legend, this.list, this.behind, this.paging];
    this.element = h('div', {}, heading, ...parts);
    this.stream = this.open();
  }

  /** What a viewer may not do is not offered. */
  private buttons(): HTMLElement | undefined {
    const { api } = this.context;
    if (!api.session?.mayOperate) return undefined;
    const button = (text: string, act: () => Promise<void>, look = '') => {
      const onclick = () => void act().catch((error: unknown) => notice(messageOf(error)));
      return h('button', { type: 'button', class: look, onclick }, text);
    };
    return h(
      'div',
      { class: 'buttons' },
      button('Create a budget', () => askForBudget(api)),
      button('Pause all', () => askToPauseAll(api, false), 'danger'),
      this.resumeAll,
    );
  }

  close(): void {
    window.clearTimeout(this.typing);
    this.stream.close();
  }

  moved(query: URLSearchParams): boolean {
    this.query = query;
    this.stream.close();
    this.stream = this.open();
    return true;
  }

  private open(): LiveStream {
    const of = (name: string) => this.query.get(name) ?? undefined;
    const order = of('order') ?? 'worst';
    if (document.activeElement !== this.filter) this.filter.value = of('q') ?? '';
    this.order.value = order;
    this.ids = undefined;
    setText(this.note, 'Loading …');
    return new LiveStream(urlOf('budgets', { q: of('q'), order, page: of('page') }), {
      on: {
        overview: (data) => this.take(data as OverviewUpdate),
        'signed-out': () => this.context.signedOut(),
      },
      connection: (state) => this.context.connection.connected(state),
      mayRetry: () => this.context.isSignedIn(),
    });
  }

  private go(values: Readonly<Record<string, string | undefined>>): void {
    location.hash = addressOf('/', changed(this.query, values));
  }

  /** Each letter is no address of its own to go back to. */
  private typed(): void {
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(() => {
      const query = changed(this.query, { q: this.filter.value.trim(), page: undefined });
      location.replace(addressOf('/', query));
    }, TYPING_MS);
  }

  private take({ at, budgetIds, total, more, cards, stale, problem }: OverviewUpdate): void {
    this.context.clock.heard(at);
    for (const card of cards) this.cards.set(card.budgetId, card);
    if (budgetIds !== undefined) {
      this.ids = budgetIds;
      this.total = total ?? budgetIds.length;
      this.more = more ?? false;
    }
    const old = stale.length === 1 ? 'one budget are' : `${stale.length} budgets are`;
    const unread = stale.length > 0 ? `The store does not answer: figures of ${old} old.` : undefined;
    this.context.connection.store(problem ?? unread);
    if (this.ids === undefined && problem !== undefined)
      setText(this.note, `Which budgets there are is not known: ${problem}.`);
    if (budgetIds !== undefined || cards.length > 0) this.arrange();
    const isOld = new Set(stale);
    for (const [budgetId, view] of this.views) view.setStale(isOld.has(budgetId));
    this.table.element.classList.toggle('stale', stale.length > 0);
  }

  private arrange(): void {
    const { ids } = this;
    if (ids === undefined) return;
    const asTable = this.total > MOST_CARDS;
    const wanted = new Set(ids);
    for (const known of [this.views, this.cards])
      for (const budgetId of [...known.keys()]) if (!wanted.has(budgetId)) known.delete(budgetId);
    this.list.hidden = asTable;
    this.legend.hidden = asTable;
    this.behind.hidden = asTable;
    if (asTable !== (this.table.element.parentElement !== this.behind)) {
      if (asTable) this.behind.after(this.table.element);
      else this.behind.append(this.table.element);
    }
    putChildren(this.list, asTable ? [] : ids.map((budgetId) => this.viewOf(budgetId).element));
    this.table.update(ids.flatMap((budgetId) => this.cards.get(budgetId) ?? []));
    this.resumeAll.hidden = ![...this.cards.values()].some(({ paused }) => paused);
    setText(this.note, this.noteText());
    setText(this.zones, zonesText([...this.cards.values()]));
    this.putPaging();
  }

  private viewOf(budgetId: string): CardView {
    const view = this.views.get(budgetId) ?? new CardView(budgetId);
    this.views.set(budgetId, view);
    const card = this.cards.get(budgetId);
    if (card !== undefined && card !== view.card) view.update(card);
    return view;
  }

  private noteText(): string {
    const { total, more } = this;
    const isFiltered = this.query.has('q');
    if (total === 0)
      return isFiltered
        ? 'No budget has such a name.'
        : 'There is no budget yet. The first one is made here, with CreateBudget, or by CONFIG_FILE.';
    const budgets = `${count(total)} ${total === 1 ? 'budget' : 'budgets'}`;
    if (more) return `The first ${budgets} by name, of more: say which ones to see the others.`;
    return isFiltered ? `${budgets} with such a name` : budgets;
  }

  private putPaging(): void {
    const pages = Math.ceil(this.total / PAGE_SIZE);
    const page = Number(this.query.get('page') ?? 1);
    this.paging.hidden = pages <= 1;
    const link = (to: number, text: string) => {
      const query = changed(this.query, { page: to === 1 ? undefined : String(to) });
      return h('a', { class: 'button', href: addressOf('/', query) }, text);
    };
    fill(
      this.paging,
      page > 1 && link(page - 1, '‹ Before'),
      h('span', {}, `Page ${count(page)} of ${count(pages)}`),
      page < pages && link(page + 1, 'Next ›'),
    );
  }
}

/** Once, not on every card. */
function zonesText(cards: readonly BudgetCard[]): string {
  const zones = new Set(cards.map(({ zone }) => zone));
  const [zone] = zones;
  if (zone === undefined) return '';
  return zones.size === 1
    ? `All times are in ${zone}.`
    : 'Times are in the zone of each budget, which its page names.';
}
