import { aboutInUnit, shortInUnit } from '../domain/model/unit.js';
import { type Budget, Window, type WindowStatus } from '../gen/budgetarbiter/v1/budget.js';
import { type DistributionStats, SpreadGrade } from '../gen/budgetarbiter/v1/budget_service.js';
import { allBudgets, asking, oneBudget, statsOf } from './asked-service.js';
import type { ConnectionOptions, Service } from './connect.js';
import { headlineJson, headlineStyle, headlines } from './headline.js';
import type { Run } from './output.js';
import { type BudgetStanding, stateOf, windowOf } from './standings.js';
import { amount, fitted, type Paint, PLAIN, paintOf, share, table } from './text.js';

/** Terminals are at least so wide. */
const WIDTH = 80;
const SHORTEST_NAME = 8;

/** Prints a line for each budget, or for those that are named. */
export async function printStatus(
  run: Run,
  budgetIds: readonly string[],
  options: ConnectionOptions & { readonly json?: true },
): Promise<void> {
  await asking(run, options, async (service) => {
    const budgets = await (budgetIds.length > 0 ? namedBudgets(service, budgetIds) : allBudgets(service));
    const standings: BudgetStanding[] = [];
    for (const budget of budgets) standings.push({ budget, stats: await statsOf(service, budget.budgetId) });
    const paint = paintOf(run);
    const text = () => headlines(standings, paint) + statusTable(standings, paint);
    run.output.out(options.json ? statusJson(standings) : text());
  });
}

const HEAD = ['BUDGET', 'STATE', 'MONTH', '', 'DAY', 'HOUR', 'SLOTS', 'CALLS', 'SPREAD'];

/** It fits a terminal: long names are cut off, and amounts are short; `--json` has all of it. */
export function statusTable(standings: readonly BudgetStanding[], paint: Paint = PLAIN): string {
  if (standings.length === 0) return 'there are no budgets\n';
  const rows = [HEAD, ...standings.map(row)];
  const [head = '', ...lines] = within(rows).split('\n');
  const painted = lines.map((line, at) => {
    const headline = standings[at]?.stats.headline;
    return headline === undefined ? line : paint(line, headlineStyle(headline));
  });
  return [paint(head, 'dim'), ...painted].join('\n') + teamTable(standings);
}

/** The names give way. */
function within(rows: readonly (readonly string[])[]): string {
  const whole = table(rows);
  const widest = Math.max(...whole.split('\n').map((line) => line.length));
  if (widest <= WIDTH) return whole;
  const names = Math.max(...rows.map(([name = '']) => name.length));
  const width = Math.max(SHORTEST_NAME, names - (widest - WIDTH));
  return table(rows.map(([name = '', ...cells]) => [fitted(name, width), ...cells]));
}

/** What teams used of the month; nothing where no budget has any. */
function teamTable(standings: readonly BudgetStanding[]): string {
  const rows = standings.flatMap(({ budget, stats }) =>
    stats.byTeam.map(({ teamId, tokens, calls, failedCalls }) => {
      const ofMonth = share(tokens, stats.monthlyDistribution?.totalTokens ?? 0);
      const used = [aboutInUnit(stats.unit, tokens), ofMonth];
      return [budget.budgetId, teamId, ...used, amount(calls), share(failedCalls, calls)];
    }),
  );
  if (rows.length === 0) return '';
  return `\n${table([['BUDGET', 'TEAM', 'MONTH', '', 'CALLS', 'FAILED'], ...rows])}`;
}

function row({ budget, stats }: BudgetStanding): string[] {
  const [hour, day, month] = [Window.WINDOW_HOUR, Window.WINDOW_DAY, Window.WINDOW_MONTH].map((kind) =>
    windowOf(stats, kind),
  );
  const { activeRequests = 0, maxConcurrentRequests = 0 } = stats.rateLimitingStatus ?? {};
  return [
    ...[budget.budgetId, stateOf(budget, month), used(month, stats.unit)],
    ...[month, day, hour].map(percent),
    `${activeRequests}/${maxConcurrentRequests}`,
    shortInUnit('tokens', stats.calls),
    spreadOf(stats),
  ];
}

function used(window: WindowStatus | undefined, unit: string): string {
  if (window === undefined) return '-';
  const { spentTokens, reservedTokens, capTokens } = window;
  return `${shortInUnit(unit, spentTokens + reservedTokens)}/${shortInUnit(unit, capTokens)}`;
}

function percent(window: WindowStatus | undefined): string {
  return window === undefined ? '-' : share(window.spentTokens + window.reservedTokens, window.capTokens);
}

function spreadOf({ grade, monthlyDistribution }: DistributionStats): string {
  if (grade === SpreadGrade.SPREAD_GRADE_UNSPECIFIED) return '-';
  return `${Math.round(monthlyDistribution?.usageSpreadPercentage ?? 0)}%`;
}

function statusJson(standings: readonly BudgetStanding[]): string {
  return standings
    .map(({ budget, stats }) => {
      const state = stateOf(budget, windowOf(stats, Window.WINDOW_MONTH));
      const windows = stats.windows.map(({ window, ...rest }) => ({ window: Window[window], ...rest }));
      return `${JSON.stringify({ budgetId: budget.budgetId, state, headline: headlineJson(stats.headline), unit: stats.unit, windows, grade: SpreadGrade[stats.grade], forecast: stats.forecast, activeRequests: stats.rateLimitingStatus?.activeRequests ?? 0, calls: stats.calls, failedCalls: stats.failedCalls, byTeam: stats.byTeam })}\n`;
    })
    .join('');
}

async function namedBudgets(service: Service, budgetIds: readonly string[]): Promise<Budget[]> {
  const found: Budget[] = [];
  for (const budgetId of budgetIds) found.push(await oneBudget(service, budgetId));
  return found;
}
