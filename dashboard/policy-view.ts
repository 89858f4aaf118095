import type { FormField, PolicyFormData } from '../src/http/dashboard/page-data.js';
import { ApiError, messageOf } from './api.js';
import { type BudgetJson, type FoundBudget, jsonName } from './api-json.js';
import { fill, h, setText } from './dom.js';
import { askForChange } from './policy-change.js';
import { fieldText, fieldValue, shownValue } from './policy-fields.js';
import { presetName, warningList } from './policy-preview.js';
import type { PageContext, View } from './view.js';

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** A field on the page, and the text that it had at first. */
interface Shown {
  readonly field: FormField;
  readonly input: Input;
  readonly given: string;
}

/** Where unset fields take their defaults from, and what that was at first. */
interface Preset {
  readonly select: HTMLSelectElement;
  readonly given: string;
}

/** The policy of one budget, to be looked at and changed. */
export class PolicyView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly form = h('form', { class: 'policy', novalidate: true });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly inputs = new Map<string, Shown>();
  private fields: readonly FormField[] = [];
  private preset: Preset | undefined;
  private etag: string | undefined;

  constructor(
    private readonly context: PageContext,
    private readonly budgetId: string,
  ) {
    this.title = `Policy of ${budgetId}`;
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.review();
    });
    this.element = h(
      'div',
      {},
      h('p', { class: 'crumb' }, h('a', { href: `#/budgets/${budgetId}` }, `‹ ${budgetId}`)),
      h('h1', { tabindex: -1 }, this.title),
      h(
        'p',
        { class: 'note' },
        'An empty field follows the default, which stands in it. Nothing changes before you have confirmed it.',
      ),
      this.form,
    );
    void this.load();
  }

  close(): void {}

  /** What is typed meanwhile would be lost: there is nothing to type into. */
  private async load(): Promise<void> {
    fill(this.form, h('p', { class: 'loading' }, 'Loading …'));
    try {
      const { api } = this.context;
      const [form, found] = await Promise.all([
        api.get<PolicyFormData>('policy-form'),
        api.call<FoundBudget>('GetBudget', { budgetId: this.budgetId }),
      ]);
      this.fields = form.fields;
      this.etag = found.budget.etag;
      this.putForm(form, found);
    } catch (error) {
      fill(this.form, h('p', { class: 'problem', role: 'alert' }, messageOf(error)));
    }
  }

  private putForm(form: PolicyFormData, { budget, warnings = [] }: FoundBudget): void {
    const { groups, fields } = form;
    this.inputs.clear();
    const rowsOf = (group: string) =>
      fields.filter((field) => field.group === group).map((field) => this.row(field, budget));
    const fieldsets = groups.map((group) =>
      h(
        'fieldset',
        { class: 'panel' },
        h('legend', {}, group),
        h('div', { class: 'fields' }, ...rowsOf(group)),
      ),
    );
    fill(
      this.form,
      warnings.length > 0 &&
        h(
          'section',
          { class: 'panel' },
          h('h2', {}, 'Warnings of the policy in force'),
          warningList(warnings),
        ),
      this.presetChoice(form.presets, presetName(budget)),
      ...fieldsets,
      this.problem,
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'submit', class: 'primary' }, 'Review the change …'),
        h('button', { type: 'button', class: 'quiet', onclick: () => this.startAgain() }, 'Start again'),
      ),
    );
  }

  private startAgain(): void {
    this.element.querySelector('h1')?.focus();
    void this.load();
  }

  private presetChoice(names: readonly string[], given: string): HTMLElement {
    const options = names.map((name) => h('option', { value: name }, name));
    const select = h('select', { id: 'policy-preset', 'aria-describedby': 'policy-preset-help' }, ...options);
    select.value = given;
    this.preset = { select, given };
    return h(
      'fieldset',
      { class: 'panel' },
      h('legend', {}, 'Defaults'),
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'policy-preset' }, 'preset'),
        select,
        h(
          'p',
          { class: 'help', id: 'policy-preset-help' },
          'what empty fields follow: WORK_SESSIONS for AIs that work for minutes, CALLS for a slot for each LLM call',
        ),
      ),
    );
  }

  private row(field: FormField, { policy, presetPolicy, effectivePolicy = {} }: BudgetJson): HTMLElement {
    const { name, help, limits } = field;
    const key = jsonName(name);
    const value = policy?.[key];
    const fallback = presetPolicy?.[key] ?? field.default;
    const unit = String(effectivePolicy['unit'] ?? 'tokens');
    const isMoney = field.kind === 'tokens' && unit !== 'tokens';
    const money = isMoney
      ? `millionths of ${unit}, now ${shownValue(field, effectivePolicy[key], unit)}`
      : '';
    const more = [limits, money].filter((text) => text !== '').join('; ');
    const id = `policy-${name}`;
    const input = inputFor(field, id, fieldText(field, value), fieldText(field, fallback));
    this.inputs.set(name, { field, input, given: input.value });
    return h(
      'div',
      { class: 'field' },
      h('label', { for: id }, name),
      input,
      h('p', { class: 'help', id: `${id}-help` }, more === '' ? help : `${help} (${more})`),
      h('p', { class: 'problem', id: `${id}-problem` }),
    );
  }

  /** What the form was given goes back as it is; what has been emptied follows the default. */
  private changes(): object {
    const changed = [...this.inputs].filter(([, { input, given }]) => input.value !== given);
    const { preset } = this;
    const chosen =
      preset === undefined || preset.select.value === preset.given ? undefined : preset.select.value;
    return {
      ...(chosen !== undefined && { preset: `PRESET_${chosen}` }),
      ...(changed.length > 0 && this.changedFields(changed)),
    };
  }

  private changedFields(changed: readonly (readonly [string, Shown])[]): object {
    return {
      policy: Object.fromEntries(
        changed.map(([name, { field, input }]) => [name, fieldValue(field, input.value)]),
      ),
      updateMask: changed.map(([name]) => jsonName(name)).join(','),
    };
  }

  private async review(): Promise<void> {
    if (this.etag === undefined) return;
    this.clearProblems();
    const { budgetId, etag } = this;
    try {
      const done = await askForChange(this.context.api, { budgetId, etag, ...this.changes() }, this.fields);
      if (done) location.hash = `#/budgets/${budgetId}`;
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    setText(this.problem, messageOf(error));
    const violations = error instanceof ApiError ? error.violations : [];
    // The first that is wrong is where to go on.
    for (const { field, description } of violations.toReversed()) {
      const [, name = ''] = /^policy\.(\w+)/.exec(field) ?? [];
      const wrong = this.inputs.get(name);
      if (wrong === undefined) continue;
      wrong.input.setAttribute('aria-invalid', 'true');
      const place = this.form.querySelector(`#policy-${name}-problem`);
      if (place !== null) setText(place, `${field.replace('policy.', '')}: ${description}`);
      wrong.input.focus();
    }
  }

  private clearProblems(): void {
    for (const place of this.form.querySelectorAll('.problem')) setText(place, '');
    for (const { input } of this.inputs.values()) input.removeAttribute('aria-invalid');
  }
}

/** Kinds of fields with an entry a line. */
const HAS_LINES: ReadonlySet<FormField['kind']> = new Set([
  'shares-by-ai',
  'weights',
  'weights-by-model',
  'teams',
  'limits-by-model',
]);

function inputFor({ kind, values = [] }: FormField, id: string, value: string, fallback: string): Input {
  const common = { id, 'aria-describedby': `${id}-help ${id}-problem` };
  if (kind === 'choice') {
    const options = [
      h('option', { value: '' }, `${fallback} (default)`),
      ...values.map((choice) => h('option', { value: choice }, choice)),
    ];
    const select = h('select', common, ...options);
    select.value = value;
    return select;
  }
  if (HAS_LINES.has(kind)) {
    const rows = kind === 'weights' ? 6 : 3;
    const area = h('textarea', { ...common, rows, placeholder: fallback || 'none', spellcheck: 'false' });
    area.value = value;
    return area;
  }
  const isNumber = kind === 'tokens' || kind === 'count' || kind === 'share' || kind === 'percent';
  const input = h('input', {
    ...common,
    type: 'text',
    placeholder: fallback || 'none',
    autocomplete: 'off',
    ...(isNumber && { inputmode: 'decimal' }),
  });
  input.value = value;
  return input;
}
