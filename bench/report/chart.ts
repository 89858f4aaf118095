import type { Line } from './lines.js';
import { whole } from './table.js';

const WIDTH = 900;
const LABEL = 330;
const NUMBER = 90;
const BAR = 15;
const GAP = 7;
const TOP = 54;
const SHADES: Readonly<Record<string, string>> = {
  echo: '#8a8f98',
  embedded: '#2f6fde',
  mongo: '#1d8a5b',
  pair: '#7a4fc4',
};
const OTHER = '#c47f1d';

/** Calls a second at the most callers of each row, as bars on a logarithmic scale: rows differ by factors. */
export function chart(lines: readonly Line[], title: string): string {
  const bars = mostCallers(lines).filter(({ callsPerSecond }) => callsPerSecond > 0);
  const most = Math.max(10, ...bars.map(({ callsPerSecond }) => callsPerSecond));
  const decades = Math.ceil(Math.log10(most));
  const x = (value: number) => LABEL + (Math.log10(Math.max(1, value)) / decades) * (WIDTH - LABEL - NUMBER);
  const height = TOP + bars.length * (BAR + GAP) + 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#24292f}.grid{stroke:#d0d7de}.small{fill:#57606a;font-size:11px}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="20" font-weight="600">${escaped(title)}</text>`,
    ...Array.from({ length: decades }, (_, decade) => gridLine(10 ** (decade + 1), x, height)),
    ...bars.map((line, at) => bar(line, TOP + at * (BAR + GAP), x(line.callsPerSecond))),
    '</svg>',
    '',
  ].join('\n');
}

function mostCallers(lines: readonly Line[]): Line[] {
  return lines.filter(
    (line) => !lines.some(({ row, callers }) => row === line.row && callers > line.callers),
  );
}

function gridLine(value: number, x: (value: number) => number, height: number): string {
  const at = x(value).toFixed(1);
  return (
    `<line class="grid" x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - 8}"/>` +
    `<text class="small" x="${at}" y="${TOP - 13}" text-anchor="middle">${whole(value)}</text>`
  );
}

function bar({ row, what, callers, callsPerSecond }: Line, y: number, end: number): string {
  const shade = SHADES[row.split('-')[0] ?? ''] ?? OTHER;
  const label = callers === 1 ? `${what} (1 caller)` : what;
  const baseline = y + BAR - 3;
  return (
    `<text x="${LABEL - 8}" y="${baseline}" text-anchor="end">${escaped(label)}</text>` +
    `<rect x="${LABEL}" y="${y}" width="${Math.max(1, end - LABEL).toFixed(1)}" height="${BAR}" fill="${shade}"/>` +
    `<text x="${(end + 6).toFixed(1)}" y="${baseline}">${whole(callsPerSecond)}</text>`
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
