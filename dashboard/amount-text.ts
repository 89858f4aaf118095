import { h } from './dom.js';
import type { Amounts } from './format.js';

/** An amount as people write it, with all of its digits for whoever points at it. */
export function amountText(amounts: Amounts, amount: number | undefined): Node | string {
  const [text, exact] = [amounts.text(amount), amounts.exact(amount)];
  return text === exact ? text : h('span', { class: 'about', title: exact }, text);
}

/** A sentence of amounts, likewise: `told` writes it with the one or the other. */
export function putAmounts(
  element: HTMLElement,
  told: (text: (amount: number) => string) => string,
  amounts: Amounts,
): void {
  const text = told((amount) => amounts.text(amount));
  const exact = told((amount) => amounts.exact(amount));
  if (element.textContent !== text) element.textContent = text;
  if (text === exact) element.removeAttribute('title');
  else element.title = exact;
}
