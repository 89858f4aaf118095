import type { DayData, LiveData, MonthData, TickData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath, changed } from './address.js';
import { ApiError, messageOf, urlOf } from './api.js';
import { BudgetActions } from './budget-actions.js';
import { factsOf, putMeters } from './card-view.js';
import { DaySection } from './day-section.js';
import { fill, h, setText } from './dom.js';
import { Amounts, ZoneTimes } from './format.js';
import { HeatMap } from './heat-map.js';
import { LivePanels } from './live-panels.js';
import { LiveStream } from './live-stream.js';
import { Meter, meterLegend } from './meter.js';
import { type MonthQuery, MonthSection } from './month-section.js';
import { NamesPanel } from './names-panel.js';
import { pills } from './pills.js';
import type { PageContext, View } from './view.js';

const KINDS = ['MONTH', 'DAY', 'HOUR'] as const;
/** What the stream does not carry is read again so often, while anything changes: seen within two seconds with the stream's one. */
const READ_AGAIN_MS = 800;
const STORE_DOWN = 'The store does not answer. This page tries again by itself.';

/** One budget: what it does now, and any of its months and days. */
export class BudgetView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly status = h('div');
  private readonly buttons = h('div', { class: 'buttons' });
  private readonly zoneNote = h('p', { class: 'note' });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  /** Hidden until there is something to show: of a budget that is not there, there never is. */
  private readonly body = h('div', { hidden: true });
  private readonly facts = h('dl', { class: 'facts' });
  private readonly meters = new Map(KINDS.map((kind) => [kind, new Meter(kind)] as const));
  private readonly panels: LivePanels;
  private readonly month: MonthSection;
  private readonly day: DaySection;
  private readonly heat: HeatMap;
  private readonly ais: NamesPanel;
  private readonly models: NamesPanel;
  private readonly teams: NamesPanel;
  private readonly actions: BudgetActions;
  private readonly stream: LiveStream;
  private times = new ZoneTimes('UTC');
  private live: LiveData | undefined;
  private data: MonthData | undefined;
  private query: URLSearchParams;
  private readRevision = -1;
  private readAt = 0;
  private reading = 0;
  private planned: number | undefined;

  constructor(
    private readonly context: PageContext,
    private readonly budgetId: string,
    query: URLSearchParams,
  ) {
    this.title = budgetId;
    this.query = query;
    this.actions = new BudgetActions(context.api, budgetId);
    const go = (to: MonthQuery) => this.go(to);
    this.month = new MonthSection(budgetId, go);
    this.day = new DaySection(budgetId, go);
    this.heat = new HeatMap((day) => this.go({ day }));
    this.ais = new NamesPanel('The month by AI', 'AI', `${budgetId}-by-ai`);
    this.models = new NamesPanel('The month by model', 'Model', `${budgetId}-by-model`);
    this.teams = new NamesPanel('The month by team', 'Team', `${budgetId}-by-team`);
    this.panels = new LivePanels({
      ...{ budgetId, clock: context.clock, times: () => this.times },
      revoke: (lease) => void this.actions.revoke(lease, this.live?.card.unit ?? 'tokens'),
    });
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

  private layout(): HTMLElement {
    const { panels, month, day, heat, ais, models, teams } = this;
    const meters = h('div', { class: 'meters' }, ...[...this.meters.values()].map(({ element }) => element));
    fill(
      this.body,
      h('section', { class: 'panel' }, h('h2', {}, 'Now'), meters, meterLegend(), this.facts),
      h('div', { class: 'pair' }, panels.slots, panels.alerts),
      panels.teams,
      panels.topUps,
      month.element,
      day.element,
      h('section', { class: 'panel' }, h('h2', {}, 'The month by hours'), heat.element),
      h('div', { class: 'pair' }, ais.element, models.element),
      teams.element,
      h('div', { class: 'pair' }, panels.denials, panels.happenings),
    );
    return h(
      'div',
      {},
      h('p', { class: 'crumb' }, h('a', { href: '#/' }, '‹ All budgets')),
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, this.budgetId), this.status, this.buttons),
      ...[this.zoneNote, this.problem, this.body],
    );
  }

  close(): void {
    this.stream.close();
    window.clearTimeout(this.planned);
  }

  tick(): void {
    this.panels.tick();
  }

  moved(query: URLSearchParams): boolean {
    this.query = query;
    void this.read();
    return true;
  }

  /** What is not named stays as it is; another month begins with its own day. */
  private go({ month, day, by }: MonthQuery): void {
    const isMoving = month !== undefined || day !== undefined;
    const moved = { month: day?.slice(0, 7) ?? month, day };
    const query = changed(this.query, { ...(isMoving && moved), ...(by !== undefined && { by }) });
    location.hash = addressOf(budgetPath(this.budgetId), query);
  }

  private takeLive(live: LiveData): void {
    const { card, pause } = live;
    this.context.clock.heard(live.at);
    this.body.hidden = false;
    this.live = live;
    if (this.times.zone !== card.zone) this.times = new ZoneTimes(card.zone);
    this.stale(live.stale, live.at);
    fill(this.status, pills(card));
    this.putButtons(live);
    const paused =
      pause === undefined
        ? ''
        : ` Paused since ${this.times.moment(pause.at)}${pause.reason && `: ${pause.reason}`}.`;
    const { zone } = this.times;
    const messages = zone === 'UTC' ? '' : ' Messages of alerts name times in UTC.';
    setText(this.zoneNote, `All times are in ${zone}, the zone of this budget.${messages}${paused}`);
    const amounts = new Amounts(card.unit);
    putMeters(this.meters, card, amounts);
    fill(this.facts, ...factsOf(card, amounts));
    this.panels.update(live);
    this.show();
    if (live.revision !== this.readRevision) this.readSoon();
  }

  private takeTick({ at, stale }: TickData): void {
    this.context.clock.heard(at);
    this.stale(stale, at);
    if (this.live !== undefined && this.live.revision !== this.readRevision) this.readSoon();
  }

  private stale(stale: boolean, at: number): void {
    const since = `The store does not answer: the figures are of ${this.times.time(at)}.`;
    this.context.connection.store(stale ? since : undefined);
    // A budget that was deleted looks like that, too.
    if (stale) this.readSoon();
  }

  private putButtons(live: LiveData): void {
    const wanted = live.mayOperate ? `${live.pause === undefined}` : 'none';
    if (this.buttons.dataset['shown'] === wanted) return;
    this.buttons.dataset['shown'] = wanted;
    const hadFocus = this.buttons.contains(document.activeElement);
    if (!live.mayOperate) {
      fill(this.buttons);
      return;
    }
    const asked = (question: (now: LiveData) => Promise<boolean>) => () => void question(this.live ?? live);
    const button = (text: string, onclick: () => void) => h('button', { type: 'button', onclick }, text);
    fill(
      this.buttons,
      live.pause === undefined
        ? button(
            'Pause',
            asked((now) => this.actions.pause(now)),
          )
        : button(
            'Resume',
            asked((now) => this.actions.resume(now)),
          ),
      h('a', { class: 'button', href: `#/budgets/${this.budgetId}/policy` }, 'Change policy'),
    );
    if (hadFocus) this.buttons.querySelector('button')?.focus();
  }

  private readSoon(): void {
    const waitMs = READ_AGAIN_MS - (performance.now() - this.readAt);
    this.planned ??= window.setTimeout(
      () => {
        this.planned = undefined;
        void this.read();
      },
      Math.max(0, waitMs),
    );
  }

  private async read(): Promise<void> {
    const revision = this.live?.revision ?? -1;
    const turn = ++this.reading;
    this.readAt = performance.now();
    const { query, budgetId } = this;
    const of = (name: string) => query.get(name) ?? undefined;
    const asked = { month: of('month'), day: of('day'), by: of('by') };
    try {
      const data = await this.context.api.get<MonthData>('month', { budget_id: budgetId, ...asked });
      // Whoever steps through months quickly gets the last answers, not the slowest.
      if (turn !== this.reading) return;
      this.data = data;
      this.readRevision = revision;
      if (this.times.zone !== data.zone) this.times = new ZoneTimes(data.zone);
      setText(this.problem, '');
      this.body.hidden = false;
      this.show();
    } catch (error) {
      if (turn === this.reading) this.failed(error);
    }
  }

  /** What is not there, or not for this reader, no waiting brings. */
  private failed(error: unknown): void {
    const isStore = error instanceof ApiError && error.reason === 'STORE_UNAVAILABLE';
    setText(this.problem, isStore ? STORE_DOWN : messageOf(error));
    if (!(error instanceof ApiError) || ![403, 404].includes(error.status)) return;
    this.stream.close();
    this.context.connection.connected('off');
    this.context.connection.store(undefined);
    fill(this.buttons);
  }

  private show(): void {
    const { data, live, times } = this;
    if (data === undefined) return;
    const days = data.days.map((day) => newest(day, data, live));
    this.month.update(data, days, live, times);
    this.day.update(data, days, live, times);
    const amounts = new Amounts(data.unit);
    this.heat.update(data, days, times, amounts);
    this.ais.update(data.ais, amounts);
    this.models.update(data.models, amounts);
    this.teams.update(data.teams, amounts);
    this.teams.element.hidden = data.teams.length === 0;
  }
}

/** The stream's days are newer than what was read. */
function newest(day: DayData, { isCurrent }: MonthData, live: LiveData | undefined): DayData {
  return (isCurrent && live?.openDays.find((open) => open.day === day.day)) || day;
}
