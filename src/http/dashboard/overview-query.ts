import { invalidFields } from '../../api/failures/request-error.js';
import type { ServicePort } from '../../arbiter/service-port.js';
import type { BudgetView } from '../../domain/model/outcomes.js';
import { readQuery } from '../query.js';
import type { OverviewOrder } from './page-data.js';

/** Which budgets a page shows. */
export interface OverviewQuery {
  /** Part of their ids; empty: all. */
  readonly wanted: string;
  readonly order: OverviewOrder;
  /** From 1. */
  readonly page: number;
}

/** Which budgets there are of those that were asked for. */
export interface Matching {
  readonly budgets: readonly BudgetView[];
  /** There are more, which are not looked at. */
  readonly more: boolean;
}

/** As many budgets as one page can put in order: each is watched for it. */
export const MOST_MATCHING = 400;
const CHUNK = 1_000;
const ORDERS: readonly OverviewOrder[] = ['worst', 'name', 'month', 'day', 'hour'];
const LAST_PAGE = 1_000;

export function readOverviewQuery(query: URLSearchParams): OverviewQuery {
  const read = readQuery(query, ['q', 'order', 'page']);
  const wanted = (read.get('q') ?? '').trim().toLowerCase();
  if (wanted.length > 63) throw invalidFields([{ field: 'q', description: 'must be at most 63 characters' }]);
  const order = ORDERS.find((name) => name === (read.get('order') ?? 'worst'));
  if (order === undefined)
    throw invalidFields([{ field: 'order', description: `must be one of ${ORDERS.join(', ')}` }]);
  const page = Number(read.get('page') ?? 1);
  if (!Number.isInteger(page) || page < 1 || page > LAST_PAGE)
    throw invalidFields([{ field: 'page', description: `must be a whole number from 1 to ${LAST_PAGE}` }]);
  return { wanted, order, page };
}

type Lists = Pick<ServicePort, 'listBudgets'>;

/** The budgets that a visitor may see, and has asked for. */
export async function matchingBudgets(servicePort: Lists, wanted: string): Promise<Matching> {
  const budgets: BudgetView[] = [];
  for await (const chunk of chunks(servicePort)) {
    budgets.push(...chunk.filter(({ budgetId }) => budgetId.includes(wanted)));
    if (budgets.length > MOST_MATCHING) return { budgets: budgets.slice(0, MOST_MATCHING), more: true };
  }
  return { budgets, more: false };
}

export async function allBudgets(servicePort: Lists): Promise<BudgetView[]> {
  const all: BudgetView[] = [];
  for await (const chunk of chunks(servicePort)) all.push(...chunk);
  return all;
}

async function* chunks(servicePort: Lists): AsyncGenerator<BudgetView[]> {
  for (let after = ''; ; ) {
    const chunk = await servicePort.listBudgets(after, CHUNK);
    yield chunk;
    const last = chunk.at(-1);
    if (last === undefined || chunk.length < CHUNK) return;
    after = last.budgetId;
  }
}
