type Listener = (event: Event) => void;
type Property = string | number | boolean | Listener | undefined;
export type Child = Node | string | undefined | false;

/**
 * Makes an element. Texts become text nodes: no name that an AI gave itself can become markup. There is no `style`: the page's
 * policy refuses it as an attribute.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Readonly<Record<string, Property>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...present(children));
  return element;
}

/** Replaces what is in an element. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...present(children));
}

function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child): child is Node | string => child !== undefined && child !== false);
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

/** Only if it differs: a screen reader would else read it again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** For those who see the page by ear. */
export function hidden(text: string): HTMLElement {
  return h('span', { class: 'unseen' }, text);
}

/** A share as a width, which the policy of the page forbids as an attribute. */
export function setShare(element: HTMLElement, share: number): void {
  element.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
}
