import type { FormField, PolicyFormData } from '../src/http/dashboard/page-data.js';
import { type Api, ApiError, messageOf } from './api.js';
import { type ChangeJson, jsonName } from './api-json.js';
import { DataTable } from './data-table.js';
import { ask, notice } from './dialog.js';
import { h } from './dom.js';
import { Amounts, words, type ZoneTimes } from './format.js';
import { askForChange } from './policy-change.js';
import { shownValue } from './policy-fields.js';

export interface ChangesOptions {
  readonly api: Api;
  readonly budgetId: string;
  readonly times: () => ZoneTimes;
}

const SHOWN = 50;

interface Row extends ChangeJson {
  readonly mayUndo: boolean;
}

/** What operators did to a budget, why, and how to put it back. */
export class ChangesPanel {
  readonly element: HTMLElement;
  private readonly table: DataTable<Row>;
  private fields: readonly FormField[] = [];
  private amounts = new Amounts('tokens');

  constructor(private readonly options: ChangesOptions) {
    const { budgetId, times } = options;
    const moment = ({ changedAt }: Row) => times().moment(Date.parse(changedAt));
    this.table = new DataTable<Row>({
      ...{ caption: 'Changes', file: `${budgetId}-changes`, empty: 'Nobody has changed anything yet.' },
      ...{ first: 5, stack: true, key: ({ number }) => number },
      columns: [
        { title: 'When', value: ({ changedAt }) => changedAt, show: moment },
        { title: 'Who', value: ({ principal }) => principal },
        { title: 'What', long: true, value: (row) => this.whatText(row) },
        { title: 'Why', value: ({ reason }) => reason },
        { title: 'Action', onScreenOnly: true, value: () => undefined, show: (row) => this.undoButton(row) },
      ],
    });
    this.element = h('section', { class: 'panel' }, h('h2', {}, 'Changes'), this.table.element);
  }

  async read(mayOperate: boolean, unit: string): Promise<void> {
    const { api, budgetId } = this.options;
    this.amounts = new Amounts(unit);
    try {
      if (this.fields.length === 0) this.fields = (await api.get<PolicyFormData>('policy-form')).fields;
      const asked = { budgetId, pageSize: SHOWN };
      const { changes = [] } = await api.call<{ readonly changes?: readonly ChangeJson[] }>(
        'ListChanges',
        asked,
      );
      this.table.update(changes.map((change) => ({ ...change, mayUndo: mayOperate })));
    } catch (error) {
      // Without the store the page says so at its top.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  private whatText({ kind, policy, lease, topUp, adjustment }: Row): string {
    const what = WHAT[kind] ?? words(kind.replace('CHANGE_KIND_', ''));
    if (policy !== undefined && kind !== 'CHANGE_KIND_CREATED' && kind !== 'CHANGE_KIND_DELETED')
      return `${what}: ${this.differences(policy)}`;
    if (lease !== undefined) return `${what}: ${lease.aiId}`;
    if (topUp !== undefined) {
      const whom = topUp.aiId ?? topUp.teamId ?? topUp.month ?? 'every AI';
      return `${what}: ${this.amounts.text(Number(topUp.tokens ?? 0))} for ${whom}`;
    }
    if (adjustment !== undefined)
      return `${what}: ${this.amounts.text(Number(adjustment.tokens ?? 0))} on ${adjustment.day}`;
    return what;
  }

  private differences({
    fields = '',
    before = {},
    after = {},
    ...presets
  }: NonNullable<ChangeJson['policy']>): string {
    const { presetBefore, presetAfter } = presets;
    const preset =
      presetBefore !== undefined && presetBefore !== presetAfter
        ? [`preset ${presetBefore.replace('PRESET_', '')} → ${presetAfter?.replace('PRESET_', '')}`]
        : [];
    const names = new Set(
      fields
        .split(',')
        .filter((name) => name !== '')
        .map((name) => name.split('.')[0]),
    );
    const changed = this.fields
      .filter(({ name }) => names.has(jsonName(name)) || names.has(name))
      .map((field) => {
        const text = (value: unknown) =>
          value === undefined ? 'default' : shownValue(field, value, this.amounts.unit);
        return `${field.name} ${text(before[jsonName(field.name)])} → ${text(after[jsonName(field.name)])}`;
      });
    return [...preset, ...changed].join(', ');
  }

  private undoButton(row: Row): HTMLElement | false {
    const undo = row.mayUndo && this.undoOf(row);
    if (!undo) return false;
    const onclick = () => void undo().catch((error: unknown) => notice(messageOf(error)));
    return h(
      'button',
      { type: 'button', class: 'quiet', 'aria-label': `Undo change ${row.number}`, onclick },
      'Undo',
    );
  }

  /** Only what can be put back as it was. */
  private undoOf({ number, kind, undo, topUp }: Row): (() => Promise<boolean>) | undefined {
    const { api, budgetId } = this.options;
    if (undo !== undefined) return () => askForChange(api, undo, this.fields, `Undo change ${number}?`);
    if (kind === 'CHANGE_KIND_TOP_UP_ADDED' && topUp !== undefined)
      return () => askToEndTopUp(api, budgetId, topUp.topUpId);
    return undefined;
  }
}

export function askToEndTopUp(api: Api, budgetId: string, topUpId: string): Promise<boolean> {
  return ask({
    title: `End the top-up ${topUpId}?`,
    body: [
      h(
        'p',
        {},
        'It grants nothing more from now on. What leases have reserved from it, they may still spend.',
      ),
    ],
    ...{ confirm: 'End it', dangerous: true, reason: 'Reason, for the audit' },
    act: async (reason) => {
      await api.call('EndTopUp', { budgetId, topUpId, reason });
      return 'The top-up is ended.';
    },
  });
}

const WHAT: Readonly<Record<string, string>> = {
  CHANGE_KIND_CREATED: 'Budget created',
  CHANGE_KIND_POLICY: 'Policy',
  CHANGE_KIND_PRESET: 'Preset',
  CHANGE_KIND_PAUSED: 'Paused',
  CHANGE_KIND_RESUMED: 'Resumed',
  CHANGE_KIND_DELETED: 'Budget deleted',
  CHANGE_KIND_LEASE_REVOKED: 'Lease revoked',
  CHANGE_KIND_USAGE_ADJUSTED: 'Usage corrected',
  CHANGE_KIND_TOP_UP_ADDED: 'Top-up given',
  CHANGE_KIND_TOP_UP_ENDED: 'Top-up ended',
  CHANGE_KIND_CLOCK_RESET: 'Clock reset',
};
