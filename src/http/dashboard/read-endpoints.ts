import { answered, unlessRefused } from '../../api/failures/request-error.js';
import { readBudgetId } from '../../api/read/budget-requests.js';
import { Checks } from '../../api/read/checks.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { readDistributionQuery } from '../distribution-route.js';
import type { HttpCall } from '../endpoint.js';
import { readQuery } from '../query.js';
import type { HttpResponse } from '../response.js';
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

export async function month({ query }: HttpCall, { servicePort }: Visitor): Promise<HttpResponse> {
  const { budgetId, request } = readDistributionQuery(query, '');
  return { status: 200, body: unlessRefused(await monthPage(servicePort, budgetId, request)) };
}

/** One budget as it changes. */
export async function watchBudget({ query }: HttpCall, visitor: Visitor, live: Live): Promise<HttpResponse> {
  const budgetId = readBudgetId({ budgetId: readQuery(query, ['budget_id']).get('budget_id') ?? '' });
  // Whether it is there, and whether the visitor may see it: the stream below is not asked that.
  answered(await visitor.servicePort.submit(budgetId, { kind: 'get-snapshot' }, BROWSER));
  return streamed(
    live.pages.stream((stream) => new BudgetStream(stream, visitor, budgetId).follow(live.budgets)),
  );
}

/** Many budgets as they change. */
export function watchBudgets({ query }: HttpCall, visitor: Visitor, live: Live): HttpResponse {
  const after = readAfter(query);
  const { budgets, scheduler, now } = live;
  const list = () => visitor.servicePort.listBudgets(after, PAGE_SIZE + 1);
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

function streamed(body: HttpResponse['body']): HttpResponse {
  return { status: 200, body, headers: { 'x-accel-buffering': 'no' } };
}
