import type { BudgetCard, HeadlineData } from '../src/http/dashboard/page-data.js';
import { h, setText } from './dom.js';

const SIGNS: Readonly<Record<HeadlineData['status'], string>> = {
  OK: '●',
  UNEVEN: '◆',
  ENDING: '▲',
  FULL: '■',
  REFUSING: '■',
  PAUSED: '❚❚',
};

/** How a budget stands, in words; colour and sign only repeat them. */
export class HeadlineView {
  readonly element = h('p', { class: 'headline' });
  private readonly sign = h('span', { 'aria-hidden': 'true', class: 'sign' });
  private readonly text = h('span', {});
  private readonly observed = h('span', { class: 'observed' });

  constructor() {
    this.element.append(this.sign, this.text, this.observed);
  }

  /** `away`: why what is known is not of now. */
  update({ headline }: Pick<BudgetCard, 'headline'>, away?: string): void {
    const { status, text, observed = '' } = headline;
    this.element.className = `headline ${away === undefined ? status.toLowerCase() : 'away'}`;
    setText(this.sign, away === undefined ? SIGNS[status] : '?');
    setText(this.text, away === undefined ? text : `${away} Last known: ${text}`);
    setText(this.observed, observed);
  }
}

/** In a line of a table. */
export function headlineCell(card: BudgetCard): HTMLElement {
  const view = new HeadlineView();
  view.update(card);
  return view.element;
}
