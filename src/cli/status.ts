import { aboutInUnit } from '../domain/model/unit.js';
import { type Budget, Window, type WindowStatus } from '../gen/budgetarbiter/v1/budget.js';
import { type DistributionStats, SpreadGrade } from '../gen/budgetarbiter/v1/budget_service.js';
import { PROCESS_TIME } from '../platform/clock.js';
import { type ConnectionOptions, connect, type Service } from './connect.js';
import { headlineJson, headlines } from './headline.js';
import type { Run } from './output.js';
import { amount, share, table } from './text.js';

const PAGE = 1_000;

export interface BudgetStanding {
  readonly budget: Budget;
  readonly stats: DistributionStats;
}

/** Prints a line for each budget, or for those that are named. */
export async function printStatus(
  { environment, output }: Run,
  budgetIds: readonly string[],
  options: ConnectionOptions & { readonly json?: true },
): Promise<void> {
  const service = connect(options, environment, PROCESS_TIME.wall);
  try {
    const budgets = await (budgetIds.length > 0 ? namedBudgets(service, budgetIds) : allBudgets(service));
    const standings: BudgetStanding[] = [];
    for (const budget of budgets) standings.push({ budget, stats: await statsOf(service, budget.budgetId) });
    output.out(options.json ? statusJson(standings) : headlines(standings) + statusTable(standings));
  } finally {
    service.close();
  }
}

export function statusTable(standings: readonly BudgetStanding[]): string {
  if (standings.length === 0) return 'there are no budgets\n';
  const head = [
    'BUDGET',
    'STATE',
    'MONTH',
    '',
    'DAY',
    '',
    'HOUR',
    '',
    'SLOTS',
    'CALLS',
    'FAILED',
    'SPREAD',
    'PROJECTED',
    'EXHAUSTED',
  ];
  return table([head, ...standings.map(row)]) + teamTable(standings);
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
  const { projectedMonthTokens, exhaustedAt } = stats.forecast ?? {};
  return [
    ...[budget.budgetId, stateOf(budget, month)],
    ...[month, day, hour].flatMap((window) => used(window, stats.unit)),
    `${activeRequests}/${maxConcurrentRequests}`,
    ...[amount(stats.calls), share(stats.failedCalls, stats.calls)],
    gradeOf(stats),
    projectedMonthTokens === undefined ? '-' : aboutInUnit(stats.unit, projectedMonthTokens),
    exhaustedAt?.toISOString().slice(0, 10) ?? '-',
  ];
}

function used(window: WindowStatus | undefined, unit: string): [string, string] {
  if (window === undefined) return ['-', ''];
  const { spentTokens, reservedTokens, capTokens } = window;
  const held = spentTokens + reservedTokens;
  return [`${aboutInUnit(unit, held)}/${aboutInUnit(unit, capTokens)}`, share(held, capTokens)];
}

/** One word for the worst that holds. */
export function stateOf({ pause, effectivePolicy }: Budget, month: WindowStatus | undefined): string {
  const percent = month === undefined ? 0 : (month.spentTokens / Math.max(1, month.capTokens)) * 100;
  const { emergencyPercent = 100, criticalPercent = 100, warningPercent = 100 } = effectivePolicy ?? {};
  if (pause !== undefined) return 'paused';
  if (emergencyPercent < 100 && percent >= emergencyPercent) return 'emergency';
  if (percent >= criticalPercent) return 'critical';
  return percent >= warningPercent ? 'warning' : 'normal';
}

function gradeOf({ grade, monthlyDistribution }: DistributionStats): string {
  if (grade === SpreadGrade.SPREAD_GRADE_UNSPECIFIED) return '-';
  const name = SpreadGrade[grade].replace('SPREAD_GRADE_', '').toLowerCase();
  return `${name} ${Math.round(monthlyDistribution?.usageSpreadPercentage ?? 0)}%`;
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

export function windowOf(
  { windows }: Pick<DistributionStats, 'windows'>,
  kind: Window,
): WindowStatus | undefined {
  return windows.find(({ window }) => window === kind);
}

async function allBudgets({ admin, call }: Service): Promise<Budget[]> {
  const found: Budget[] = [];
  for (let pageToken = ''; ; ) {
    const page = await call(admin.listBudgets.bind(admin), { pageSize: PAGE, pageToken });
    found.push(...page.budgets);
    pageToken = page.nextPageToken;
    if (pageToken === '') return found;
  }
}

async function namedBudgets({ admin, call }: Service, budgetIds: readonly string[]): Promise<Budget[]> {
  const found: Budget[] = [];
  for (const budgetId of budgetIds) {
    const { budget } = await call(admin.getBudget.bind(admin), { budgetId });
    if (budget !== undefined) found.push(budget);
  }
  return found;
}

async function statsOf({ budgets, call }: Service, budgetId: string): Promise<DistributionStats> {
  const { distributionStats } = await call(budgets.getDistribution.bind(budgets), { budgetId });
  if (distributionStats === undefined) throw new Error('a distribution without figures');
  return distributionStats;
}
