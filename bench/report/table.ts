import type { Line } from './lines.js';

/** A table of Markdown, padded so that it is read in a terminal too. The first column is text, the others are numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], texts = 1): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => (row[at] ?? '').length)));
  const padded = (row: readonly string[]) => {
    const cells = widths.map((width, at) =>
      at < texts ? (row[at] ?? '').padEnd(width) : (row[at] ?? '').padStart(width),
    );
    return `| ${cells.join(' | ')} |`;
  };
  const rule = widths.map((width, at) => (at < texts ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [padded(head), `| ${rule.join(' | ')} |`, ...rows.map(padded)].join('\n');
}

const HEAD = [
  ...['what', 'driver', 'callers', 'calls/s', 'p50 ms', 'p99 ms', 'CPU us/call', 'commits/s', 'batch'],
  ...['ratio', 'to', 'errors'],
];

export function ratesTable(lines: readonly Line[]): string {
  const rows = lines.map((line) => [
    line.what,
    line.driver,
    String(line.callers),
    whole(line.callsPerSecond),
    fixed(line.p50Ms, 2),
    fixed(line.p99Ms, 2),
    fixed(line.cpuUsPerCall, 0),
    line.commitsPerSecond === undefined ? '' : whole(line.commitsPerSecond),
    fixed(line.callsPerCommit, 1),
    fixed(line.ratio, 2),
    line.limit ?? '',
    line.errors === 0 ? '' : whole(line.errors),
  ]);
  return table(HEAD, rows, 2);
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function fixed(value: number | undefined, digits: number): string {
  return value === undefined || !Number.isFinite(value) ? '' : value.toFixed(digits);
}
