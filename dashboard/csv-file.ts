import type { SavedFile } from './api.js';
import { type Cell, csvOf } from './csv.js';
import { h } from './dom.js';

/** Hands a table to the reader as a file. */
export function saveCsv(name: string, header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const content = new Blob([csvOf(header, rows)], { type: 'text/csv;charset=utf-8' });
  saveFile({ name: `${name}.csv`, content });
}

export function saveFile({ name, content }: SavedFile): void {
  const url = URL.createObjectURL(content);
  h('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
