import type { Page } from 'playwright-core';
import { axeProblems } from './axe.js';

/** What a reader with a screen reader, a keyboard or weak eyes would stumble over. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  return [
    ...(await structureProblems(page)),
    ...(await contrastProblems(page)),
    ...(await axeProblems(page)),
  ];
}

/** Names of controls, ids, headings, captions, and the width of the page. */
function structureProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const isShown = (element: Element) => element.checkVisibility({ visibilityProperty: true });
    const nameOf = (element: Element): string => {
      const labelled = element.getAttribute('aria-labelledby');
      const labels = (element as HTMLInputElement).labels;
      return [
        element.getAttribute('aria-label'),
        labelled && document.getElementById(labelled)?.textContent,
        labels && [...labels].map((label) => label.textContent).join(''),
        element.textContent,
        element.getAttribute('title'),
      ].find((text) => text?.trim()) as string;
    };
    for (const element of document.querySelectorAll(
      'a,button,input,select,textarea,summary,[tabindex="0"],dialog',
    )) {
      if (isShown(element) && !nameOf(element)) problems.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    for (const id of new Set(ids.filter((one, at) => ids.indexOf(one) !== at)))
      problems.push(`id twice: ${id}`);
    if (document.querySelectorAll('h1').length !== 1) problems.push('not one h1');
    let level = 0;
    for (const heading of document.querySelectorAll('h1,h2,h3,h4')) {
      const own = Number(heading.tagName.slice(1));
      if (level > 0 && own > level + 1) problems.push(`heading skips a level: ${heading.textContent}`);
      level = own;
    }
    for (const table of document.querySelectorAll('table')) {
      if (!table.caption) problems.push('a table without a caption');
    }
    if (!document.documentElement.lang || !document.title) problems.push('no language or title');
    if (document.documentElement.scrollWidth > innerWidth) {
      problems.push(`wider than the screen: ${document.documentElement.scrollWidth} > ${innerWidth}`);
    }
    return problems;
  });
}

/** Texts against what is behind them: AA. */
function contrastProblems(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const isShown = (element: Element) => element.checkVisibility({ visibilityProperty: true });
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = (text: string): number[] => {
      if (!canvas) return [0, 0, 0, 0];
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (color: number[]) => {
      const [r = 0, g = 0, b = 0] = color.slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const groundOf = (element: Element | null): number[] => {
      for (let at = element; at !== null; at = at.parentElement) {
        const ground = rgba(getComputedStyle(at).backgroundColor);
        if ((ground[3] ?? 0) > 250) return ground;
      }
      return rgba('Canvas');
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const told = new Set<string>();
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!element || !node.textContent?.trim() || !isShown(element)) continue;
      if (element.closest('.unseen, .skip, :disabled, noscript')) continue;
      const style = getComputedStyle(element);
      const [light, dark] = [luminance(rgba(style.color)), luminance(groundOf(element))].sort(
        (a, b) => b - a,
      );
      const ratio = ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
      const large = Number.parseFloat(style.fontSize) >= 24;
      const key = `${element.tagName}.${element.className}`;
      if (ratio >= (large ? 3 : 4.5) || told.has(key)) continue;
      told.add(key);
      problems.push(`contrast ${ratio.toFixed(2)}: ${key} ${node.textContent.trim().slice(0, 40)}`);
    }
    return problems;
  });
}
