import type { FormField } from '../src/http/dashboard/page-data.js';
import {
  type BudgetJson,
  jsonName,
  type UpdatedBudget,
  type WarningJson,
  type WindowJson,
} from './api-json.js';
import { h } from './dom.js';
import { Amounts } from './format.js';
import { WINDOW_NAMES } from './meter.js';
import { shownValue } from './policy-fields.js';

interface CapChange {
  readonly kind: 'HOUR' | 'DAY' | 'MONTH';
  readonly before: number;
  readonly after: number;
  readonly taken: number;
}

/** Whether a change would change nothing, not even what is set to its default. */
export function isSame({ before, budget }: UpdatedBudget): boolean {
  return said(before) === said(budget);
}

function said({ policy = {}, preset, presetPolicy = {} }: BudgetJson): string {
  return JSON.stringify([policy, preset, presetPolicy]);
}

/** What a change would do: its differences to today, what becomes of the caps, and what may surprise. */
export function previewBody(judged: UpdatedBudget, fields: readonly FormField[]): HTMLElement[] {
  const { warnings = [] } = judged;
  const caps = capsOf(judged);
  const amounts = amountsOf(judged);
  return [
    h('h3', {}, 'Different from today'),
    table('Different from today', ['Field', 'Now', 'After'], changesOf(judged, fields)),
    h('h3', {}, 'Caps in force, at once'),
    table(
      'Caps in force',
      ['Window', 'Now', 'After', 'Spent and reserved'],
      caps.map((cap) => capRow(cap, amounts)),
    ),
    ...caps.filter(isClosed).map((cap) => h('p', { class: 'caution' }, closedText(cap, amounts))),
    h('h3', {}, warnings.length === 0 ? 'No warnings' : 'Warnings'),
    warningList(warnings),
  ];
}

export function warningList(warnings: readonly WarningJson[]): HTMLElement {
  const items = warnings.map(({ field, message }) => h('li', {}, h('code', {}, field), `: ${message}`));
  return h('ul', { class: 'warnings' }, ...items);
}

/** Of what is in force. */
function changesOf({ before, budget }: UpdatedBudget, fields: readonly FormField[]): string[][] {
  const [now, then] = [before.effectivePolicy ?? {}, budget.effectivePolicy ?? {}];
  const presets = [presetName(before), presetName(budget)];
  const changed = fields
    .map((field) => {
      const key = jsonName(field.name);
      return [
        field.name,
        shownValue(field, now[key], unitOf(before)),
        shownValue(field, then[key], unitOf(budget)),
      ];
    })
    .filter(([, was, is]) => was !== is);
  return presets[0] === presets[1] ? changed : [['preset', ...presets], ...changed];
}

/** `CALLS` */
export function presetName({ preset }: BudgetJson): string {
  return preset.replace('PRESET_', '');
}

/** How amounts of the budget are written. */
export function amountsOf({ budget }: UpdatedBudget): Amounts {
  return new Amounts(unitOf(budget));
}

/** What its amounts count. */
function unitOf({ effectivePolicy }: BudgetJson): string {
  return String(effectivePolicy?.['unit'] ?? 'tokens');
}

function capsOf({ windows = [], windowsBefore = [] }: UpdatedBudget): CapChange[] {
  return windows.map((after) => {
    const before = windowsBefore.find(({ window }) => window === after.window) ?? after;
    const kind = after.window.replace('WINDOW_', '') as CapChange['kind'];
    const taken = Number(after.spentTokens ?? 0) + Number(after.reservedTokens ?? 0);
    return { kind, taken, before: capOf(before), after: capOf(after) };
  });
}

function capOf({ capTokens = '0' }: WindowJson): number {
  return Number(capTokens);
}

function capRow({ kind, before, after, taken }: CapChange, amounts: Amounts): string[] {
  return [WINDOW_NAMES[kind], ...[before, after, taken].map((amount) => amounts.exact(amount))];
}

/** Open today, and full under the new policy. */
function isClosed({ before, after, taken }: CapChange): boolean {
  return taken >= after && taken < before;
}

function closedText({ kind, after, taken }: CapChange, amounts: Amounts): string {
  const until = { HOUR: 'this hour', DAY: 'this day', MONTH: 'this month' }[kind];
  return (
    `${amounts.exact(taken)} are spent and reserved already, and the cap becomes ${amounts.exact(after)}: ` +
    `new slots are denied until the end of ${until}. Live leases go on.`
  );
}

export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const body = rows.map(([first = '', ...rest]) =>
    h('tr', {}, h('th', { scope: 'row' }, first), ...rest.map((text) => h('td', {}, text))),
  );
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', { class: 'unseen' }, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...body),
    ),
  );
}
