import { OFFICE_HOURS } from './demand.js';
import type { Figures, Row } from './figures.js';
import type { OutcomeRule } from './run-month.js';

const HEADS: readonly (readonly [OutcomeRule, string])[] = [
  ['NONE', 'NONE'],
  ['FLOOR', 'FLOOR'],
  ['FIRST_FORM', 'EVEN, first form'],
  ['EVEN', 'EVEN'],
];

/** `docs/outcome.md`. */
export function document(rows: readonly Row[]): string {
  return [
    '# What pacing makes of a month',
    '',
    'Written by `npm run outcome`, which asks the service’s own decisions, in virtual time, on the store in memory. Do not edit.',
    '',
    'A budget with the default policy hands out 137,200 tokens a month, at most 11,200 a day and 700 an hour. Each demand asks for that much,',
    'times its factor, in a month of 30 days, after 30 days of the same under the same rule. What is refused does not come back.',
    '',
    '![A month under NONE, FLOOR and EVEN](outcome.svg)',
    '',
    'Each cell: used percent / spread percent / tokens of the least day. The last two columns: the spread that one who knew the future',
    'would have had with what EVEN used, by filling all days up to one level within the same largest hour and day, and how far EVEN is',
    'from it.',
    '',
    `| demand | ${HEADS.map(([, head]) => head).join(' | ')} | clairvoyant | distance |`,
    `|---|${HEADS.map(() => '---|').join('')}---|---|`,
    ...rows.map(line),
    '',
    dryness(rows),
    '',
    ...HOW_DRAWN,
    '',
  ].join('\n');
}

function line({ name, factor, rules }: Row): string {
  const cells = HEADS.map(([rule]) => cell(rules.get(rule)));
  const even = rules.get('EVEN');
  const clairvoyant = even?.clairvoyantPercent ?? 0;
  const distance = (even?.spreadPercent ?? 0) - clairvoyant;
  const title = factor === undefined ? name : `${name} x ${factor.toFixed(1)}`;
  return `| ${title} | ${[...cells, rounded(clairvoyant), rounded(distance)].join(' | ')} |`;
}

function cell(figures: Figures | undefined): string {
  if (figures === undefined) return '';
  const { usedPercent, spreadPercent, leastDay, dry } = figures;
  const told = dry === undefined || dry >= 30 ? '' : `, dry on day ${dry}`;
  return `${rounded(usedPercent)} / ${rounded(spreadPercent)} / ${leastDay.toLocaleString('en')}${told}`;
}

function rounded(value: number): string {
  return value.toFixed(1);
}

function dryness(rows: readonly Row[]): string {
  const early = (rule: OutcomeRule) =>
    rows.map(({ rules }) => rules.get(rule)?.dry ?? 30).reduce((least, day) => Math.min(least, day), 30);
  return (
    `The earliest day on which a month ran dry: ${early('NONE')} under NONE, ${early('FLOOR')} under FLOOR, ` +
    `${early('FIRST_FORM')} under the first form of EVEN, ${early('EVEN')} under EVEN.`
  );
}

const { from, hours, spreadOfDays, spreadOfHours, seed } = OFFICE_HOURS;

const HOW_DRAWN = [
  '## How the demands are made',
  '',
  '- **Azure code**: 8,819 requests of about an hour, stretched to a month, twice. Most of it comes in a few busy hours, which the largest',
  '  hour of 700 cuts under every rule. **Taxis**: passengers by hour, six months of 30 days after one to learn from, to one scale, so that some',
  '  months ask for more than others. Sources and licences: [traces](../scripts/outcome/traces/README.md).',
  `- **Office hours**: from ${from} to ${from + hours} o’clock one part an hour, otherwise a tenth of it; on week-ends a quarter of all that. Days and hours are drawn`,
  `  around it, by factors whose logarithm is normal: ${spreadOfDays} of days, ${spreadOfHours} of the hours of a day, from seed ${seed}. The specification says the tenth and`,
  '  the quarter, and not how the rest was drawn: hours, spreads and seed are fitted, so that its rows are met within a point.',
  '- **Saturating**: more than any hour admits, after a month of 4 tokens an hour.',
  '- Requests are of 20 tokens, of 4 where demand is saturating, and of their own sizes at Azure.',
  '- The first form of EVEN gave each day an equal part of what was left, and each hour 1.2 of an equal part of the day. It lives on here alone.',
];
