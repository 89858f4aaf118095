import { answerRows } from './answers.js';
import { ECHO_ROWS } from './echo.js';
import { PEER_ROWS } from './peers.js';
import type { Row } from './row.js';
import { writeRows } from './writes.js';

/** Every row, in the order of the table. */
export const ROWS: readonly Row[] = [
  ...ECHO_ROWS,
  ...PEER_ROWS,
  ...writeRows('embedded'),
  ...answerRows('embedded'),
  ...writeRows('mongo'),
  ...answerRows('mongo'),
  ...writeRows('pair'),
];

/** Rows whose id begins with one of the names, and the limits that they are compared with. No names: all. */
export function chosenRows(names: readonly string[], rows: readonly Row[] = ROWS): Row[] {
  if (names.length === 0) return [...rows];
  const named = rows.filter(({ id }) => names.some((name) => id.startsWith(name)));
  const limits = new Set(named.map(({ limit }) => limit));
  return rows.filter((row) => named.includes(row) || limits.has(row.id));
}
