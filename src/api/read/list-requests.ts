import type { Grouping, UsageQuery } from '../../arbiter/service-port.js';
import { isBudgetId } from '../../domain/model/budget-id.js';
import { NUMBERS, PAGES, TEXTS } from '../../domain/model/field-limits.js';
import { FENCE_PATTERN, fenceOf } from '../../domain/model/lease-id.js';
import { NONE, type Writable } from '../../domain/model/types.js';
import { amount } from '../../domain/model/wording.js';
import type { Whose } from '../../domain/statistics/crossing.js';
import {
  type ListBudgetsRequest,
  type ListChangesRequest,
  type ListLeasesRequest,
  type ListUsageRequest,
  UsageGrouping,
  UsageOrder,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { readPageToken } from '../page-token.js';
import { Checks } from './checks.js';

const MAX_SPAN_MS = 366 * 86_400_000;

export function pageSize(checks: Checks, value: number): number {
  if (value < NUMBERS.pageSize.least) {
    const { usual, most } = PAGES;
    checks.fail('page_size', `must be 0 to ${amount(most)}, where 0 means ${usual}; it is ${value}`);
  }
  return value === 0 ? PAGES.usual : Math.min(value, PAGES.most);
}

/** Where a page starts, in words of the list: after a key, or at its beginning. */
export function afterKey(
  checks: Checks,
  query: readonly string[],
  token: string,
  isKey: (key: string) => boolean = () => true,
): string | undefined {
  if (token === '') return undefined;
  const after = readPageToken(query, token);
  if (after !== undefined && isKey(after)) return after;
  checks.fail('page_token', `must be ${TEXTS.pageToken.rule}`);
  return undefined;
}

export interface BudgetsPage {
  readonly after: string;
  readonly size: number;
}

export const BUDGETS_QUERY = ['budgets'];

export function readListBudgets(message: ListBudgetsRequest): BudgetsPage {
  const checks = new Checks();
  const size = pageSize(checks, message.pageSize);
  const after = afterKey(checks, BUDGETS_QUERY, message.pageToken, isBudgetId) ?? '';
  checks.done();
  return { after, size };
}

/** A page of leases begins among the live ones or among the closed ones, after a fence. */
export interface LeasesPage {
  readonly budgetId: string;
  readonly query: readonly string[];
  readonly includeClosed: boolean;
  readonly size: number;
  readonly part: 'live' | 'closed';
  readonly afterFence: number;
}

const LEASES_KEY = new RegExp(`^(live|closed):(${FENCE_PATTERN})$`);

export function readListLeases(message: ListLeasesRequest): LeasesPage {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const size = pageSize(checks, message.pageSize);
  const query = ['leases', budgetId, String(message.includeClosed)];
  const isKey = (key: string) => fenceOf(LEASES_KEY.exec(key)?.[2]) !== undefined;
  const [, part, digits] = LEASES_KEY.exec(afterKey(checks, query, message.pageToken, isKey) ?? '') ?? [];
  checks.done();
  return {
    budgetId,
    query,
    includeClosed: message.includeClosed,
    size,
    part: part === 'closed' ? 'closed' : 'live',
    afterFence: fenceOf(digits) ?? 0,
  };
}

/** A page of changes begins below a number. */
export interface ChangesPage {
  readonly budgetId: string;
  readonly query: readonly string[];
  readonly size: number;
  readonly below: number;
}

/** Numbers of changes are counted as fences are. */
const CHANGES_KEY = new RegExp(`^${FENCE_PATTERN}$`);

export function readListChanges(message: ListChangesRequest): ChangesPage {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const size = pageSize(checks, message.pageSize);
  const query = ['changes', budgetId];
  const isKey = (key: string) => CHANGES_KEY.test(key) && fenceOf(key) !== undefined;
  const below = afterKey(checks, query, message.pageToken, isKey);
  checks.done();
  return { budgetId, query, size, below: fenceOf(below) ?? Number.MAX_SAFE_INTEGER };
}

const GROUPINGS: ReadonlyMap<number, Grouping> = new Map([
  [UsageGrouping.USAGE_GROUPING_UNSPECIFIED, 'DAY'],
  [UsageGrouping.USAGE_GROUPING_DAY, 'DAY'],
  [UsageGrouping.USAGE_GROUPING_HOUR, 'HOUR'],
  [UsageGrouping.USAGE_GROUPING_AI, 'AI'],
  [UsageGrouping.USAGE_GROUPING_MODEL, 'MODEL'],
  [UsageGrouping.USAGE_GROUPING_TEAM, 'TEAM'],
]);

export interface UsagePage {
  readonly budgetId: string;
  readonly pageQuery: readonly string[];
  readonly query: UsageQuery;
}

export function readListUsage(message: ListUsageRequest): UsagePage {
  const checks = new Checks();
  const budgetId = checks.budgetId('budget_id', message.budgetId);
  const grouped = readGrouping(checks, message);
  const whose = readWhose(checks, message, grouped.groupBy === 'HOUR');
  const orderBy = ORDERS.get(message.orderBy);
  if (orderBy === undefined)
    checks.fail('order_by', `must be KEY, TOKENS, CALLS or unset; it is ${message.orderBy}`);
  const { fromDay, toDay, descending } = message;
  checkSpan(checks, fromDay, toDay);
  const size = pageSize(checks, message.pageSize);
  const ordered = { ...(orderBy !== 'KEY' && { orderBy }), ...(descending && { descending }) };
  const further = { by: grouped.by, ...whose, ...ordered };
  const isPlain = Object.values(further).every((value) => value === undefined);
  const pageQuery = [
    ...['usage', budgetId, grouped.groupBy, fromDay ?? '', toDay ?? ''],
    ...(isPlain ? [] : [JSON.stringify(further)]),
  ];
  const after = afterKey(checks, pageQuery, message.pageToken);
  checks.done();
  const query: Writable<UsageQuery> = { ...grouped, ...whose, pageSize: size };
  if (orderBy !== undefined && orderBy !== 'KEY') query.orderBy = orderBy;
  if (descending) query.descending = true;
  if (fromDay !== undefined) query.fromDay = fromDay;
  if (toDay !== undefined) query.toDay = toDay;
  if (after !== undefined) query.afterKey = after;
  return { budgetId, pageQuery, query };
}

const ORDERS: ReadonlyMap<number, NonNullable<UsageQuery['orderBy']>> = new Map([
  [UsageOrder.USAGE_ORDER_UNSPECIFIED, 'KEY'],
  [UsageOrder.USAGE_ORDER_KEY, 'KEY'],
  [UsageOrder.USAGE_ORDER_TOKENS, 'TOKENS'],
  [UsageOrder.USAGE_ORDER_CALLS, 'CALLS'],
]);

function readGrouping(checks: Checks, message: ListUsageRequest): Pick<UsageQuery, 'groupBy' | 'by'> {
  const isSeveral = message.by.length > 0;
  const [groupBy, ...more] = (isSeveral ? message.by : [message.groupBy]).map((value) =>
    GROUPINGS.get(value),
  );
  if (!isSeveral) {
    if (groupBy === undefined)
      checks.fail('group_by', `must be DAY, HOUR, AI, MODEL, TEAM or unset; it is ${message.groupBy}`);
    return { groupBy: groupBy ?? 'DAY' };
  }
  const keys = [groupBy, ...more];
  if (message.groupBy !== UsageGrouping.USAGE_GROUPING_UNSPECIFIED)
    checks.fail('by', 'goes without group_by: name all in one of them');
  if (keys.includes(undefined) || message.by.includes(UsageGrouping.USAGE_GROUPING_UNSPECIFIED))
    checks.fail('by', 'each must be DAY, AI, MODEL or TEAM, or HOUR alone');
  else if (new Set(keys).size < keys.length) checks.fail('by', 'must name each once');
  else if (keys.includes('HOUR') && keys.length > 1)
    checks.fail('by', 'HOUR stands alone: AIs, models and teams are counted by day');
  if (keys.length === 1) return { groupBy: groupBy ?? 'DAY' };
  return { groupBy: groupBy ?? 'DAY', by: keys.filter((key) => key !== undefined && key !== 'HOUR') };
}

function readWhose(checks: Checks, { aiId, model, teamId }: ListUsageRequest, byHour: boolean): Whose {
  if (aiId !== undefined) checks.text('ai_id', aiId, TEXTS.aiId);
  if (model !== undefined) checks.text('model', model, TEXTS.model);
  if (teamId !== undefined && teamId !== NONE) checks.text('team_id', teamId, TEXTS.teamId);
  for (const [field, value] of Object.entries({ ai_id: aiId, model, team_id: teamId }))
    if (byHour && value !== undefined) checks.fail(field, 'goes without HOUR: it is counted by day');
  return {
    ...(aiId !== undefined && { aiId }),
    ...(model !== undefined && { model }),
    ...(teamId !== undefined && { teamId }),
  };
}

export function checkSpan(checks: Checks, fromDay: string | undefined, toDay: string | undefined): void {
  if (fromDay !== undefined) checks.day('from_day', fromDay);
  if (toDay !== undefined) checks.day('to_day', toDay);
  if (fromDay === undefined || toDay === undefined) return;
  if (toDay < fromDay) checks.fail('to_day', 'must not be before from_day');
  else if (Date.parse(toDay) - Date.parse(fromDay) > MAX_SPAN_MS) {
    checks.fail('to_day', 'must be at most 366 days after from_day: ask for two spans');
  }
}
