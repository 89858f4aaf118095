import type {
  HappeningData,
  LeaseData,
  LiveData,
  TeamData,
  TopUpData,
  WindowData,
} from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { type Column, DataTable } from './data-table.js';
import { fill, h } from './dom.js';
import { Amounts, type ZoneTimes } from './format.js';
import type { ServerClock } from './server-clock.js';

export interface LivePanelOptions {
  readonly budgetId: string;
  readonly clock: ServerClock;
  readonly times: () => ZoneTimes;
  readonly revoke: (lease: LeaseData) => void;
  readonly endTopUp: (topUpId: string) => void;
}

interface TopUpRow extends TopUpData {
  readonly mayEnd: boolean;
}

/** What a budget does right now. */
export class LivePanels {
  readonly happenings: HTMLElement;
  readonly topUps: HTMLElement;
  readonly teams: HTMLElement;
  private readonly teamTable: DataTable<TeamData>;
  private readonly topUpTable: DataTable<TopUpRow>;
  private readonly happeningTable: DataTable<HappeningData>;
  private amounts = new Amounts('tokens');
  private readonly unit = () => this.amounts;

  constructor(private readonly options: LivePanelOptions) {
    this.happeningTable = this.makeHappenings();
    this.topUpTable = this.makeTopUps();
    this.teamTable = this.makeTeams();
    this.topUps = panel('Top-ups', this.topUpTable.element);
    this.teams = panel('Teams', this.teamTable.element);
    this.happenings = panel('What happened', this.happeningTable.element);
  }

  update(live: LiveData): void {
    this.amounts = new Amounts(live.card.unit);
    this.teamTable.update(live.teams);
    this.teams.hidden = live.teams.length === 0;
    this.topUpTable.update(
      live.topUps.map((topUp) => ({ ...topUp, mayEnd: live.mayOperate && topUp.endedAt === undefined })),
    );
    this.topUps.hidden = live.topUps.length === 0;
    this.happeningTable.update(live.happenings);
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

  private makeTopUps(): DataTable<TopUpRow> {
    const { budgetId, times, endTopUp } = this.options;
    return new DataTable<TopUpRow>({
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
        {
          title: 'Action',
          onScreenOnly: true,
          value: () => undefined,
          show: ({ topUpId, mayEnd }) => {
            const about = { 'aria-label': `End the top-up ${topUpId}`, onclick: () => endTopUp(topUpId) };
            return mayEnd && h('button', { type: 'button', class: 'quiet', ...about }, 'End');
          },
        },
      ],
    });
  }

  private makeHappenings(): DataTable<HappeningData> {
    const { budgetId, times } = this.options;
    return new DataTable<HappeningData>({
      ...{ caption: 'What happened', file: `${budgetId}-happenings`, first: 10 },
      empty: 'Nothing in the last 7 days.',
      key: ({ at, kind, fence }) => `${at} ${kind} ${fence}`,
      columns: [
        { title: 'When', value: ({ at }) => iso(at), show: ({ at }) => times().moment(at) },
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

function tokensOf({ kind, tokens: amount }: HappeningData, amounts: Amounts): string {
  if (amount === undefined) return '';
  return `${amounts.text(amount)} ${kind === 'granted' ? 'reserved' : 'used'}`;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
