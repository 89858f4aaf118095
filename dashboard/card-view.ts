import type { BudgetCard, WindowData } from '../src/http/dashboard/page-data.js';
import { fill, h } from './dom.js';
import { Amounts, ZoneTimes } from './format.js';
import { HeadlineView } from './headline.js';
import { Meter } from './meter.js';
import { exhaustionText, paceText, pills, projectionText } from './pills.js';

const KINDS = ['MONTH', 'DAY', 'HOUR'] as const;

/** One budget in the list of all. */
export class CardView {
  readonly element: HTMLElement;
  card: BudgetCard | undefined;
  private isStale = false;
  private readonly headline = new HeadlineView();
  private readonly status = h('div');
  private readonly facts = h('dl', { class: 'facts' });
  private readonly meters = new Map<WindowData['kind'], Meter>(KINDS.map((kind) => [kind, new Meter(kind)]));

  constructor(readonly budgetId: string) {
    const name = h('h2', {}, h('a', { href: `#/budgets/${budgetId}` }, budgetId));
    const meters = [...this.meters.values()].map(({ element }) => element);
    const head = h('div', { class: 'card-head' }, name, this.headline.element, this.status);
    this.element = h('li', { class: 'card' }, head, h('div', { class: 'meters' }, ...meters), this.facts);
  }

  update(card: BudgetCard): void {
    this.card = card;
    this.putHeadline();
    fill(this.status, pills(card));
    const amounts = new Amounts(card.unit);
    putMeters(this.meters, card, amounts);
    fill(this.facts, ...factsOf(card, amounts));
  }

  setStale(stale: boolean): void {
    this.element.classList.toggle('stale', stale);
    this.isStale = stale;
    this.putHeadline();
  }

  private putHeadline(): void {
    if (this.card === undefined) return;
    const since = new ZoneTimes(this.card.zone).time(this.card.at);
    const away = this.isStale ? `The store does not answer: the figures are of ${since}.` : undefined;
    this.headline.update(this.card, away);
  }
}

export function putMeters(
  meters: ReadonlyMap<WindowData['kind'], Meter>,
  { windows, evenTokens }: BudgetCard,
  amounts: Amounts,
): void {
  for (const window of windows)
    meters.get(window.kind)?.update(window, amounts, window.kind === 'MONTH' ? evenTokens : undefined);
}

/** What the month comes to if it goes on like this, and who is at work. */
export function factsOf(card: BudgetCard, amounts: Amounts): HTMLElement[] {
  const times = new ZoneTimes(card.zone);
  const { liveSlots, maxConcurrent, waiters, paceTokensPerHour } = card;
  return [
    ...fact('Pace', paceText(card, amounts)),
    ...fact('To land on the limit', `${amounts.told(paceTokensPerHour)} an hour`),
    ...fact('Projected month', projectionText(card, amounts)),
    ...fact('Used up', exhaustionText(card, times)),
    ...fact('Live slots', `${liveSlots} of ${maxConcurrent}${waiters > 0 ? `, ${waiters} waiting` : ''}`),
  ];
}

function fact(name: string, value: string): HTMLElement[] {
  return [h('div', {}, h('dt', {}, name), h('dd', {}, value))];
}
