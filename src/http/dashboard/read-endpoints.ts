import { PERMISSIONS } from '../../access/permissions.js';
import { isBudgetId } from '../../domain/model/budget-id.js';
import { policyWarnings } from '../../domain/policy/policy-warnings.js';
import { DAY_RULE, isDay, isMonth, MONTH_RULE, monthOfDay } from '../../domain/time/calendar.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { Answer } from '../answer.js';
import type { HttpCall } from '../endpoint.js';
import { BudgetStream } from './budget-stream.js';
import { InputError } from './changes.js';
import type { LiveBudgets } from './live-budgets.js';
import { monthPage } from './month-page.js';
import type { OpenPages } from './open-pages.js';
import { OverviewStream, PAGE_SIZE } from './overview-stream.js';
import type { PolicyData } from './page-data.js';
import { DEFAULTS, FORM_GROUPS, policyForm } from './policy-form.js';
import { refusedAction } from './refusal-text.js';
import { BROWSER, type Visitor } from './visitors.js';

export interface Live {
  readonly budgets: LiveBudgets;
  readonly pages: OpenPages;
  readonly scheduler: Scheduler;
  readonly now: () => number;
}

export async function month({ query, path }: HttpCall, visitor: Visitor): Promise<Answer> {
  const budgetId = budgetIdOf(query);
  const [wanted, day] = [query.get('month') ?? undefined, query.get('day') ?? undefined];
  if (wanted !== undefined && !isMonth(wanted)) throw new InputError('month', `must be ${MONTH_RULE}`);
  if (day !== undefined && !isDay(day)) throw new InputError('day', `must be ${DAY_RULE}`);
  if (wanted !== undefined && day !== undefined && monthOfDay(day) !== wanted) {
    throw new InputError('day', `must be within the month ${wanted}`);
  }
  const asked = { ...(wanted && { month: wanted }), ...(day && { day }) };
  const page = await monthPage(visitor.door(PERMISSIONS.http, path), budgetId, asked);
  return 'refusal' in page ? refusedAction(page.refusal) : { status: 200, body: page };
}

export async function policy({ query, path }: HttpCall, visitor: Visitor): Promise<Answer> {
  const budgetId = budgetIdOf(query);
  const door = visitor.door(PERMISSIONS.http, path);
  const outcome = await door.submit(budgetId, { kind: 'get-snapshot' }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  const { budget } = outcome.snapshot;
  const body: PolicyData = {
    ...{ budgetId, etag: budget.etag, policy: policyForm(budget.policyFields), defaults: DEFAULTS },
    groups: FORM_GROUPS,
    warnings: policyWarnings(budget.policy),
  };
  return { status: 200, body };
}

/** One budget as it changes. */
export async function watchBudget(call: HttpCall, visitor: Visitor, live: Live): Promise<Answer> {
  const budgetId = budgetIdOf(call.query);
  const door = visitor.door(PERMISSIONS.http, call.path);
  // Whether it is there, and whether the visitor may see it: the stream below is not asked that.
  const outcome = await door.submit(budgetId, { kind: 'get-snapshot' }, BROWSER);
  if (outcome.kind === 'refused') return refusedAction(outcome.refusal);
  return streamed(
    live.pages.stream((stream) => new BudgetStream(stream, visitor, budgetId).follow(live.budgets)),
  );
}

/** Many budgets as they change. */
export function watchBudgets(call: HttpCall, visitor: Visitor, live: Live): Answer {
  const after = call.query.get('after') ?? '';
  if (after !== '' && !isBudgetId(after)) throw new InputError('after', 'must be a budget id');
  const door = visitor.door(PERMISSIONS.http, call.path);
  const { budgets, scheduler, now } = live;
  const list = () => door.listBudgets(after, PAGE_SIZE + 1);
  return streamed(
    live.pages.stream((stream) =>
      new OverviewStream(stream, { budgets, visitor, scheduler, list, now }).run(),
    ),
  );
}

function streamed(body: Answer['body']): Answer {
  return { status: 200, body, headers: { 'x-accel-buffering': 'no' } };
}

function budgetIdOf(query: URLSearchParams): string {
  const budgetId = query.get('budget_id') ?? '';
  if (!isBudgetId(budgetId)) throw new InputError('budget_id', 'must be a budget id');
  return budgetId;
}
