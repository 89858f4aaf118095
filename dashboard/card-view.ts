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
  private absent: 'store' | 'service' | undefined;
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

  /** What does not answer, so that these are figures of before. */
  setAway(absent: 'store' | 'service' | undefined): void {
    this.element.classList.toggle('stale', absent !== undefined);
    this.absent = absent;
    this.putHeadline();
  }

  private putHeadline(): void {
    if (this.card === undefined) return;
    const { card, absent } = this;
    const since = new ZoneTimes(card.zone).time(card.at);
    const away =
      absent === undefined ? undefined : `The ${absent} does not answer: the figures are of ${since}.`;
    this.headline.update(card, away);
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
