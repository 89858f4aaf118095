import type { LiveData } from '../src/http/dashboard/page-data.js';
import { addressOf, budgetPath } from './address.js';
import { fill, h } from './dom.js';

export interface ButtonActs {
  readonly pause: () => Promise<unknown>;
  readonly resume: () => Promise<unknown>;
  readonly topUp: () => Promise<unknown>;
  readonly ask: () => void;
}

/** What can be done with a budget. What its reader may not do is not offered. */
export class BudgetButtons {
  readonly element = h('div', { class: 'buttons' });
  private shown = '';

  constructor(
    private readonly budgetId: string,
    private readonly acts: ButtonActs,
  ) {}

  update({ mayOperate, pause }: LiveData): void {
    const wanted = mayOperate ? `${pause === undefined}` : 'none';
    if (this.shown === wanted) return;
    this.shown = wanted;
    const hadFocus = this.element.contains(document.activeElement);
    const { acts } = this;
    const ask = button('Ask as an AI …', acts.ask);
    const stop = pause === undefined ? button('Pause', acts.pause) : button('Resume', acts.resume);
    const change = h(
      'a',
      { class: 'button', href: addressOf(budgetPath(this.budgetId, 'policy')) },
      'Change policy',
    );
    fill(this.element, ...(mayOperate ? [stop, button('Top up', acts.topUp), change] : []), ask);
    if (hadFocus) this.element.querySelector('button')?.focus();
  }

  clear(): void {
    fill(this.element);
  }
}

function button(text: string, act: () => unknown): HTMLElement {
  return h('button', { type: 'button', onclick: () => void act() }, text);
}
