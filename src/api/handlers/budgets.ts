import type { Policy } from '../../domain/model/policy.js';
import { policyWarnings } from '../../domain/policy/policy-warnings.js';
import { aisOfMonth } from '../../domain/policy/scope-warnings.js';
import type { Budget } from '../../gen/budgetarbiter/v1/budget.js';
import type {
  CreateBudgetRequest,
  CreateBudgetResponse,
  DeleteBudgetRequest,
  DeleteBudgetResponse,
  GetBudgetRequest,
  GetBudgetResponse,
  ListBudgetsRequest,
  ListBudgetsResponse,
  PauseBudgetRequest,
  PauseBudgetResponse,
  ResetClockRequest,
  ResetClockResponse,
  ResumeBudgetRequest,
  ResumeBudgetResponse,
  UpdateBudgetRequest,
  UpdateBudgetResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import {
  readBudgetId,
  readCreate,
  readDelete,
  readPause,
  readReasoned,
  readUpdate,
} from '../read/budget-requests.js';
import { BUDGETS_QUERY, readListBudgets } from '../read/list-requests.js';
import type { UnaryHandler } from '../service.js';
import { budgetMessage } from '../write/budget.js';
import { windowMessage } from '../write/window.js';

export const createBudget: UnaryHandler<CreateBudgetRequest, CreateBudgetResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readCreate(message);
  const { budget, warnings } = answered(await servicePort.submit(budgetId, request, caller));
  return { budget: budgetMessage(budget), warnings: [...warnings] };
};

export const updateBudget: UnaryHandler<UpdateBudgetRequest, UpdateBudgetResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readUpdate(message);
  const outcome = answered(await servicePort.submit(budgetId, request, caller));
  const { budget, warnings, before, windows } = outcome;
  return {
    budget: budgetMessage(budget),
    warnings: [...warnings],
    before: before && budgetMessage(before),
    windows: (windows?.after ?? []).map(windowMessage),
    windowsBefore: (windows?.before ?? []).map(windowMessage),
  };
};

export const getBudget: UnaryHandler<GetBudgetRequest, GetBudgetResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const outcome = await servicePort.submit(readBudgetId(message), { kind: 'get-snapshot' }, caller);
  const { snapshot } = answered(outcome);
  const { budget, monthAis, lastGrants, month } = snapshot;
  const ais = aisOfMonth(monthAis.keys(), lastGrants, month);
  return { budget: budgetMessage(budget), warnings: policyWarnings(budget.policyFields, ais) };
};

/** Clients refuse answers above 4 MiB, and a policy may name hundreds of AIs, models and teams. */
const MAX_PAGE_ENTRIES = 10_000;

export const listBudgets: UnaryHandler<ListBudgetsRequest, ListBudgetsResponse> = async (
  message,
  _caller,
  { servicePort },
) => {
  const { after, size } = readListBudgets(message);
  const found = await servicePort.listBudgets(after, size + 1);
  const budgets: Budget[] = [];
  let entries = 0;
  for (const view of found.slice(0, size)) {
    entries += 10 + 2 * entriesOf(view.policy);
    if (entries > MAX_PAGE_ENTRIES && budgets.length > 0) break;
    budgets.push(budgetMessage(view));
  }
  const last = budgets.at(-1)?.budgetId;
  const more = found.length > budgets.length && last !== undefined;
  return { budgets, nextPageToken: more ? pageToken(BUDGETS_QUERY, last) : '' };
};

function entriesOf({ maxDailyPercentByAi, tokenWeightsByModel, teams, models }: Policy): number {
  let members = 0;
  for (const { aiIds } of teams.values()) members += aiIds.length;
  return maxDailyPercentByAi.size + tokenWeightsByModel.size + teams.size + members + models.size;
}

export const deleteBudget: UnaryHandler<DeleteBudgetRequest, DeleteBudgetResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readDelete(message);
  answered(await servicePort.submit(budgetId, request, caller));
  return {};
};

export const pauseBudget: UnaryHandler<PauseBudgetRequest, PauseBudgetResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readPause(message);
  const { budget } = answered(await servicePort.submit(budgetId, request, caller));
  return { budget: budgetMessage(budget) };
};

export const resumeBudget: UnaryHandler<ResumeBudgetRequest, ResumeBudgetResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readReasoned('resume', message);
  const outcome = await servicePort.submit(budgetId, request, caller);
  return { budget: budgetMessage(answered(outcome).budget) };
};

export const resetClock: UnaryHandler<ResetClockRequest, ResetClockResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readReasoned('reset-clock', message);
  const outcome = await servicePort.submit(budgetId, request, caller);
  const { before, after } = answered(outcome);
  return { before: new Date(before), after: new Date(after) };
};
