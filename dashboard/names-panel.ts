import type { NamedTokens } from '../src/http/dashboard/page-data.js';
import { amountColumn } from './amount-column.js';
import { callColumns } from './call-columns.js';
import { type Column, DataTable } from './data-table.js';
import { h, setShare } from './dom.js';
import { Amounts, share } from './format.js';

interface Row extends NamedTokens {
  readonly part: number;
  readonly ofMost: number;
}

const FIRST = 12;

/** Tokens by name, the most first: chart and table in one. */
export class NamesPanel {
  readonly element: HTMLElement;
  private readonly table: DataTable<Row>;
  private amounts = new Amounts('tokens');

  /** `address`: of the page of a name. */
  constructor(title: string, what: string, file: string, address?: (name: string) => string) {
    const columns: Column<Row>[] = [
      {
        title: what,
        value: ({ name }) => name,
        show: ({ name }) =>
          address === undefined || name.startsWith('(') ? name : h('a', { href: address(name) }, name),
      },
      amountColumn(
        () => this.amounts,
        (row) => row.tokens,
      ),
      { title: 'Share', number: true, value: ({ part }) => Math.round(part * 1_000) / 10, show: shareCell },
      ...callColumns,
    ];
    this.table = new DataTable({
      ...{ caption: title, file, columns, key: ({ name }) => name, empty: 'No usage.', first: FIRST },
    });
    this.element = h('section', { class: 'panel names' }, h('h3', {}, title), this.table.element);
  }

  update(names: readonly NamedTokens[], amounts: Amounts): void {
    this.amounts = amounts;
    const sum = names.reduce((total, { tokens: amount }) => total + Math.max(0, amount), 0);
    const most = Math.max(1, ...names.map(({ tokens: amount }) => amount));
    this.table.update(
      names.map((named) => ({
        ...named,
        part: sum === 0 ? 0 : named.tokens / sum,
        ofMost: named.tokens / most,
      })),
    );
  }
}

function shareCell({ part, ofMost }: Row): HTMLElement {
  const bar = h('span', { class: 'name-bar' });
  setShare(bar, ofMost);
  return h(
    'span',
    { class: 'name-share' },
    h('span', { class: 'name-track', 'aria-hidden': 'true' }, bar),
    share(part, 1),
  );
}
