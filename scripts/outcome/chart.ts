import type { Month, OutcomeRule } from './run-month.js';

const WIDTH = 900;
const LEFT = 60;
const PANEL = 110;
const GAP = 44;
const TOP = 62;
const MOST = 12_000;
const SHADES: Partial<Record<OutcomeRule, string>> = { NONE: '#c0392b', FLOOR: '#c47f1d', EVEN: '#2f6fde' };
const TITLE = 'A month in which everybody always wants more, after a quiet one: tokens a day';

/** The days of a month under each rule, one above the other. */
export function chart(months: readonly ({ readonly rule: OutcomeRule } & Month)[]): string {
  const height = TOP + months.length * (PANEL + GAP);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${TITLE}">`,
    '<style>text{font:12px system-ui,sans-serif;fill:#24292f}.grid{stroke:#d0d7de}.small{fill:#57606a;font-size:11px}</style>',
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="22" font-weight="600">${TITLE}</text>`,
    ...months.flatMap((month, at) => panel(month, TOP + at * (PANEL + GAP))),
    '</svg>',
    '',
  ].join('\n');
}

function panel({ rule, days, dry }: { readonly rule: OutcomeRule } & Month, top: number): string[] {
  const step = (WIDTH - LEFT - 12) / days.length;
  const bottom = top + PANEL;
  const y = (tokens: number) => bottom - (tokens / MOST) * PANEL;
  const bars = days.map((tokens, at) => {
    const [x, width] = [(LEFT + at * step + 2).toFixed(1), (step - 4).toFixed(1)];
    return `<rect x="${x}" y="${y(tokens).toFixed(1)}" width="${width}" height="${(bottom - y(tokens)).toFixed(1)}" fill="${SHADES[rule]}"/>`;
  });
  const names = days.map(
    (_, at) =>
      `<text class="small" x="${(LEFT + (at + 0.5) * step).toFixed(1)}" y="${bottom + 14}" text-anchor="middle">${at + 1}</text>`,
  );
  const told = dry === undefined || dry >= days.length ? 'lasts to its last day' : `dry on day ${dry}`;
  return [
    `<text x="${LEFT}" y="${top - 10}" font-weight="600">${rule}: ${told}, ${range(days)}</text>`,
    ...[0, 4_000, 8_000, 12_000].map(
      (tokens) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - 12}" y1="${y(tokens)}" y2="${y(tokens)}"/>` +
        `<text class="small" x="${LEFT - 6}" y="${y(tokens) + 4}" text-anchor="end">${tokens.toLocaleString('en')}</text>`,
    ),
    ...bars,
    ...names,
  ];
}

function range(days: readonly number[]): string {
  return `${Math.min(...days).toLocaleString('en')} to ${Math.max(...days).toLocaleString('en')} a day`;
}
