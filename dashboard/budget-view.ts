import type { DayData, LeaseData, LiveData, MonthData, TickData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath, changed } from './address.js';
import { AlertsPanel } from './alerts-panel.js';
import { ApiError, messageOf, urlOf } from './api.js';
import { askAsAi } from './ask-as-ai.js';
import { BudgetActions } from './budget-actions.js';
import { BudgetButtons, type ButtonActs } from './budget-buttons.js';
import { factsOf, putMeters } from './card-view.js';
import { askToEndTopUp, ChangesPanel } from './changes-panel.js';
import { DaySection } from './day-section.js';
import { DenialsPanels } from './denials-panel.js';
import { fill, h, setText } from './dom.js';
import { Amounts, ZoneTimes } from './format.js';
import { HeadlineView } from './headline.js';
import { HeatMap } from './heat-map.js';
import { LivePanels } from './live-panels.js';
import { type Connection, LiveStream } from './live-stream.js';
import { Meter, meterLegend } from './meter.js';
import { type MonthQuery, MonthSection } from './month-section.js';
import { NamesPanel } from './names-panel.js';
import { pills } from './pills.js';
import { SlotsPanel } from './slots-panel.js';
import { askForTopUp } from './top-up-dialog.js';
import type { PageContext, View } from './view.js';

const KINDS = ['MONTH', 'DAY', 'HOUR'] as const;
/** What the stream does not carry is read again so often, while anything changes: seen within two seconds with the stream's one. */
const READ_AGAIN_MS = 800;
/** Denials come in crowds: they are counted anew so often at most. */
const DENIALS_MS = 2_000;
const OTHERS_DENIALS_MS = 60_000;
const STORE_DOWN = 'The store does not answer. This page tries again by itself.';

