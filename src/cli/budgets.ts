import { Budget, HeadlineStatus, Window } from '../gen/budgetarbiter/v1/budget.js';
import { allBudgets, asking, jsonLine, statsOf } from './asked-service.js';
import type { ConnectionOptions } from './connect.js';
import { headlineStyle, headlineText } from './headline.js';
import type { Run } from './output.js';
import { type BudgetStanding, stateOf, windowOf } from './standings.js';
import { fitted, harmless, type Paint, paintOf, share, table } from './text.js';

/** `budget-arbiter budgets`: every budget in a line, the worst first. */
export async function printBudgets(
  run: Run,
  options: ConnectionOptions & { readonly json?: true },
): Promise<void> {
  await asking(run, options, async (service) => {
    const standings: BudgetStanding[] = [];
    for (const budget of await allBudgets(service))
      standings.push({ budget, stats: await statsOf(service, budget.budgetId) });
    const sorted = worstFirst(standings);
    const { out } = run.output;
    if (options.json) for (const { budget } of sorted) out(jsonLine('Budget', Budget, budget));
    else out(budgetsTable(sorted, paintOf(run)));
  });
}

/** By what the headline says, then by what is used of the month. */
export function worstFirst(standings: readonly BudgetStanding[]): BudgetStanding[] {
  const rank = ({ stats }: BudgetStanding) =>
    stats.headline?.status ?? HeadlineStatus.HEADLINE_STATUS_UNSPECIFIED;
  const usedOf = ({ stats }: BudgetStanding) => {
    const month = windowOf(stats, Window.WINDOW_MONTH);
    return month === undefined ? 0 : month.spentTokens / Math.max(1, month.capTokens);
  };
  return standings.toSorted((a, b) => rank(b) - rank(a) || usedOf(b) - usedOf(a));
}

const MOST_OF_A_NAME = 24;
const MOST_OF_A_HEADLINE = 34;

export function budgetsTable(standings: readonly BudgetStanding[], paint: Paint): string {
  if (standings.length === 0) return 'there are no budgets; CreateBudget makes one\n';
  const rows = standings.map(({ budget, stats }) => {
    const month = windowOf(stats, Window.WINDOW_MONTH);
    const { activeRequests = 0, maxConcurrentRequests = 0 } = stats.rateLimitingStatus ?? {};
    const text = headlineText(stats.headline) ?? stateOf(budget, month);
    return [
      fitted(harmless(budget.budgetId), MOST_OF_A_NAME).trimEnd(),
      fitted(text, MOST_OF_A_HEADLINE).trimEnd(),
      month === undefined ? '-' : share(month.spentTokens + month.reservedTokens, month.capTokens),
      `${activeRequests}/${maxConcurrentRequests}`,
    ];
  });
  const [head = '', ...lines] = table([['BUDGET', 'HOW IT STANDS', 'MONTH', 'SLOTS'], ...rows]).split('\n');
  const painted = lines.map((line, at) => {
    const headline = standings[at]?.stats.headline;
    return headline === undefined ? line : paint(line, headlineStyle(headline));
  });
  return [paint(head, 'dim'), ...painted].join('\n');
}
