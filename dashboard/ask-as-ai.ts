import { type Api, messageOf } from './api.js';
import type { AvailabilityJson } from './api-json.js';
import { shownDialog } from './dialog.js';
import { fill, h, setText } from './dom.js';
import { type Amounts, duration, words } from './format.js';

/** Says what a request of an AI would meet now, and changes nothing. */
export function askAsAi(
  api: Api,
  budgetId: string,
  amounts: Amounts,
  ais: readonly string[],
  aiId = '',
): void {
  const name = h('input', {
    type: 'text',
    id: 'ask-ai',
    list: 'ask-ais',
    required: true,
    autocomplete: 'off',
  });
  name.value = aiId;
  const names = h('datalist', { id: 'ask-ais' }, ...ais.map((value) => h('option', { value })));
  const tokens = h('input', { type: 'text', id: 'ask-tokens', inputmode: 'numeric', autocomplete: 'off' });
  const model = h('input', { type: 'text', id: 'ask-model', autocomplete: 'off' });
  const answer = h('div', { 'aria-live': 'polite', class: 'dialog-body' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const field = (id: string, text: string, input: HTMLElement) =>
    h('div', { class: 'field' }, h('label', { for: id }, text), input);
  shownDialog({
    title: 'Ask as an AI',
    body: [
      h('p', { class: 'note' }, 'What it would be answered if it asked for a slot now. Nothing is granted.'),
      field('ask-ai', 'AI', name),
      names,
      field('ask-tokens', 'Tokens; empty: the policy’s default', tokens),
      field('ask-model', 'Model; empty: none named', model),
      ...[problem, answer],
    ],
    confirm: 'Ask',
    submit: async () => {
      setText(problem, '');
      fill(answer);
      const asked = {
        ...{ budgetId, aiId: name.value.trim() },
        ...(tokens.value.trim() !== '' && { estimatedTokens: tokens.value.replaceAll(/[\s_.,]/g, '') }),
        ...(model.value.trim() !== '' && { model: model.value.trim() }),
      };
      try {
        fill(answer, ...answerBody(await api.callForAi<AvailabilityJson>('GetAvailability', asked), amounts));
      } catch (error) {
        setText(problem, messageOf(error));
      }
    },
  });
}

function answerBody({ availableTokens, denial, teamId }: AvailabilityJson, amounts: Amounts): HTMLElement[] {
  const left = `The tightest window has ${amounts.told(Number(availableTokens ?? 0))} left.`;
  const team = teamId === undefined ? '' : ` It is in the team ${teamId}.`;
  if (denial === undefined)
    return [h('p', { class: 'headline ok' }, 'It would be granted.'), h('p', {}, `${left}${team}`)];
  const { blockers = [], retryAfter } = denial;
  const again = retryAfter === undefined ? '' : ` Worth asking again in ${duration(secondsOf(retryAfter))}.`;
  const items = blockers.map(({ rule, message }) =>
    h('li', {}, h('strong', {}, words(rule.replace('RULE_', ''))), `: ${message}`),
  );
  return [
    h('p', { class: 'headline refusing' }, 'It would be refused.'),
    h('ul', { class: 'warnings' }, ...items),
    h('p', {}, `${left}${team}${again}`),
  ];
}

/** `90s`, in whole seconds. */
function secondsOf(text: string): number {
  return Math.ceil(Number(text.replace(/s$/, ''))) * 1_000;
}
