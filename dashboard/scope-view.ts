import type { LeaseData, LiveData, ScopeData, TickData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath, changed } from './address.js';
import { amountText } from './amount-text.js';
import { messageOf, urlOf } from './api.js';
import { askAsAi } from './ask-as-ai.js';
import { BarChart } from './bar-chart.js';
import { BudgetActions } from './budget-actions.js';
import { askToEndTopUp } from './changes-panel.js';
import { DataTable } from './data-table.js';
import { DenialsPanels } from './denials-panel.js';
import { fill, h, setText } from './dom.js';
import { Amounts, ago, count, monthName, share, shiftMonth, ZoneTimes } from './format.js';
import { LiveStream } from './live-stream.js';
import { SlotsPanel } from './slots-panel.js';
import { askForTopUp } from './top-up-dialog.js';
import type { PageContext, View } from './view.js';

const READ_MS = 10_000;

interface NamedAi {
  readonly name: string;
  readonly tokens: number;
}

/** One AI or one team of a budget: what it uses, its share, who was refused, what it holds, and when it was last seen. */
export class ScopeView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly facts = h('dl', { class: 'facts wide' });
  private readonly zone = h('p', { class: 'note' });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly heading = h('h2');
  private readonly buttons = h('div', { class: 'buttons' });
  private readonly usage = h('a', {}, 'These days by model');
  private readonly chart: BarChart;
  private readonly slots: SlotsPanel;
  private readonly denials: DenialsPanels | undefined;
  private readonly ais: DataTable<NamedAi>;
  private readonly stream: LiveStream;
  private times = new ZoneTimes('UTC');
  private amounts = new Amounts('tokens');
  private live: LiveData | undefined;
  private data: ScopeData | undefined;
  private readAt = Number.NEGATIVE_INFINITY;
  private reading = 0;

  constructor(
    private readonly context: PageContext,
    private readonly budgetId: string,
    private readonly kind: 'ai' | 'team',
    private readonly name: string,
    private query: URLSearchParams,
  ) {
    this.title = `${kind === 'ai' ? 'AI' : 'Team'} ${name}`;
    const { api } = context;
    const times = () => this.times;
    const actions = new BudgetActions(api, budgetId);
    this.chart = new BarChart({ label: `Usage of ${name} by day` });
    this.slots = new SlotsPanel(
      {
        ...{ budgetId, clock: context.clock, times },
        revoke: (lease) => void actions.revoke(lease, this.amounts.unit),
        endTopUp: (topUpId) => void askToEndTopUp(api, budgetId, topUpId),
      },
      (lease) => this.isOfIt(lease),
    );
    this.denials = kind === 'ai' ? new DenialsPanels({ api, budgetId, times, aiId: name }) : undefined;
    this.ais = this.makeAis();
    this.element = this.layout();
    this.stream = new LiveStream(urlOf('budget', { budget_id: budgetId }), {
      on: {
        live: (data) => this.takeLive(data as LiveData),
        tick: (data) => this.takeTick(data as TickData),
        unread: () => context.connection.store('The store does not answer.'),
        problem: (data) => setText(this.problem, (data as { message: string }).message),
        'signed-out': () => context.signedOut(),
      },
      connection: (state) => context.connection.connected(state),
      mayRetry: () => context.isSignedIn(),
    });
    void this.read();
  }

  close(): void {
    this.stream.close();
  }

  tick(): void {
    this.slots.tick();
  }

  moved(query: URLSearchParams): boolean {
    this.query = query;
    void this.read();
    return true;
  }

  private layout(): HTMLElement {
    const step = (by: number) => () => this.step(by);
    const { denials, kind } = this;
    const nav = h(
      'div',
      { class: 'nav' },
      h('button', { type: 'button', class: 'quiet', onclick: step(-1), 'aria-label': 'Month before' }, '‹'),
      h('button', { type: 'button', class: 'quiet', onclick: step(1), 'aria-label': 'Month after' }, '›'),
    );
    const ais = h('section', { class: 'panel' }, h('h2', {}, 'Its AIs'), this.ais.element);
    return h(
      'div',
      {},
      h(
        'p',
        { class: 'crumb' },
        h('a', { href: addressOf(budgetPath(this.budgetId)) }, `‹ ${this.budgetId}`),
      ),
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, this.title), this.buttons),
      ...[this.zone, this.problem],
      h(
        'section',
        { class: 'panel' },
        h('div', { class: 'panel-head' }, this.heading, nav),
        ...[this.facts, this.chart.element, h('p', {}, this.usage)],
      ),
      this.slots.element,
      ...(denials === undefined ? [] : [denials.denied.element, denials.wouldDeny.element]),
      kind === 'team' && ais,
    );
  }

  private makeAis(): DataTable<NamedAi> {
    const { budgetId } = this;
    return new DataTable<NamedAi>({
      ...{ caption: 'Its AIs', file: `${budgetId}-team-${this.name}`, empty: 'None has used anything.' },
      ...{ first: 20, key: ({ name }) => name },
      columns: [
        {
          title: 'AI',
          value: ({ name }) => name,
          show: ({ name }) => h('a', { href: addressOf(budgetPath(budgetId, 'ais', name)) }, name),
        },
        {
          title: () => this.amounts.title,
          number: true,
          value: ({ tokens }) => this.amounts.plain(tokens),
          show: ({ tokens }) => amountText(this.amounts, tokens),
        },
      ],
    });
  }

  private step(by: number): void {
    const { data } = this;
    if (data === undefined) return;
    const query = changed(this.query, { month: shiftMonth(data.month, by) });
    const part = this.kind === 'ai' ? 'ais' : 'teams';
    location.hash = addressOf(budgetPath(this.budgetId, part, this.name), query);
  }

  private isOfIt({ aiId, teamId }: LeaseData): boolean {
    return this.kind === 'ai' ? aiId === this.name : teamId === this.name;
  }

  private takeLive(live: LiveData): void {
    this.context.clock.heard(live.at);
    this.context.connection.store(live.stale ? 'The store does not answer.' : undefined);
    this.live = live;
    this.times = this.times.zone === live.card.zone ? this.times : new ZoneTimes(live.card.zone);
    setText(this.zone, `All times are in ${this.times.zone}, the zone of this budget.`);
    this.slots.update(live);
    this.putButtons(live);
    this.readSoon();
  }

  private takeTick({ at, stale }: TickData): void {
    this.context.clock.heard(at);
    this.context.connection.store(stale ? 'The store does not answer.' : undefined);
    this.readSoon();
  }

  private putButtons(live: LiveData): void {
    if (this.buttons.childElementCount > 0) return;
    const { api } = this.context;
    const { budgetId, kind, name, times, amounts } = this;
    const button = (text: string, onclick: () => void) => h('button', { type: 'button', onclick }, text);
    const isAi = kind === 'ai';
    fill(
      this.buttons,
      live.mayOperate &&
        isAi &&
        button('Top up', () => void askForTopUp(api, budgetId, this.live ?? live, times, [name], name)),
      isAi && button('Ask as this AI …', () => askAsAi(api, budgetId, amounts, [name], name)),
    );
  }

  private readSoon(): void {
    if (performance.now() - this.readAt > READ_MS) void this.read();
  }

  private async read(): Promise<void> {
    const turn = ++this.reading;
    this.readAt = performance.now();
    const { budgetId, kind, name } = this;
    const month = this.query.get('month') ?? undefined;
    try {
      const data = await this.context.api.get<ScopeData>('scope', { budget_id: budgetId, kind, name, month });
      if (turn !== this.reading) return;
      setText(this.problem, '');
      this.show(data);
      void this.denials?.read();
    } catch (error) {
      if (turn === this.reading) setText(this.problem, messageOf(error));
    }
  }

  private show(data: ScopeData): void {
    this.data = data;
    this.amounts = new Amounts(data.unit);
    if (this.times.zone !== data.zone) this.times = new ZoneTimes(data.zone);
    const { amounts, times } = this;
    setText(this.heading, monthName(data.month));
    const most = Math.max(0, ...data.days.map(({ total }) => total));
    const { lastGrantAt } = data;
    const seen =
      lastGrantAt === undefined
        ? 'not lately'
        : `${times.moment(lastGrantAt)}, ${ago(data.at - lastGrantAt)} ago`;
    const facts: (readonly [string, string | Node])[] = [
      ['Used', amountText(amounts, data.total)],
      ['Share of the budget', share(data.total, data.ofTotal)],
      ['Most on a day', amountText(amounts, most)],
      ['Calls, failed', `${count(data.calls)} · ${count(data.failedCalls)}`],
      ['Last granted a slot', seen],
      ...(data.teamId === undefined ? [] : [['Team', this.teamLink(data.teamId)] as const]),
    ];
    fill(this.facts, ...facts.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
    this.chart.update(
      data.days.map(({ day, start, total }) => ({
        ...{ label: String(Number(day.slice(8))), total, parts: [] },
        text: `${times.day(start)}: ${amounts.told(total)}`,
        ...{ quiet: times.isWeekend(start), open: data.isCurrent && day === data.today },
      })),
      ['--used'],
      [],
      amounts,
    );
    this.ais.update(data.ais);
    this.usage.href = this.usageAddress(data);
  }

  private usageAddress({ kind, name, days }: ScopeData): string {
    const [from, to] = [days[0]?.day, days.at(-1)?.day];
    const query = changed(new URLSearchParams(), { range: 'any', from, to, by: 'day,model', [kind]: name });
    return addressOf(budgetPath(this.budgetId, 'usage'), query);
  }

  private teamLink(teamId: string): HTMLElement {
    return h('a', { href: addressOf(budgetPath(this.budgetId, 'teams', teamId)) }, teamId);
  }
}
