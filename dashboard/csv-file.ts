import { type Cell, csvOf } from './csv.js';
import { h } from './dom.js';

/** Hands a table to the reader as a file. */
export function saveCsv(name: string, header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const text = csvOf(header, rows);
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  h('a', { href: url, download: `${name}.csv` }).click();
  URL.revokeObjectURL(url);
}
