import { aboutInUnit } from '../domain/model/unit.js';
import type { Comparison } from '../replay/compare.js';
import type { Shift } from '../replay/comparison.js';
import type { Outcome } from '../replay/report.js';
import type { Tally } from '../replay/tallies.js';
import { amount, harmless, table } from './text.js';

const MOST_AIS = 10;

type Told = Comparison & { readonly budgetId: string; readonly unit: string };

/** An amount in the budget's unit. */
type Shown = (tokens: number) => string;

/** The policy in force beside the candidate, for a person. */
export function replayTable(told: Told): string {
  const { current, candidate, selfCheck, cannotKnow } = told;
  const outcomes = candidate === undefined ? [current] : [current, candidate];
  const head = ['', 'IN FORCE', ...(candidate ? ['CANDIDATE'] : [])];
  const shown: Shown = (tokens) => aboutInUnit(told.unit, tokens);
  const figures = FIGURES.map(([name, of]) => [
    name.replace('tokens', told.unit),
    ...outcomes.map((outcome) => of(outcome, shown)),
  ]);
  return [
    columns([head, ...figures]),
    refusals(outcomes, told.unit, shown),
    ais(outcomes, shown),
    shifted('gains most', told.gains, shown),
    shifted('loses most', told.losses, shown),
    `self-check: ${selfCheck.text}\n`,
    `it cannot know:\n${cannotKnow.map((line) => `- ${line}\n`).join('')}`,
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const FIGURES: readonly (readonly [string, (outcome: Outcome, shown: Shown) => string])[] = [
  ['days lasted', lasted],
  [
    'used of their share',
    ({ usedPercent, usedTokens }, shown) => `${percent(usedPercent)}, ${shown(usedTokens)}`,
  ],
  ['spread', ({ spreadPercent }) => percent(spreadPercent)],
  ['  a clairvoyant’s', ({ clairvoyantSpreadPercent }) => percent(clairvoyantSpreadPercent)],
  ['least day', ({ leastDay }, shown) => (leastDay ? `${leastDay.day} ${shown(leastDay.tokens)}` : '-')],
  ['most day', ({ mostDay }, shown) => (mostDay ? `${mostDay.day} ${shown(mostDay.tokens)}` : '-')],
  ['requests granted', ({ granted }) => amount(granted.requests)],
  ['requests refused', ({ refused }) => amount(refused.requests)],
  [
    'tokens refused',
    ({ refused, refusedPercent }, shown) => `${shown(refused.tokens)} (${percent(refusedPercent)})`,
  ],
  ['first refusal', firstRefusal],
  ['waited p50 / p95', ({ waitP50Ms, waitP95Ms }) => `${seconds(waitP50Ms)} / ${seconds(waitP95Ms)}`],
];

function lasted({ months, lastedDays }: Outcome): string {
  const shortest = months.find((month) => month.lastedDays === lastedDays);
  return shortest === undefined
    ? '-'
    : `${lastedDays} of ${shortest.days}${shortest.isDry ? ', then dry' : ''}`;
}

function firstRefusal({ firstRefusal: first }: Outcome): string {
  if (first === undefined) return 'none';
  return `${new Date(first.at).toISOString().slice(0, 16)} ${first.rule}`;
}

function refusals(outcomes: readonly Outcome[], unit: string, shown: Shown): string {
  const rules = [...new Set(outcomes.flatMap(({ byRule }) => byRule.map(({ rule }) => rule)))];
  if (rules.length === 0) return '';
  const cell = ({ byRule }: Outcome, rule: string) =>
    counted(
      byRule.find((one) => one.rule === rule),
      shown,
    );
  const rows = rules.map((rule) => [rule, ...outcomes.map((outcome) => cell(outcome, rule))]);
  return columns([['REFUSED BY', ...outcomes.map(() => `REQUESTS / ${unit.toUpperCase()}`)], ...rows]);
}

function ais(outcomes: readonly Outcome[], shown: Shown): string {
  const [current] = outcomes;
  const named = (current?.byAi ?? []).slice(0, MOST_AIS).map(({ aiId }) => aiId);
  const cell = ({ byAi }: Outcome, aiId: string) => {
    const of = byAi.find((one) => one.aiId === aiId);
    return of === undefined ? '-' : `${shown(of.granted.tokens)} of ${shown(of.asked.tokens)}`;
  };
  const rows = named.map((aiId) => [harmless(aiId), ...outcomes.map((outcome) => cell(outcome, aiId))]);
  return columns([['AI', ...outcomes.map(() => 'GRANTED OF ASKED')], ...rows]);
}

function shifted(what: string, shifts: readonly Shift[], shown: Shown): string {
  if (shifts.length === 0) return '';
  const lines = shifts.map(
    ({ aiId, before, after }) =>
      `${harmless(aiId)} ${after > before ? '+' : '-'}${shown(Math.abs(after - before))}`,
  );
  return `${what}: ${lines.join(', ')}\n`;
}

function counted(tally: Tally | undefined, shown: Shown): string {
  return tally === undefined ? '-' : `${amount(tally.requests)} / ${shown(tally.tokens)}`;
}

/** The first column is words; all others are figures. */
function columns(rows: readonly (readonly string[])[]): string {
  return table(rows.map(([first = '', ...rest]) => [first, '', ...rest]));
}

function percent(value: number): string {
  return `${value.toFixed(1)}%`;
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
