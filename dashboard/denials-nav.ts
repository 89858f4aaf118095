import { type DenialRange, type DenialRangeName, rangeName, rangeNamed, stepped } from './denial-range.js';
import { h } from './dom.js';

const NAMES: readonly (readonly [DenialRangeName, string])[] = [
  ['latest', 'last 24 hours'],
  ['day', 'a day'],
  ['week', '7 days'],
];

export interface DenialsNavOptions {
  /** By the service's clock, in UTC. */
  readonly today: () => string;
  readonly shown: () => DenialRange;
  readonly go: (to: DenialRange) => void;
}

/** Of which days denials are shown, and the way to those before. */
export class DenialsNav {
  readonly element: HTMLElement;
  private readonly name = h(
    'select',
    { id: 'denials-range', 'aria-label': 'Refused when' },
    ...NAMES.map(([value, text]) => h('option', { value }, text)),
  );
  private readonly before = this.stepButton(-1, '‹', 'Refused before that');
  private readonly after = this.stepButton(1, '›', 'Refused after that');

  constructor(private readonly options: DenialsNavOptions) {
    const { go, shown, today } = options;
    this.name.addEventListener('change', () => {
      const name = NAMES.find(([each]) => each === this.name.value)?.[0] ?? 'latest';
      go(rangeNamed(name, shown(), today()));
    });
    this.element = h('div', { class: 'nav' }, this.before, this.name, this.after);
  }

  update(): void {
    this.name.value = rangeName(this.options.shown());
    // Not disabled: whoever has stepped to the end by the keyboard keeps the focus.
    this.before.ariaDisabled = String(this.step(-1) === undefined);
    this.after.ariaDisabled = String(this.step(1) === undefined);
  }

  private step(by: -1 | 1): ReturnType<typeof stepped> {
    const { shown, today } = this.options;
    return stepped(shown(), by, today());
  }

  private stepButton(by: -1 | 1, text: string, label: string): HTMLButtonElement {
    const onclick = () => {
      const next = this.step(by);
      if (next !== undefined) this.options.go(next.to);
    };
    return h('button', { type: 'button', class: 'quiet', 'aria-label': label, onclick }, text);
  }
}
