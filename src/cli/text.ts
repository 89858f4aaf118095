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

/** To the second, in UTC: `2026-11-20 17:00:00Z`. */
export function moment(at: Date | undefined): string {
  return at === undefined ? '-' : `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** In lines of so many characters, those after the first set in. A word that is longer stands alone. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(line === undefined ? word : `  ${word}`);
  }
  return lines;
}

/** Columns as wide as their widest cell; the first two are of words, the others of figures, but for those that are named. */
export function table(rows: readonly (readonly string[])[], words: readonly number[] = []): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < 2 || words.includes(column)
          ? cell.padEnd(widths[column] ?? 0)
          : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}
