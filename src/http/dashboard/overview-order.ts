import type { BudgetCard, OverviewOrder, WindowData } from './page-data.js';

/** Whoever is refused comes before what an operator paused on purpose. */
const HEADLINES = ['REFUSING', 'PAUSED', 'FULL', 'ENDING', 'UNEVEN', 'OK'];
const STATUSES = ['EMERGENCY', 'CRITICAL', 'WARNING', 'NORMAL'];

/** By id where all else is equal, so that budgets keep their places. */
export function inOrder(cards: readonly BudgetCard[], order: OverviewOrder): BudgetCard[] {
  return [...cards].sort((a, b) => COMPARE[order](a, b) || (a.budgetId < b.budgetId ? -1 : 1));
}

const COMPARE: Readonly<Record<OverviewOrder, (a: BudgetCard, b: BudgetCard) => number>> = {
  name: () => 0,
  worst: (a, b) =>
    HEADLINES.indexOf(a.headline.status) - HEADLINES.indexOf(b.headline.status) ||
    STATUSES.indexOf(a.status) - STATUSES.indexOf(b.status) ||
    b.openAlerts - a.openAlerts ||
    shareOf(b, 'MONTH') - shareOf(a, 'MONTH'),
  month: (a, b) => shareOf(b, 'MONTH') - shareOf(a, 'MONTH'),
  day: (a, b) => shareOf(b, 'DAY') - shareOf(a, 'DAY'),
  hour: (a, b) => shareOf(b, 'HOUR') - shareOf(a, 'HOUR'),
};

function shareOf({ windows }: BudgetCard, kind: WindowData['kind']): number {
  const window = windows.find((each) => each.kind === kind);
  return window === undefined || window.cap === 0 ? 0 : (window.spent + window.reserved) / window.cap;
}
