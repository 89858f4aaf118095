import type { LiveData } from '../src/http/dashboard/page-data.js';
import type { Api } from './api.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { Amounts, type ZoneTimes } from './format.js';
import { madeId } from './made-id.js';
import { amountIn } from './policy-fields.js';

type Whom = 'ai' | 'team' | 'all' | 'month';

const DAY_MS = 86_400_000;
/** When most are over that somebody asks for. */
const DAYS_GIVEN = 3;

/** Gives tokens beyond the policy: to an AI, a team or all, or to the month. */
export function askForTopUp(
  api: Api,
  budgetId: string,
  { card, teams, today }: LiveData,
  times: ZoneTimes,
  ais: readonly string[],
  aiId = '',
): Promise<boolean> {
  const amounts = new Amounts(card.unit);
  const topUpId = madeId('top-up');
  const whom = h(
    'select',
    { id: 'top-up-whom' },
    ...WHOM.filter(([value]) => value !== 'team' || teams.length > 0).map(([value, text]) =>
      h('option', { value }, text),
    ),
  );
  const named = h('input', { type: 'text', id: 'top-up-name', list: 'top-up-names', autocomplete: 'off' });
  named.value = aiId;
  const names = h('datalist', { id: 'top-up-names' });
  const tokens = h('input', { type: 'text', id: 'top-up-tokens', inputmode: 'decimal', autocomplete: 'off' });
  const last = h('input', { type: 'date', id: 'top-up-until', min: today.day });
  last.value = new Date(Date.parse(today.day) + DAYS_GIVEN * DAY_MS).toISOString().slice(0, 10);
  const [nameField, untilField] = [
    field('top-up-name', 'Which one', named),
    field('top-up-until', `To the end of this day, in ${times.zone}`, last),
  ];
  const arrange = () => {
    const kind = whom.value as Whom;
    nameField.hidden = kind !== 'ai' && kind !== 'team';
    untilField.hidden = kind === 'month';
    const known = kind === 'team' ? teams.map(({ teamId }) => teamId) : ais;
    names.replaceChildren(...known.map((value) => h('option', { value })));
  };
  whom.addEventListener('change', arrange);
  arrange();
  const unit = amounts.isMoney ? card.unit : 'tokens';
  return ask({
    title: `Top up ${budgetId}`,
    body: [
      h('p', {}, EXPLAINED),
      ...[field('top-up-whom', 'For', whom), nameField, names],
      ...[field('top-up-tokens', `How much, in ${unit}`, tokens), untilField],
    ],
    ...{ confirm: 'Top up', reason: 'Reason' },
    act: async (reason) => {
      const kind = whom.value as Whom;
      const amount = amountIn(tokens.value, amounts.isMoney);
      const name = named.value.trim();
      await api.call('AddTopUp', {
        ...{ budgetId, topUpId, tokens: amount, reason },
        kind: kind === 'month' ? 'TOP_UP_KIND_LARGER_MONTH' : 'TOP_UP_KIND_OVER_CAPS',
        ...(kind === 'ai' && { aiId: name }),
        ...(kind === 'team' && { teamId: name }),
        ...(kind !== 'month' && { expiresAt: new Date(times.endOf(last.value)).toISOString() }),
      });
      const who = { ai: name, team: name, all: 'every AI', month: 'this month' }[kind];
      return `${amounts.told(Number(amount))} more for ${who}.`;
    },
  });
}

const WHOM: readonly (readonly [Whom, string])[] = [
  ['ai', 'one AI, over all caps'],
  ['team', 'one team, over all caps'],
  ['all', 'every AI, over the caps of the budget'],
  ['month', 'this month, which becomes larger'],
];
const EXPLAINED =
  'A top-up for AIs is spent beside the windows: it is granted though they are full, until its last day. A larger month raises the ' +
  'limit itself, and with it the caps.';

function field(id: string, text: string, input: HTMLElement): HTMLElement {
  return h('div', { class: 'field plain' }, h('label', { for: id }, text), input);
}
