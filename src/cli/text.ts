import type { Run } from './output.js';

/** How figures and colours are written on a terminal. */

export type Style = keyof typeof CODES;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Colours text that has its final width already: the codes would count as characters. */
export type Paint = (text: string, style: Style) => string;

export const PLAIN: Paint = (text) => text;
export const COLOURED: Paint = (text, style) => `\u001b[${CODES[style]}m${text}\u001b[0m`;

/** In colours where a person looks on who has not turned them off. */
export function paintOf({ environment, output }: Pick<Run, 'environment' | 'output'>): Paint {
  return output.screen !== undefined && !environment['NO_COLOR'] ? COLOURED : PLAIN;
}

export function amount(tokens: number): string {
  return tokens.toLocaleString('en-US');
}

/** What a caller wrote, without what a terminal would obey. */
export function harmless(text: string): string {
  return text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?');
}

/** Exactly so wide: filled up, or cut off with a sign of it. */
export function fitted(text: string, width: number): string {
  if (text.length <= width) return text.padEnd(width);
  return width < 1 ? '' : `${text.slice(0, width - 1)}…`;
}

export function share(part: number, whole: number): string {
  return whole > 0 ? `${Math.floor((part / whole) * 100)}%` : '-';
}

/** Columns as wide as their widest cell; the first is of words, the others of figures. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}
