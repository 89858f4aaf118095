import { type Api, messageOf } from './api.js';
import type { OutcomeJson, SimulationJson } from './api-json.js';
import { fill, h } from './dom.js';
import { type Amounts, tenth } from './format.js';
import { table } from './policy-preview.js';

/** The last 28 days as they would have been under the policy in force, and under the one that is thought of. */
export function pastDays(api: Api, change: object, amounts: Amounts): HTMLElement {
  const body = h('div', { 'aria-live': 'polite' }, h('p', { class: 'note' }, 'Replaying them …'));
  void api
    .call<SimulationJson>('SimulatePolicy', change)
    .then((found) => fill(body, ...simulationBody(found, amounts)))
    // A preview goes on without: whoever may change a policy need not wait for it.
    .catch((error: unknown) => fill(body, h('p', { class: 'problem' }, messageOf(error))));
  return h('section', {}, h('h3', {}, 'The last 28 days, before and after'), body);
}

function simulationBody(
  { inForce, candidate, selfCheck, cannotKnow = [] }: SimulationJson,
  amounts: Amounts,
): HTMLElement[] {
  if (inForce === undefined || candidate === undefined)
    return [h('p', { class: 'note' }, 'Nothing was used on them.')];
  const rows = FIGURES.map(([name, of]) => [name, of(inForce, amounts), of(candidate, amounts)] as const);
  return [
    table('The last 28 days in figures', ['Figure', 'Now', 'After'], rows),
    h(
      'details',
      {},
      h('summary', {}, 'Day by day'),
      table(
        'The last 28 days, one by one',
        ['Day', 'Asked for', 'Now', 'After'],
        dayRows(inForce, candidate, amounts),
      ),
    ),
    h('p', { class: 'note' }, `Self-check: ${selfCheck}. It cannot know ${cannotKnow.join('; nor ')}.`),
  ];
}

const FIGURES: readonly (readonly [string, (outcome: OutcomeJson, amounts: Amounts) => string])[] = [
  ['Days until the month refused', ({ lastedDays = 0, dry }) => (dry ? `${lastedDays}, then dry` : 'all')],
  ['Used', ({ usedTokens }, amounts) => amounts.text(Number(usedTokens ?? 0))],
  ['Of their share of the month', ({ usedPercent = 0 }) => tenth(usedPercent)],
  ['Spread', ({ spreadPercent = 0 }) => tenth(spreadPercent)],
  [
    'The least that the same use could have',
    ({ clairvoyantSpreadPercent = 0 }) => tenth(clairvoyantSpreadPercent),
  ],
  ['Refused', ({ refusedTokens }, amounts) => amounts.text(Number(refusedTokens ?? 0))],
  ['Refused most by', refusedBy],
];

function refusedBy({ byRule = [] }: OutcomeJson): string {
  return byRule[0]?.rule.replace('RULE_', '') ?? 'none';
}

function dayRows(
  { days = [] }: OutcomeJson,
  candidate: OutcomeJson,
  amounts: Amounts,
): (readonly string[])[] {
  const after = new Map((candidate.days ?? []).map((day) => [day.date, day.tokens]));
  return days.map(({ date, tokens: now, demandTokens }) => [
    date,
    ...[demandTokens, now, after.get(date)].map((amount) => amounts.text(Number(amount ?? 0))),
  ]);
}
