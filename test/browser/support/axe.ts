import type { AxeResults } from 'axe-core';
import axe from 'axe-core';
import type { Page } from 'playwright-core';

declare global {
  interface Window {
    readonly axe: typeof axe;
  }
}

/** The rules of WCAG 2.2 up to AA, and what its authors call best practice. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds on a page as it stands, one line for each rule that is broken. */
export async function axeProblems(page: Page): Promise<string[]> {
  // What has scrolled under the header is no smaller for it.
  await page.evaluate(() => scrollTo(0, 0));
  // By the debugger, since the page's own policy rightly keeps foreign scripts out.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults, string[]>(
    (values) => window.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] }),
    TAGS,
  );
  return violations.map(({ id, help, nodes }) => {
    const shown = nodes
      .slice(0, 3)
      .map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`);
    return `${id}: ${help} (${nodes.length})\n${shown.join('\n')}`;
  });
}
