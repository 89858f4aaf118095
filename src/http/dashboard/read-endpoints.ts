import { answered, invalidFields, unlessRefused } from '../../api/failures/request-error.js';
import { readBudgetId } from '../../api/read/budget-requests.js';
import { readDistribution } from '../../api/read/slot-requests.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { HttpCall } from '../endpoint.js';
import { readQuery } from '../query.js';
import type { HttpResponse } from '../response.js';
import { BudgetStream } from './budget-stream.js';
import type { LiveBudgets } from './live-budgets.js';
import { monthPage } from './month-page.js';
import type { OpenPages } from './open-pages.js';
import { allBudgets, matchingBudgets, readOverviewQuery } from './overview-query.js';
import { OverviewStream } from './overview-stream.js';
import type { OperableData, Stacking } from './page-data.js';
import { scopePage } from './scope-page.js';
import { BROWSER, type Visitor } from './visitors.js';

export interface Live {
  readonly budgets: LiveBudgets;
  readonly pages: OpenPages;
  readonly scheduler: Scheduler;
  readonly now: () => number;
}

export async function month({ query }: HttpCall, { servicePort }: Visitor): Promise<HttpResponse> {
  const read = readQuery(query, ['budget_id', 'month', 'day', 'by']);
  const asked = { budgetId: read.get('budget_id') ?? '', month: read.get('month'), day: read.get('day') };
  const { budgetId, request } = readDistribution(asked);
  const by = stackingOf(read.get('by'));
  return { status: 200, body: unlessRefused(await monthPage(servicePort, budgetId, { ...request, by })) };
}

/** One AI or team of a budget. */
export async function scope({ query }: HttpCall, { servicePort }: Visitor): Promise<HttpResponse> {
  const read = readQuery(query, ['budget_id', 'kind', 'name', 'month']);
  const { budgetId, request } = readDistribution({
    ...{ budgetId: read.get('budget_id') ?? '', month: read.get('month'), day: undefined },
  });
  const [kind, name = ''] = [read.get('kind'), read.get('name')];
  if (kind !== 'ai' && kind !== 'team')
    throw invalidFields([{ field: 'kind', description: 'must be ai or team' }]);
  if (name === '' || name.length > MOST_NAME)
    throw invalidFields([{ field: 'name', description: `must be 1 to ${MOST_NAME} characters` }]);
  const found = await scopePage(servicePort, budgetId, { kind, name, ...request });
  return { status: 200, body: unlessRefused(found) };
}

/** More than any id has. */
const MOST_NAME = 256;

function stackingOf(by: string | undefined): Stacking {
  if (by === undefined || by === 'ai') return 'ai';
  if (by === 'model' || by === 'team') return by;
  throw invalidFields([{ field: 'by', description: 'must be ai, model or team' }]);
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

/** The budgets that the visitor may change. */
export async function operable(_call: HttpCall, { servicePort, mayOperate }: Visitor): Promise<HttpResponse> {
  const all = await allBudgets(servicePort);
  const budgets = all
    .filter(({ budgetId }) => mayOperate(budgetId))
    .map(({ budgetId, pause }) => ({ budgetId, paused: pause !== undefined }));
  return { status: 200, body: { budgets } satisfies OperableData };
}

/** Many budgets as they change. */
export function watchBudgets({ query }: HttpCall, visitor: Visitor, live: Live): HttpResponse {
  const asked = readOverviewQuery(query);
  const { budgets, scheduler, now } = live;
  const list = () => matchingBudgets(visitor.servicePort, asked.wanted);
  return streamed(
    live.pages.stream((stream) =>
      new OverviewStream(stream, { budgets, visitor, scheduler, list, now, query: asked }).run(),
    ),
  );
}

function streamed(body: HttpResponse['body']): HttpResponse {
  return { status: 200, body, headers: { 'x-accel-buffering': 'no' } };
}
