export type Cell = string | number | undefined;

/** Starts a formula in a spreadsheet, which an AI could name itself. */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180. Numbers without separators, texts quoted where needed. */
export function csvOf(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows]
    .map((row) => row.map(cellText).join(','))
    .join('\r\n')
    .concat('\r\n');
}

function cellText(cell: Cell): string {
  if (cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
