import * as gen from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { acknowledgeAlert, listAlerts, silenceAlerts } from './handlers/alerts.js';
import {
  createBudget,
  deleteBudget,
  getBudget,
  listBudgets,
  pauseBudget,
  resetClock,
  resumeBudget,
  updateBudget,
} from './handlers/budgets.js';
import { listChanges } from './handlers/changes.js';
import { listDenials } from './handlers/denials.js';
import { listLeases, revokeLease } from './handlers/leases.js';
import { simulatePolicy } from './handlers/simulate-policy.js';
import { addTopUp, endTopUp, listTopUps } from './handlers/top-ups.js';
import { adjustUsage, listUsage } from './handlers/usage-history.js';
import { watchBudget } from './handlers/watch-budget.js';
import { type Method, serverStream, unary } from './service.js';

const service = gen.BudgetAdminServiceService;

/** `budgetarbiter.v1.BudgetAdminService`: each method, what it takes and gives, and who answers. */
export const BUDGET_ADMIN_SERVICE: Readonly<Record<keyof typeof service, Method>> = {
  createBudget: unary(
    service.createBudget,
    gen.CreateBudgetRequest,
    gen.CreateBudgetResponse,
    createBudget,
    'put-policy',
  ),
  updateBudget: unary(
    service.updateBudget,
    gen.UpdateBudgetRequest,
    gen.UpdateBudgetResponse,
    updateBudget,
    'put-policy',
  ),
  getBudget: unary(service.getBudget, gen.GetBudgetRequest, gen.GetBudgetResponse, getBudget),
  listBudgets: unary(service.listBudgets, gen.ListBudgetsRequest, gen.ListBudgetsResponse, listBudgets),
  deleteBudget: unary(
    service.deleteBudget,
    gen.DeleteBudgetRequest,
    gen.DeleteBudgetResponse,
    deleteBudget,
    'delete-budget',
  ),
  pauseBudget: unary(
    service.pauseBudget,
    gen.PauseBudgetRequest,
    gen.PauseBudgetResponse,
    pauseBudget,
    'pause',
  ),
  resumeBudget: unary(
    service.resumeBudget,
    gen.ResumeBudgetRequest,
    gen.ResumeBudgetResponse,
    resumeBudget,
    'resume',
  ),
  listLeases: unary(service.listLeases, gen.ListLeasesRequest, gen.ListLeasesResponse, listLeases),
  revokeLease: unary(
    service.revokeLease,
    gen.RevokeLeaseRequest,
    gen.RevokeLeaseResponse,
    revokeLease,
    'revoke',
  ),
  adjustUsage: unary(
    service.adjustUsage,
    gen.AdjustUsageRequest,
    gen.AdjustUsageResponse,
    adjustUsage,
    'adjust',
  ),
  addTopUp: unary(service.addTopUp, gen.AddTopUpRequest, gen.AddTopUpResponse, addTopUp, 'add-top-up'),
  endTopUp: unary(service.endTopUp, gen.EndTopUpRequest, gen.EndTopUpResponse, endTopUp, 'end-top-up'),
  listTopUps: unary(service.listTopUps, gen.ListTopUpsRequest, gen.ListTopUpsResponse, listTopUps),
  listAlerts: unary(service.listAlerts, gen.ListAlertsRequest, gen.ListAlertsResponse, listAlerts),
  acknowledgeAlert: unary(
    service.acknowledgeAlert,
    gen.AcknowledgeAlertRequest,
    gen.AcknowledgeAlertResponse,
    acknowledgeAlert,
    'acknowledge-alert',
  ),
  silenceAlerts: unary(
    service.silenceAlerts,
    gen.SilenceAlertsRequest,
    gen.SilenceAlertsResponse,
    silenceAlerts,
    'silence-alerts',
  ),
  listUsage: unary(service.listUsage, gen.ListUsageRequest, gen.ListUsageResponse, listUsage),
  listDenials: unary(service.listDenials, gen.ListDenialsRequest, gen.ListDenialsResponse, listDenials),
  simulatePolicy: unary(
    service.simulatePolicy,
    gen.SimulatePolicyRequest,
    gen.SimulatePolicyResponse,
    simulatePolicy,
  ),
  resetClock: unary(
    service.resetClock,
    gen.ResetClockRequest,
    gen.ResetClockResponse,
    resetClock,
    'reset-clock',
  ),
  listChanges: unary(service.listChanges, gen.ListChangesRequest, gen.ListChangesResponse, listChanges),
  watchBudget: serverStream(
    service.watchBudget,
    gen.WatchBudgetRequest,
    gen.WatchBudgetResponse,
    watchBudget,
  ),
};
