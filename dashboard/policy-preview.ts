import type {
  CapChange,
  PolicyChangeData,
  PreviewData,
  WarningData,
} from '../src/http/dashboard/page-data.js';
import { h } from './dom.js';
import { duration, percent, tokens } from './format.js';
import { WINDOW_NAMES } from './meter.js';

/** What a change would do: its differences to today, what becomes of the caps, and what may surprise. */
export function previewBody({ changes, caps, warnings }: PreviewData): HTMLElement[] {
  return [
    h('h3', {}, 'Different from today'),
    table('Different from today', ['Field', 'Now', 'After'], changes.map(changeRow)),
    h('h3', {}, 'Caps in force, at once'),
    table('Caps in force', ['Window', 'Now', 'After', 'Spent and reserved'], caps.map(capRow)),
    ...caps.filter(isClosed).map((cap) => h('p', { class: 'caution' }, closedText(cap))),
    h('h3', {}, warnings.length === 0 ? 'No warnings' : 'Warnings'),
    warningList(warnings),
  ];
}

export function warningList(warnings: readonly WarningData[]): HTMLElement {
  const items = warnings.map(({ field, message }) => h('li', {}, h('code', {}, field), `: ${message}`));
  return h('ul', { class: 'warnings' }, ...items);
}

function changeRow({ field, before, after, unit }: PolicyChangeData): string[] {
  return [field, valueText(before, unit), valueText(after, unit)];
}

function valueText(value: number | string, unit: PolicyChangeData['unit']): string {
  if (typeof value === 'string') return value;
  if (unit === 'ms') return duration(value);
  return unit === 'percent' ? percent(value) : tokens(value);
}

function capRow({ kind, before, after, spent, reserved }: CapChange): string[] {
  return [WINDOW_NAMES[kind], tokens(before), tokens(after), tokens(spent + reserved)];
}

/** Open today, and full under the new policy. */
function isClosed({ before, after, spent, reserved }: CapChange): boolean {
  return spent + reserved >= after && spent + reserved < before;
}

function closedText({ kind, after, spent, reserved }: CapChange): string {
  const until = { HOUR: 'this hour', DAY: 'this day', MONTH: 'this month' }[kind];
  return (
    `${tokens(spent + reserved)} are spent and reserved already, and the cap becomes ${tokens(after)}: ` +
    `new slots are denied until the end of ${until}. Live leases go on.`
  );
}

function table(caption: string, heads: readonly string[], rows: readonly string[][]): HTMLElement {
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
