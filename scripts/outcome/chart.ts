import { GRANTABLE } from './default-policy.js';
import { DAYS_OF_MONTH } from './demand.js';
import type { Month, OutcomeRule } from './run-month.js';

const WIDTH = 900;
const LEFT = 60;
const PANEL = 110;
const GAP = 44;
const TOP = 82;
const RIGHT = 12;
const MOST = 12_000;
const SHADES: Partial<Record<OutcomeRule, string>> = { NONE: '#c0392b', FLOOR: '#c47f1d', EVEN: '#2f6fde' };
/** Of the month, for each day. */
const EQUAL = Math.floor(GRANTABLE / DAYS_OF_MONTH);
const TITLE = 'A month in which everybody always wants more, after a quiet one';
const EXPLAINED = `Tokens granted on each day of the month. Dashed: an equal part for each, ${amount(EQUAL)}.`;
const STYLE = [
  'text{font-family:system-ui,sans-serif;font-size:13px;fill:#24292f}.title{font-weight:600}',
  '.small{fill:#57606a;font-size:11px}.grid{stroke:#d8dee4}.equal{stroke:#24292f;stroke-dasharray:3 4}',
].join('');

/** The days of a month under each rule, one above the other. */
export function chart(months: readonly ({ readonly rule: OutcomeRule } & Month)[]): string {
  const height = TOP + months.length * (PANEL + GAP) - 12;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${TITLE}">`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text class="title" x="12" y="22">${TITLE}</text>`,
    `<text class="small" x="12" y="40">${EXPLAINED}</text>`,
    ...months.flatMap((month, at) => panel(month, TOP + at * (PANEL + GAP))),
    '</svg>',
    '',
  ].join('\n');
}

function panel({ rule, days, dry }: { readonly rule: OutcomeRule } & Month, top: number): string[] {
  const step = (WIDTH - LEFT - RIGHT) / days.length;
  const bottom = top + PANEL;
  const y = (tokens: number) => bottom - (tokens / MOST) * PANEL;
  const middle = (at: number) => (LEFT + (at + 0.5) * step).toFixed(1);
  const bars = days.map((tokens, at) => {
    const [x, width] = [(LEFT + at * step + 2).toFixed(1), (step - 4).toFixed(1)];
    const bar = `x="${x}" y="${y(tokens).toFixed(1)}" width="${width}" height="${(bottom - y(tokens)).toFixed(1)}"`;
    return `<rect ${bar} fill="${SHADES[rule]}"><title>day ${at + 1}: ${amount(tokens)}</title></rect>`;
  });
  const names = days.flatMap((_, at) =>
    at === 0 || (at + 1) % 5 === 0
      ? [`<text class="small" x="${middle(at)}" y="${bottom + 15}" text-anchor="middle">${at + 1}</text>`]
      : [],
  );
  const isDry = dry !== undefined && dry < days.length;
  const told = isDry ? `dry on day ${dry}` : 'lasts to its last day';
  return [
    `<text x="${LEFT}" y="${top - 10}"><tspan class="title">${rule}</tspan> ${told}: ${range(days)}</text>`,
    ...[0, 4_000, 8_000, 12_000].map(
      (tokens) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tokens)}" y2="${y(tokens)}"/>` +
        `<text class="small" x="${LEFT - 6}" y="${y(tokens) + 4}" text-anchor="end">${amount(tokens)}</text>`,
    ),
    ...bars,
    `<line class="equal" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(EQUAL).toFixed(1)}" y2="${y(EQUAL).toFixed(1)}"/>`,
    ...(isDry
      ? [
          `<text x="${middle((dry + days.length - 1) / 2)}" y="${bottom - 12}" text-anchor="middle">nothing is left for ${days.length - dry} days</text>`,
        ]
      : []),
    ...names,
  ];
}

function range(days: readonly number[]): string {
  return `${amount(Math.min(...days))} to ${amount(Math.max(...days))} tokens a day`;
}

function amount(tokens: number): string {
  return tokens.toLocaleString('en');
}
