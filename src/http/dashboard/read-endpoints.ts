import { answered, unlessRefused } from '../../api/failures/request-error.js';
import { readBudgetId } from '../../api/read/budget-requests.js';
import { Checks } from '../../api/read/checks.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { Answer } from '../answer.js';
import { readDistributionQuery } from '../distribution-route.js';
import type { HttpCall } from '../endpoint.js';
import { readQuery } from '../query.js';
import { BudgetStream } from './budget-stream.js';
import type { LiveBudgets } from './live-budgets.js';
import { monthPage } from './month-page.js';
import type { OpenPages } from './open-pages.js';
import { OverviewStream, PAGE_SIZE } from './overview-stream.js';
import { BROWSER, type Visitor } from './visitors.js';

export interface Live {
  readonly budgets: LiveBudgets;
  readonly pages: OpenPages;
  readonly scheduler: Scheduler;
  readonly now: () => number;
}

export async function month({ query }: HttpCall, { door }: Visitor): Promise<Answer> {
  const { budgetId, request } = readDistributionQuery(query, '');
  return { status: 200, body: unlessRefused(await monthPage(door, budgetId, request)) };
}

/** One budget as it changes. */
export async function watchBudget({ query }: HttpCall, visitor: Visitor, live: Live): Promise<Answer> {
  const budgetId = readBudgetId({ budgetId: readQuery(query, ['budget_id']).get('budget_id') ?? '' });
  // Whether it is there, and whether the visitor may see it: the stream below is not asked that.
  answered(await visitor.door.submit(budgetId, { kind: 'get-snapshot' }, BROWSER));
  return streamed(
    live.pages.stream((stream) => new BudgetStream(stream, visitor, budgetId).follow(live.budgets)),
  );
}

/** Many budgets as they change. */
export function watchBudgets({ query }: HttpCall, visitor: Visitor, live: Live): Answer {
  const after = readAfter(query);
  const { budgets, scheduler, now } = live;
  const list = () => visitor.door.listBudgets(after, PAGE_SIZE + 1);
  return streamed(
    live.pages.stream((stream) =>
      new OverviewStream(stream, { budgets, visitor, scheduler, list, now }).run(),
    ),
  );
}

function readAfter(query: URLSearchParams): string {
  const after = readQuery(query, ['after']).get('after') ?? '';
  const checks = new Checks();
  if (after !== '') checks.budgetId('after', after);
  checks.done();
  return after;
}

function streamed(body: Answer['body']): Answer {
  return { status: 200, body, headers: { 'x-accel-buffering': 'no' } };
}
