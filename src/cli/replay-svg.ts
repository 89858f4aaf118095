import { aboutInUnit } from '../domain/model/unit.js';
import type { Comparison } from '../replay/compare.js';
import type { DayOutcome, Outcome } from '../replay/report.js';

const WIDTH = 860;
const PANEL = 180;
const LEFT = 70;
const GAP = 56;
const COLOURS = { demand: '#d5d9df', current: '#7a8699', candidate: '#2563eb' } as const;

/** Each day's tokens under either policy, before what was asked for on it. */
export function replaySvg({ current, candidate }: Comparison, unit: string): string {
  const panels = [
    { title: 'in force', outcome: current, colour: COLOURS.current },
    ...(candidate ? [{ title: 'candidate', outcome: candidate, colour: COLOURS.candidate }] : []),
  ];
  const most = Math.max(1, ...panels.flatMap(({ outcome }) => outcome.days.map(({ tokens }) => tokens)));
  const top = roundAbove(most * 1.1);
  const height = panels.length * (PANEL + GAP) + 30;
  const parts = panels.map(({ title, outcome, colour }, at) =>
    panel(`${title}: ${figures(outcome)}`, outcome.days, { y: at * (PANEL + GAP) + GAP, top, colour, unit }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="${WIDTH - 20}" y="20" text-anchor="end" fill="#555">tokens a day; grey: asked for</text>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** A figure that is easy to halve. */
function roundAbove(tokens: number): number {
  const unit = 10 ** Math.floor(Math.log10(tokens));
  return unit * ([1, 2, 3, 4, 5, 6, 8].find((times) => unit * times >= tokens) ?? 10);
}

function figures({ usedPercent, spreadPercent, lastedDays }: Outcome): string {
  return `lasted ${lastedDays} days, used ${usedPercent.toFixed(1)}%, spread ${spreadPercent.toFixed(1)}%`;
}

interface Place {
  readonly y: number;
  /** Tokens at the upper edge; what is above is cut off. */
  readonly top: number;
  readonly colour: string;
  readonly unit: string;
}

function panel(title: string, days: readonly DayOutcome[], { y, top, colour, unit }: Place): string {
  const step = (WIDTH - LEFT - 20) / Math.max(1, days.length);
  const tall = (tokens: number) => Math.min(1, tokens / top) * PANEL;
  const bar = (at: number, tokens: number, fill: string, inset: number) => {
    const height = tall(tokens);
    const x = LEFT + at * step + inset;
    return `<rect x="${x.toFixed(1)}" y="${(y + PANEL - height).toFixed(1)}" width="${Math.max(1, step - 2 * inset).toFixed(1)}" height="${height.toFixed(1)}" fill="${fill}"/>`;
  };
  const bars = days.map(({ day, tokens, demand }, at) => {
    const title = `<title>${day}: ${aboutInUnit(unit, tokens)} of ${aboutInUnit(unit, demand)} asked for</title>`;
    return `<g>${title}${bar(at, demand, COLOURS.demand, 0.5)}${bar(at, tokens, colour, step * 0.18)}</g>`;
  });
  const scale = [0, 0.5, 1].map((part) => {
    const at = y + PANEL - part * PANEL;
    return `<text x="${LEFT - 8}" y="${(at + 4).toFixed(1)}" text-anchor="end" fill="#555">${aboutInUnit(unit, Math.round(top * part))}</text><line x1="${LEFT}" x2="${WIDTH - 20}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}" stroke="#e5e7eb"/>`;
  });
  const [first, last] = [days[0]?.day ?? '', days.at(-1)?.day ?? ''];
  return [
    ...scale,
    ...bars,
    `<text x="${LEFT}" y="${y - 10}" font-weight="bold" fill="#222">${title}</text>`,
    `<text x="${LEFT}" y="${y + PANEL + 15}" fill="#555">${first}</text>`,
    `<text x="${WIDTH - 20}" y="${y + PANEL + 15}" text-anchor="end" fill="#555">${last}</text>`,
  ].join('\n');
}
