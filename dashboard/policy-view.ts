import type { DoneData, FormField, PolicyData, PreviewData } from '../src/http/dashboard/page-data.js';
import { ApiError, messageOf } from './api.js';
import { ask, notice } from './dialog.js';
import { fill, h, setText } from './dom.js';
import { fieldText, fieldValue } from './policy-fields.js';
import { previewBody, warningList } from './policy-preview.js';
import type { PageContext, View } from './view.js';

type Input = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** The policy of one budget, to be looked at and changed. */
export class PolicyView implements View {
  readonly title: string;
  readonly element: HTMLElement;
  private readonly form = h('form', { class: 'policy', novalidate: true });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  private readonly inputs = new Map<string, { readonly field: FormField; readonly input: Input }>();
  private data: PolicyData | undefined;

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

  private async load(): Promise<void> {
    try {
      this.data = await this.context.api.get<PolicyData>('policy', { budget_id: this.budgetId });
      this.putForm(this.data);
    } catch (error) {
      fill(this.form, h('p', { class: 'problem', role: 'alert' }, messageOf(error)));
    }
  }

  private putForm({ policy, defaults, warnings, groups: fieldGroups }: PolicyData): void {
    this.inputs.clear();
    const groups = fieldGroups.map(({ title, fields }) =>
      h(
        'fieldset',
        { class: 'panel' },
        h('legend', {}, title),
        h(
          'div',
          { class: 'fields' },
          ...fields.map((field) => this.row(field, policy[field.name], defaults[field.name])),
        ),
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
      ...groups,
      this.problem,
      h(
        'div',
        { class: 'buttons' },
        h('button', { type: 'submit', class: 'primary' }, 'Review the change …'),
        h('button', { type: 'button', class: 'quiet', onclick: () => void this.load() }, 'Start again'),
      ),
    );
  }

  private row(field: FormField, value: unknown, fallback: unknown): HTMLElement {
    const { name, kind, help } = field;
    const id = `policy-${name}`;
    const input = inputFor(field, id, fieldText(kind, value), fieldText(kind, fallback));
    this.inputs.set(name, { field, input });
    return h(
      'div',
      { class: 'field' },
      h('label', { for: id }, name),
      input,
      h('p', { class: 'help', id: `${id}-help` }, help),
      h('p', { class: 'problem', id: `${id}-problem` }),
    );
  }

  private policy(): Record<string, unknown> {
    const values = [...this.inputs].map(
      ([name, { field, input }]) => [name, fieldValue(field.kind, input.value)] as const,
    );
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }

  private async review(): Promise<void> {
    if (this.data === undefined) return;
    this.clearProblems();
    const change = { budget_id: this.budgetId, etag: this.data.etag, policy: this.policy() };
    try {
      const preview = await this.context.api.post<PreviewData>('policy-preview', change);
      if (preview.same) {
        notice('Nothing is different from the policy in force.');
        return;
      }
      const done = await ask({
        title: `Change the policy of ${this.budgetId}?`,
        body: previewBody(preview),
        confirm: 'Apply',
        act: async () => (await this.context.api.post<DoneData>('put-policy', change)).message,
      });
      if (done) location.hash = `#/budgets/${this.budgetId}`;
    } catch (error) {
      this.tell(error);
    }
  }

  private tell(error: unknown): void {
    setText(this.problem, messageOf(error));
    const name = error instanceof ApiError ? error.field?.split(/[.[]/)[0] : undefined;
    const wrong = name === undefined ? undefined : this.inputs.get(name);
    if (name === undefined || wrong === undefined) return;
    wrong.input.setAttribute('aria-invalid', 'true');
    const place = this.form.querySelector(`#policy-${name}-problem`);
    if (place !== null) setText(place, messageOf(error));
    wrong.input.focus();
  }

  private clearProblems(): void {
    for (const place of this.form.querySelectorAll('.problem')) setText(place, '');
    for (const { input } of this.inputs.values()) input.removeAttribute('aria-invalid');
  }
}

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
  if (kind === 'shares-by-ai' || kind === 'weights' || kind === 'weights-by-model') {
    const rows = kind === 'weights' ? 6 : 3;
    const area = h('textarea', { ...common, rows, placeholder: fallback || 'none', spellcheck: 'false' });
    area.value = value;
    return area;
  }
  const isNumber = kind === 'tokens' || kind === 'slots' || kind === 'share' || kind === 'percent';
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
