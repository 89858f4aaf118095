import type {
  AlertData,
  DenialData,
  HappeningData,
  LeaseData,
  LiveData,
  TeamData,
  TopUpData,
  WindowData,
} from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { type Column, DataTable } from './data-table.js';
import { fill, h, setText } from './dom.js';
import { Amounts, countdown, count as counted, words, type ZoneTimes } from './format.js';
import type { ServerClock } from './server-clock.js';

export interface LivePanelOptions {
  readonly budgetId: string;
  readonly clock: ServerClock;
  readonly times: () => ZoneTimes;
  readonly revoke: (lease: LeaseData) => void;
}

interface LeaseRow extends LeaseData {
  readonly mayRevoke: boolean;
}

/** What a budget does right now. */
export class LivePanels {
  readonly slots: HTMLElement;
  readonly alerts: HTMLElement;
  readonly denials: HTMLElement;
  readonly happenings: HTMLElement;
  readonly topUps: HTMLElement;
  readonly teams: HTMLElement;
  private readonly slotTable: DataTable<LeaseRow>;
  private readonly alertTable: DataTable<AlertData>;
  private readonly denialTable: DataTable<DenialData>;
  private readonly teamTable: DataTable<TeamData>;
  private readonly topUpTable: DataTable<TopUpData>;
  private readonly happeningTable: DataTable<HappeningData>;
  private readonly slotCount = h('p', { class: 'note' });
  private amounts = new Amounts('tokens');
  private readonly unit = () => this.amounts;
  private readonly denialNote = h('p', { class: 'note' });

  constructor(private readonly options: LivePanelOptions) {
    this.slotTable = this.makeSlots();
    this.alertTable = this.makeAlerts();
    this.denialTable = this.makeDenials();
    this.happeningTable = this.makeHappenings();
    this.topUpTable = this.makeTopUps();
    this.teamTable = this.makeTeams();
    this.slots = panel('Live slots', this.slotCount, this.slotTable.element);
    this.alerts = panel('Alerts', this.alertTable.element);
    this.denials = panel('Last denials by rule', this.denialNote, this.denialTable.element);
    this.topUps = panel('Top-ups', this.topUpTable.element);
    this.teams = panel('Teams', this.teamTable.element);
    this.happenings = panel('What happened', this.happeningTable.element);
  }

  update(live: LiveData): void {
    const { liveSlots, maxConcurrent, waiters, observing, unit } = live.card;
    this.amounts = new Amounts(unit);
    const queue = waiters > 0 ? `; ${waiters} wait for one` : '';
    setText(this.slotCount, `${liveSlots} of ${maxConcurrent} slots are live${queue}.`);
    this.slotTable.update(live.leases.map((lease) => ({ ...lease, mayRevoke: live.mayOperate })));
    this.alertTable.update(live.alerts);
    const granted = observing ? ' The budget observes only: what would have been denied was granted.' : '';
    setText(this.denialNote, `Counted by this replica since it started.${granted}`);
    this.denialTable.update(live.denials);
    this.teamTable.update(live.teams);
    this.teams.hidden = live.teams.length === 0;
    this.topUpTable.update(live.topUps);
    this.topUps.hidden = live.topUps.length === 0;
    this.happeningTable.update(live.happenings);
    this.tick();
  }

  /** Each second. */
  tick(): void {
    const now = this.options.clock.now();
    for (const cell of this.slots.querySelectorAll<HTMLElement>('[data-until]')) {
      const left = Number(cell.dataset['until']) - now;
      setText(cell, left <= 0 ? 'over' : countdown(left));
      cell.classList.toggle('soon', left < 15_000);
    }
  }

  private makeSlots(): DataTable<LeaseRow> {
    const { budgetId, times, revoke } = this.options;
    return new DataTable<LeaseRow>({
      ...{ caption: 'Live slots', file: `${budgetId}-slots`, empty: 'No slot is held.', stack: true },
      key: ({ leaseId }) => leaseId,
      columns: [
        { title: 'AI', value: ({ aiId }) => aiId },
        { title: 'Team', value: ({ teamId }) => teamId },
        { title: 'Model', value: ({ model }) => model },
        { title: 'Ends in', number: true, value: ({ expiresAt }) => iso(expiresAt), show: until },
        amountColumn(this.unit, ({ reserved }) => reserved, 'Reserved'),
        amountColumn(this.unit, ({ used }) => used, 'Used'),
        { title: 'Granted', value: (row) => iso(row.grantedAt), show: (row) => times().time(row.grantedAt) },
        { title: 'Fence', number: true, value: ({ fence }) => fence },
        {
          title: 'Action',
          onScreenOnly: true,
          value: () => undefined,
          show: (row) =>
            row.mayRevoke &&
            h(
              'button',
              {
                type: 'button',
                class: 'quiet',
                'aria-label': `Revoke the lease of ${row.aiId}`,
                onclick: () => revoke(row),
              },
              'Revoke',
            ),
        },
      ],
    });
  }

  private makeAlerts(): DataTable<AlertData> {
    const { budgetId, times } = this.options;
    return new DataTable<AlertData>({
      ...{ caption: 'Alerts', file: `${budgetId}-alerts`, empty: 'No alerts.', first: 3, stack: true },
      key: ({ rule, windowStart, message }) =>
        `${rule} ${windowStart} ${rule === 'UNPRICED_MODEL' ? message : ''}`,
      columns: [
        { title: 'Rule', value: ({ rule }) => rule, show: ({ rule }) => words(rule) },
        { title: 'Raised', value: (row) => iso(row.raisedAt), show: (row) => times().moment(row.raisedAt) },
        {
          title: 'Ended',
          value: ({ endedAt }) => endedAt && iso(endedAt),
          show: (row) => ended(row, times()),
        },
        { title: 'What it says', long: true, value: ({ message }) => message },
      ],
    });
  }

