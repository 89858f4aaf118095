import type { Cell } from './csv.js';
import { saveCsv } from './csv-file.js';
import { type Child, fill, h, setText } from './dom.js';

export interface Column<T> {
  /** Asked again with each update. */
  readonly title: string | (() => string);
  /** For the CSV. */
  readonly value: (row: T) => Cell;
  /** As shown; the value, if absent. */
  readonly show?: (row: T) => Child;
  readonly number?: boolean;
  /** Left out of the CSV. */
  readonly onScreenOnly?: boolean;
  /** In the CSV alone. */
  readonly onPaperOnly?: boolean;
  /** Sentences, which need room. */
  readonly long?: boolean;
}

export interface TableOptions<T> {
  /** What it shows, for those who do not see where it stands. */
  readonly caption: string;
  readonly file: string;
  readonly columns: readonly Column<T>[];
  readonly key: (row: T) => string;
  readonly empty: string;
  /** Rows that are shown before anybody asks for more. */
  readonly first?: number;
  /** Each row becomes a block where there is no room for its columns. */
  readonly stack?: boolean;
  /** Many short lines. */
  readonly dense?: boolean;
}

const FIRST = 100;

/** A table that keeps the rows that have not changed, so that focus and selection stay. */
export class DataTable<T> {
  readonly element: HTMLElement;
  private readonly body = h('tbody', { role: 'rowgroup' });
  private readonly more = h('p', { class: 'more' });
  private readonly all = h('button', { type: 'button', class: 'quiet', onclick: () => this.showAll() });
  private readonly region: HTMLElement;
  private readonly columns: readonly Column<T>[];
  private readonly heads: readonly HTMLElement[];
  private readonly shown = new Map<string, { text: string; row: HTMLTableRowElement }>();
  private rows: readonly T[] = [];
  private limit: number;

  constructor(private readonly options: TableOptions<T>) {
    const { caption, columns, stack, dense, first = FIRST } = options;
    this.limit = first;
    this.columns = columns.filter(({ onPaperOnly }) => !onPaperOnly);
    this.heads = this.columns.map((column) =>
      h('th', { scope: 'col', role: 'columnheader', ...look(column) }, titleOf(column)),
    );
    const csv = h('button', { type: 'button', class: 'quiet', onclick: () => this.download() }, 'CSV');
    csv.setAttribute('aria-label', `Download as CSV: ${caption}`);
    this.region = h(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
      h(
        'table',
        { role: 'table', class: [stack && 'stack', dense && 'dense'].filter(Boolean).join(' ') },
        h('caption', { class: 'unseen' }, caption),
        h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...this.heads)),
        this.body,
      ),
    );
    this.say('Loading …');
    this.element = h(
      'div',
      { class: 'table-box' },
      this.region,
      h('div', { class: 'table-foot' }, this.more, csv),
    );
  }

  update(rows: readonly T[]): void {
    this.rows = rows;
    const { columns } = this;
    const { empty } = this.options;
    for (const [at, column] of columns.entries()) {
      const head = this.heads[at];
      if (head !== undefined) setText(head, titleOf(column));
    }
    const focused = this.focusedRow();
    if (rows.length === 0) {
      this.shown.clear();
      this.say(empty);
    } else this.putRows(rows.slice(0, this.limit));
    if (focused !== undefined) this.focusAgain(focused);
    const rest = rows.length - this.limit;
    setText(this.all, `Show ${rest} more`);
    if (rest <= 0) fill(this.more);
    else if (!this.all.isConnected) fill(this.more, this.all);
  }

  /** In place of rows: a table without any is none to those who have it read to them. */
  private say(words: string): void {
    const colspan = this.columns.length;
    fill(this.body, h('tr', { role: 'row' }, h('td', { role: 'cell', colspan, class: 'empty' }, words)));
  }

  /** The key of the row that has the focus, and which of its controls. */
  private focusedRow(): { key: string; control: number } | undefined {
    const { activeElement } = document;
    if (!this.body.contains(activeElement)) return undefined;
    const [key, shown] = [...this.shown].find(([, { row }]) => row.contains(activeElement)) ?? [];
    if (key === undefined || shown === undefined) return undefined;
    return { key, control: controlsOf(shown.row).findIndex((each) => each.isSameNode(activeElement)) };
  }

  /** A row that has changed is another element; where it is gone, whoever reads goes on at the table. */
  private focusAgain({ key, control }: { key: string; control: number }): void {
    const row = this.shown.get(key)?.row;
    if (row?.contains(document.activeElement)) return;
    const found = row === undefined ? undefined : controlsOf(row)[control];
    (found ?? this.region).focus({ preventScroll: true });
  }

  private showAll(): void {
    this.limit = Number.POSITIVE_INFINITY;
    this.update(this.rows);
    this.region.focus({ preventScroll: true });
  }

  private putRows(rows: readonly T[]): void {
    const { columns } = this;
    const { key } = this.options;
    const wanted = new Set<string>();
    const elements = rows.map((row) => {
      const id = key(row);
      wanted.add(id);
      const text = JSON.stringify(row);
      const known = this.shown.get(id);
      if (known?.text === text) return known.row;
      const element = h('tr', { role: 'row' }, ...columns.map((column, at) => cell(column, row, at === 0)));
      this.shown.set(id, { text, row: element });
      return element;
    });
    for (const id of [...this.shown.keys()]) if (!wanted.has(id)) this.shown.delete(id);
    putChildren(this.body, elements);
  }

  private download(): void {
    const { columns, file } = this.options;
    const named = columns.filter(({ onScreenOnly }) => !onScreenOnly);
    const rows = this.rows.map((row) => named.map(({ value }) => value(row)));
    saveCsv(file, named.map(titleOf), rows);
  }
}

function controlsOf(row: Element): HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>('button, a')];
}

/** Touches only what is not in its place: moving a focused element would lose the focus. */
export function putChildren(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  children.forEach((child, at) => {
    if (parent.children[at] !== child) parent.insertBefore(child, parent.children[at] ?? null);
  });
}

function cell<T>(column: Column<T>, row: T, isHead: boolean): HTMLElement {
  const { value, show } = column;
  const content = show === undefined ? String(value(row) ?? '') : show(row);
  if (isHead) return h('th', { scope: 'row', role: 'rowheader', ...look(column) }, content);
  return h('td', { role: 'cell', 'data-title': titleOf(column), ...look(column) }, content);
}

function titleOf({ title }: Pick<Column<never>, 'title'>): string {
  return typeof title === 'string' ? title : title();
}

function look({ number, long }: Pick<Column<never>, 'number' | 'long'>): { class: string } {
  return { class: number ? 'number' : long ? 'long' : 'text' };
}

/** A table that is out of the way until somebody wants it. */
export function behind(
  title: string,
  table: DataTable<never> | { readonly element: HTMLElement },
): HTMLDetailsElement {
  return h('details', { class: 'behind' }, h('summary', {}, title), table.element);
}
