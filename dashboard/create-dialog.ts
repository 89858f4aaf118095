import { addressOf, budgetPath } from './address.js';
import type { Api } from './api.js';
import type { FoundBudget } from './api-json.js';
import { ask } from './dialog.js';
import { h } from './dom.js';
import { amountIn } from './policy-fields.js';

/** A new budget, with what matters most; the rest follows its defaults until its policy is changed. */
export async function askForBudget(api: Api): Promise<void> {
  const id = h('input', { ...TEXT, id: 'new-id', required: true });
  const limit = h('input', { ...TEXT, id: 'new-limit', inputmode: 'decimal' });
  const zone = h('input', { ...TEXT, id: 'new-zone', list: 'new-zones' });
  zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = h('datalist', { id: 'new-zones' }, ...zonesKnown().map((value) => h('option', { value })));
  const preset = h(
    'select',
    { id: 'new-preset' },
    h('option', { value: 'PRESET_WORK_SESSIONS' }, 'AIs that work for minutes (WORK_SESSIONS)'),
    h('option', { value: 'PRESET_CALLS' }, 'a slot for each LLM call (CALLS)'),
  );
  const observe = h('input', { type: 'checkbox', id: 'new-observe' });
  const done = await ask({
    title: 'Create a budget',
    body: [
      field('new-id', 'Id: small letters, digits, . _ -', id),
      field('new-limit', 'Tokens a month; empty: the default', limit),
      ...[field('new-zone', 'Time zone of its hours, days and months', zone), zones],
      field('new-preset', 'Made for', preset),
      h(
        'div',
        { class: 'tool' },
        observe,
        h('label', { for: 'new-observe' }, 'Only observe at first: deny nothing'),
      ),
    ],
    ...{ confirm: 'Create', reason: 'Reason, for the audit' },
    act: async (reason) => {
      const policy = {
        ...(limit.value.trim() !== '' && { monthlyLimit: amountIn(limit.value, false) }),
        ...(zone.value.trim() !== '' && { timeZone: zone.value.trim() }),
        ...(observe.checked && { mode: 'MODE_OBSERVE' }),
      };
      const request = { budgetId: id.value.trim(), policy, preset: preset.value, reason };
      const { warnings = [] } = await api.call<FoundBudget>('CreateBudget', request);
      const told = warnings.length === 0 ? '' : ` Its policy has warnings: ${warnings[0]?.message}.`;
      return `${request.budgetId} is created.${told}`;
    },
  });
  if (done) location.hash = addressOf(budgetPath(id.value.trim()));
}

const TEXT = { type: 'text', autocomplete: 'off', spellcheck: 'false' } as const;

/** Older browsers do not list them. */
function zonesKnown(): string[] {
  return typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
}

function field(name: string, text: string, input: HTMLElement): HTMLElement {
  return h('div', { class: 'field plain' }, h('label', { for: name }, text), input);
}