  private makeDenials(): DataTable<DenialData> {
    const { budgetId, times } = this.options;
    return new DataTable<DenialData>({
      ...{
        caption: 'Last denials by rule',
        file: `${budgetId}-denials`,
        empty: 'Nobody was denied.',
        stack: true,
      },
      key: ({ rule }) => rule,
      columns: [
        { title: 'Rule', value: ({ rule }) => rule, show: ({ rule }) => words(rule) },
        { title: 'Times', number: true, value: ({ count }) => count, show: ({ count }) => counted(count) },
        { title: 'Last', value: (row) => iso(row.lastAt), show: (row) => times().time(row.lastAt) },
        { title: 'AI', value: ({ lastAiId }) => lastAiId },
        { title: 'Why', long: true, value: ({ lastMessage }) => lastMessage },
      ],
    });
  }

  private makeTeams(): DataTable<TeamData> {
    const { budgetId } = this.options;
    const { unit } = this;
    const against = (title: string, kind: WindowData['kind']): Column<TeamData> => {
      const used = ({ windows }: TeamData) => (windows[kind]?.spent ?? 0) + (windows[kind]?.reserved ?? 0);
      const show = (team: TeamData) =>
        `${unit().text(used(team))} of ${unit().text(team.windows[kind]?.cap)}`;
      return { ...amountColumn<TeamData>(unit, used, title), show };
    };
    return new DataTable<TeamData>({
      ...{ caption: 'Teams', file: `${budgetId}-teams`, empty: 'No teams.', stack: true },
      key: ({ teamId }) => teamId,
      columns: [
        { title: 'Team', value: ({ teamId }) => teamId },
        { title: 'Live slots', number: true, value: ({ liveSlots }) => liveSlots },
        ...[against('This hour', 'HOUR'), against('Today', 'DAY'), against('This month', 'MONTH')],
        amountColumn(unit, ({ windows }) => windows.HOUR?.kept, 'Kept this hour'),
        amountColumn(unit, ({ windows }) => windows.DAY?.kept, 'Kept today'),
        amountColumn(unit, ({ windows }) => windows.MONTH?.topped, 'From top-ups'),
      ],
    });
  }

  private makeTopUps(): DataTable<TopUpData> {
    const { budgetId, times } = this.options;
    return new DataTable<TopUpData>({
      ...{ caption: 'Top-ups', file: `${budgetId}-top-ups`, empty: 'No top-ups.', stack: true },
      key: ({ topUpId }) => topUpId,
      columns: [
        { title: 'Top-up', value: ({ topUpId }) => topUpId },
        { title: 'AI', value: ({ aiId }) => aiId },
        { title: 'Team', value: ({ teamId }) => teamId },
        { title: 'Month', value: ({ month }) => month },
        amountColumn(this.unit, ({ tokens }) => tokens),
        amountColumn(this.unit, ({ available }) => available, 'Left'),
        {
          title: 'Until',
          value: ({ endedAt, expiresAt = endedAt }) => expiresAt && iso(endedAt ?? expiresAt),
          show: ({ endedAt, expiresAt }) => {
            if (endedAt !== undefined) return `ended ${times().moment(endedAt)}`;
            return expiresAt === undefined ? 'the end of the month' : times().moment(expiresAt);
          },
        },
        { title: 'Why', long: true, value: ({ reason }) => reason },
      ],
    });
  }

  private makeHappenings(): DataTable<HappeningData> {
    const { budgetId, times } = this.options;
    return new DataTable<HappeningData>({
      ...{ caption: 'What happened', file: `${budgetId}-happenings`, first: 10 },
      empty: 'Nothing since this page is open.',
      key: ({ at, kind, fence }) => `${at} ${kind} ${fence}`,
      columns: [
        { title: 'When', value: ({ at }) => iso(at), show: ({ at }) => times().time(at) },
        { title: 'What', value: ({ kind }) => kind, show: ({ kind }) => HAPPENINGS[kind] },
        { title: 'AI', value: ({ aiId }) => aiId },
        {
          ...amountColumn<HappeningData>(this.unit, ({ tokens }) => tokens),
          show: (row) => tokensOf(row, this.amounts),
        },
      ],
    });
  }
}

const HAPPENINGS = {
  granted: 'Slot granted',
  released: 'Slot released',
  expired: 'Lease expired',
  revoked: 'Lease revoked',
  changed: 'Budget changed',
} as const;

function panel(title: string, ...children: HTMLElement[]): HTMLElement {
  const element = h('section', { class: 'panel' });
  fill(element, h('h2', {}, title), ...children);
  return element;
}

function until({ expiresAt }: LeaseRow): HTMLElement {
  return h('span', { class: 'countdown', 'data-until': expiresAt });
}

function ended({ endedAt, raisedAt }: AlertData, times: ZoneTimes): string | HTMLElement {
  if (endedAt === undefined) return h('strong', { class: 'open' }, 'holds');
  return endedAt === raisedAt ? 'at once' : times.moment(endedAt);
}

function tokensOf({ kind, tokens: amount }: HappeningData, amounts: Amounts): string {
  if (amount === undefined) return '';
  return `${amounts.text(amount)} ${kind === 'granted' ? 'reserved' : 'used'}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
