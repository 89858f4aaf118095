import type { LeaseData, LiveData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath } from './address.js';
import { amountColumn } from './amount-column.js';
import { type Column, DataTable } from './data-table.js';
import { h, setText } from './dom.js';
import { Amounts, ago, count, countdown } from './format.js';
import type { LivePanelOptions } from './live-panels.js';

interface LeaseRow extends LeaseData {
  readonly mayRevoke: boolean;
}

/** Whoever says nothing for so long may be stuck. */
const SILENT_MS = 10 * 60_000;
const SOON_MS = 15_000;

/** Who holds slots, the one that has been silent longest first, and how many wait. */
export class SlotsPanel {
  readonly element: HTMLElement;
  private readonly table: DataTable<LeaseRow>;
  private readonly figures = h('p', { class: 'note' });
  private amounts = new Amounts('tokens');

  /** `aiId`: of one AI alone. */
  constructor(
    private readonly options: LivePanelOptions,
    private readonly isShown: (lease: LeaseData) => boolean = () => true,
  ) {
    const { budgetId } = options;
    this.table = new DataTable<LeaseRow>({
      ...{ caption: 'Live slots', file: `${budgetId}-slots`, empty: 'No slot is held.', stack: true },
      key: ({ leaseId }) => leaseId,
      columns: [...this.whose(), ...this.since(), this.action()],
    });
    this.element = h(
      'section',
      { class: 'panel' },
      h('h2', {}, 'Live slots'),
      this.figures,
      this.table.element,
    );
  }

  update({ card, leases, mayOperate }: LiveData): void {
    const { liveSlots, maxConcurrent, waiters, unit } = card;
    this.amounts = new Amounts(unit);
    const queue = waiters === 1 ? '1 request waits' : `${count(waiters)} requests wait`;
    setText(this.figures, `${count(liveSlots)} of ${count(maxConcurrent)} slots are live; ${queue} for one.`);
    const rows = leases
      .filter(this.isShown)
      .sort((a, b) => heardAt(a) - heardAt(b))
      .map((lease) => ({ ...lease, mayRevoke: mayOperate }));
    this.table.update(rows);
    this.tick();
  }

  /** Each second. */
  tick(): void {
    const now = this.options.clock.now();
    for (const cell of this.element.querySelectorAll<HTMLElement>('[data-until]')) {
      const left = Number(cell.dataset['until']) - now;
      setText(cell, left <= 0 ? 'over' : countdown(left));
      cell.classList.toggle('soon', left < SOON_MS);
    }
    for (const cell of this.element.querySelectorAll<HTMLElement>('[data-since]')) {
      const silentMs = now - Number(cell.dataset['since']);
      const isSilent = cell.dataset['watched'] !== undefined && silentMs > SILENT_MS;
      setText(cell, `${isSilent ? '▲ ' : ''}${ago(silentMs)}`);
      cell.classList.toggle('soon', isSilent);
    }
  }

  private whose(): Column<LeaseRow>[] {
    const { budgetId } = this.options;
    const link = (kind: 'ais' | 'teams', name: string | undefined) =>
      name === undefined ? '' : h('a', { href: addressOf(budgetPath(budgetId, kind, name)) }, name);
    return [
      { title: 'AI', value: ({ aiId }) => aiId, show: ({ aiId }) => link('ais', aiId) },
      { title: 'Team', value: ({ teamId }) => teamId, show: ({ teamId }) => link('teams', teamId) },
      { title: 'Model', value: ({ model }) => model },
      { title: 'Labels', value: ({ labels }) => labelsText(labels) },
    ];
  }

  private since(): Column<LeaseRow>[] {
    const unit = () => this.amounts;
    return [
      {
        title: 'Held for',
        number: true,
        value: (row) => iso(row.grantedAt),
        show: (row) => since(row.grantedAt),
      },
      {
        title: 'Last report',
        number: true,
        value: (row) => row.reportedAt && iso(row.reportedAt),
        show: (row) => lastReport(row),
      },
      {
        title: 'Ends in',
        number: true,
        value: (row) => iso(row.expiresAt),
        show: (row) => until(row.expiresAt),
      },
      {
        title: 'At the latest',
        number: true,
        value: (row) => iso(row.renewableUntil),
        show: (row) => until(row.renewableUntil),
      },
      {
        ...amountColumn<LeaseRow>(unit, ({ used }) => used, 'Used'),
        show: ({ used, reserved }) => `${unit().text(used)} of ${unit().text(reserved)}`,
      },
      { ...amountColumn<LeaseRow>(unit, ({ reserved }) => reserved, 'Reserved'), onPaperOnly: true },
      { title: 'Fence', onPaperOnly: true, value: ({ fence }) => fence },
    ];
  }

  private action(): Column<LeaseRow> {
    const revoke = (row: LeaseRow) => () => this.options.revoke(row);
    return {
      title: 'Action',
      onScreenOnly: true,
      value: () => undefined,
      show: (row) =>
        row.mayRevoke &&
        h(
          'button',
          {
            ...{ type: 'button', class: 'quiet', onclick: revoke(row) },
            'aria-label': `Revoke the lease of ${row.aiId}`,
          },
          'Revoke',
        ),
    };
  }
}

/** When its AI was last heard of. */
function heardAt({ reportedAt, grantedAt }: LeaseData): number {
  return reportedAt ?? grantedAt;
}

function lastReport(lease: LeaseRow): HTMLElement {
  const time = h('span', { 'data-since': heardAt(lease), 'data-watched': true });
  return lease.reportedAt === undefined ? h('span', {}, 'none for ', time) : h('span', {}, time, ' ago');
}

function since(at: number): HTMLElement {
  return h('span', { class: 'countdown', 'data-since': at });
}

function until(at: number): HTMLElement {
  return h('span', { class: 'countdown', 'data-until': at });
}

function labelsText(labels: LeaseData['labels']): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