/** One budget: what it does now, and any of its months and days. */
export class BudgetView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly headline = new HeadlineView();
  private readonly status = h('div');
  private readonly buttons: BudgetButtons;
  private readonly zoneNote = h('p', { class: 'note' });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  /** Hidden until there is something to show: of a budget that is not there, there never is. */
  private readonly body = h('div', { hidden: true });
  private readonly facts = h('dl', { class: 'facts' });
  private readonly meters = new Map(KINDS.map((kind) => [kind, new Meter(kind)] as const));
  private readonly panels: LivePanels;
  private readonly slots: SlotsPanel;
  private readonly alerts: AlertsPanel;
  private readonly changes: ChangesPanel;
  private readonly denials: DenialsPanels;
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
  private staleSince: string | undefined;
  private lostSince: number | undefined;
  private toldDenials = 0;
  private denialsReadAt = Number.NEGATIVE_INFINITY;

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
    this.ais = new NamesPanel('The month by AI', 'AI', `${budgetId}-by-ai`, (name) =>
      addressOf(budgetPath(budgetId, 'ais', name)),
    );
    this.models = new NamesPanel('The month by model', 'Model', `${budgetId}-by-model`);
    this.teams = new NamesPanel('The month by team', 'Team', `${budgetId}-by-team`, (name) =>
      addressOf(budgetPath(budgetId, 'teams', name)),
    );
    const times = () => this.times;
    const panels = {
      ...{ budgetId, clock: context.clock, times },
      revoke: (lease: LeaseData) => void this.actions.revoke(lease, this.live?.card.unit ?? 'tokens'),
      endTopUp: (topUpId: string) => void askToEndTopUp(context.api, budgetId, topUpId),
    };
    this.buttons = new BudgetButtons(budgetId, this.acts());
    this.alerts = new AlertsPanel({ api: context.api, budgetId, times, now: () => context.clock.now() }, () =>
      this.readMore(),
    );
    this.changes = new ChangesPanel({ api: context.api, budgetId, times });
    this.panels = new LivePanels(panels);
    this.slots = new SlotsPanel(panels);
    this.denials = new DenialsPanels({ api: context.api, budgetId, times });
    this.element = this.layout();
    this.stream = new LiveStream(urlOf('budget', { budget_id: budgetId }), {
      on: {
        live: (data) => this.takeLive(data as LiveData),
        tick: (data) => this.takeTick(data as TickData),
        unread: () => context.connection.store('The store does not answer.'),
        problem: (data) => this.takeProblem((data as { message: string }).message),
        'signed-out': () => context.signedOut(),
      },
      connection: (state) => this.connected(state),
      mayRetry: () => context.isSignedIn(),
    });
    void this.read();
  }

  private layout(): HTMLElement {
    const { panels, slots, denials, alerts, changes, month, day, heat, ais, models, teams } = this;
    const meters = h('div', { class: 'meters' }, ...[...this.meters.values()].map(({ element }) => element));
    fill(
      this.body,
      h(
        'div',
        { class: 'pair' },
        h('section', { class: 'panel' }, h('h2', {}, 'Now'), meters, meterLegend(), this.facts),
        month.lineElement,
      ),
      slots.element,
      denials.denied.element,
      denials.wouldDeny.element,
      alerts.element,
      h('div', { class: 'pair' }, changes.element, panels.happenings),
      panels.teams,
      panels.topUps,
      month.element,
      day.element,
      h('section', { class: 'panel' }, h('h2', {}, 'The month by hours'), heat.element),
      h('div', { class: 'pair' }, ais.element, models.element),
      teams.element,
    );
    return h(
      'div',
      {},
      h(
        'p',
        { class: 'crumb' },
        h('a', { href: '#/' }, '‹ All budgets'),
        ' · ',
        h('a', { href: addressOf(budgetPath(this.budgetId, 'usage')) }, 'Usage by AI, model and day'),
      ),
      h(
        'div',
        { class: 'title-row' },
        h('h1', { tabindex: -1 }, this.budgetId),
        this.status,
        this.buttons.element,
      ),
      ...[this.headline.element, this.zoneNote, this.problem, this.body],
    );
  }

  close(): void {
    this.stream.close();
    window.clearTimeout(this.planned);
  }

  tick(): void {
    this.slots.tick();
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
    const { card } = live;
    this.context.clock.heard(live.at);
    this.body.hidden = false;
    this.live = live;
    if (this.times.zone !== card.zone) this.times = new ZoneTimes(card.zone);
    this.stale(live.stale, live.at);
    this.putHeadline();
    fill(this.status, pills(card));
    this.buttons.update(live);
    setText(this.zoneNote, `All times are in ${this.times.zone}, the zone of this budget.`);
    const amounts = new Amounts(card.unit);
    putMeters(this.meters, card, amounts);
    fill(this.facts, ...factsOf(card, amounts));
    this.panels.update(live);
    this.slots.update(live);
    this.noteDenials(live);
    this.show();
    if (live.revision !== this.readRevision) this.readSoon();
  }

  /** The stream ends with it. Whether the budget is still there, the service says when it is asked. */
  private takeProblem(message: string): void {
    setText(this.problem, message);
    this.readSoon();
  }

  private takeTick({ at, stale }: TickData): void {
    this.context.clock.heard(at);
    if (this.live !== undefined) this.noteDenials(this.live);
    this.stale(stale, at);
    if (this.live !== undefined && this.live.revision !== this.readRevision) this.readSoon();
  }

  private stale(stale: boolean, at: number): void {
    const since = `The store does not answer: the figures are of ${this.times.time(at)}.`;
    this.staleSince = stale ? since : undefined;
    this.context.connection.store(this.staleSince);
    this.putHeadline();
    // A budget that was deleted looks like that, too.
    if (stale) this.readSoon();
  }

  private connected(state: Connection): void {
    this.context.connection.connected(state);
    const at = this.context.clock.now();
    this.lostSince = state === 'lost' ? (this.lostSince ?? at) : undefined;
    this.putHeadline();
  }

  /** What is not of now is said to be old, and looks it. */
  private putHeadline(): void {
    const { live, lostSince, staleSince } = this;
    if (live === undefined) return;
    const lost = `The service does not answer: the figures are of ${this.times.time(lostSince ?? 0)}.`;
    const away = lostSince === undefined ? staleSince : lost;
    this.headline.update(live.card, away);
    this.body.classList.toggle('stale', away !== undefined);
  }

  /** Read again when this replica has refused somebody; what others refused is seen within a minute. */
  private noteDenials({ denials }: LiveData): void {
    const told = denials.reduce((sum, { count }) => sum + count, 0);
    const waitMs = told === this.toldDenials ? OTHERS_DENIALS_MS : DENIALS_MS;
    if (this.denialsReadAt + waitMs > performance.now()) return;
    this.toldDenials = told;
    this.readDenials();
  }

  private readDenials(): void {
    this.denialsReadAt = performance.now();
    void this.denials.read();
  }

  private acts(): ButtonActs {
    const { actions, budgetId, context } = this;
    const now = <T>(act: (live: LiveData) => T) => this.live && act(this.live);
    return {
      pause: async () => now((live) => actions.pause(live)),
      resume: async () => now((live) => actions.resume(live)),
      topUp: async () => now((live) => askForTopUp(context.api, budgetId, live, this.times, this.knownAis())),
      ask: () => now((live) => askAsAi(context.api, budgetId, new Amounts(live.card.unit), this.knownAis())),
    };
  }

  /** Of this month and of now, to choose from. */
  private knownAis(): string[] {
    const used = this.data?.ais.map(({ name }) => name).filter((name) => !name.startsWith('(')) ?? [];
    return [...new Set([...(this.live?.leases.map(({ aiId }) => aiId) ?? []), ...used])];
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
      this.readMore();
      if (this.times.zone !== data.zone) this.times = new ZoneTimes(data.zone);
      setText(this.problem, '');
      this.body.hidden = false;
      this.show();
    } catch (error) {
      if (turn === this.reading) this.failed(error);
    }
  }

  /** What has changed with the revision, and is neither in the stream nor in the month. */
  private readMore(): void {
    const { live } = this;
    if (live === undefined) return;
    void this.alerts.read(live);
    void this.changes.read(live.mayOperate, live.card.unit);
  }

  /** What is not there, or not for this reader, no waiting brings. */
  private failed(error: unknown): void {
    const isStore = error instanceof ApiError && error.reason === 'STORE_UNAVAILABLE';
    setText(this.problem, isStore ? STORE_DOWN : messageOf(error));
    if (!(error instanceof ApiError) || ![403, 404].includes(error.status)) return;
    this.stream.close();
    this.context.connection.connected('off');
    this.context.connection.store(undefined);
    this.buttons.clear();
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
