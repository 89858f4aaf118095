import * as admin from '../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import * as budgets from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { LEASE_ID } from './samples.js';

/** A method with a request that it takes; a row changes one field of it. */
export const METHODS = {
  acquire: {
    method: budgets.BudgetServiceService.acquireSlot,
    codec: budgets.AcquireSlotRequest,
    valid: { budgetId: 'anthropic', aiId: 'guardian' },
  },
  renew: {
    method: budgets.BudgetServiceService.renewSlot,
    codec: budgets.RenewSlotRequest,
    valid: { leaseId: LEASE_ID },
  },
  record: {
    method: budgets.BudgetServiceService.recordUsage,
    codec: budgets.RecordUsageRequest,
    valid: { subject: { $case: 'leaseId', value: LEASE_ID }, usage: { usageId: 'u' } },
  },
  release: {
    method: budgets.BudgetServiceService.release,
    codec: budgets.ReleaseRequest,
    valid: { leaseId: LEASE_ID },
  },
  getLease: {
    method: budgets.BudgetServiceService.getLease,
    codec: budgets.GetLeaseRequest,
    valid: { key: { $case: 'leaseId', value: LEASE_ID } },
  },
  availability: {
    method: budgets.BudgetServiceService.getAvailability,
    codec: budgets.GetAvailabilityRequest,
    valid: { budgetId: 'anthropic', aiId: 'guardian' },
  },
  distribution: {
    method: budgets.BudgetServiceService.getDistribution,
    codec: budgets.GetDistributionRequest,
    valid: { budgetId: 'anthropic' },
  },
  create: {
    method: admin.BudgetAdminServiceService.createBudget,
    codec: admin.CreateBudgetRequest,
    valid: { budgetId: 'anthropic', policy: {} },
  },
  update: {
    method: admin.BudgetAdminServiceService.updateBudget,
    codec: admin.UpdateBudgetRequest,
    valid: { budgetId: 'anthropic', policy: {} },
  },
  getBudget: {
    method: admin.BudgetAdminServiceService.getBudget,
    codec: admin.GetBudgetRequest,
    valid: { budgetId: 'anthropic' },
  },
  listBudgets: {
    method: admin.BudgetAdminServiceService.listBudgets,
    codec: admin.ListBudgetsRequest,
    valid: {},
  },
  deleteBudget: {
    method: admin.BudgetAdminServiceService.deleteBudget,
    codec: admin.DeleteBudgetRequest,
    valid: { budgetId: 'anthropic' },
  },
  pause: {
    method: admin.BudgetAdminServiceService.pauseBudget,
    codec: admin.PauseBudgetRequest,
    valid: { budgetId: 'anthropic' },
  },
  resume: {
    method: admin.BudgetAdminServiceService.resumeBudget,
    codec: admin.ResumeBudgetRequest,
    valid: { budgetId: 'anthropic' },
  },
  listLeases: {
    method: admin.BudgetAdminServiceService.listLeases,
    codec: admin.ListLeasesRequest,
    valid: { budgetId: 'anthropic' },
  },
  revoke: {
    method: admin.BudgetAdminServiceService.revokeLease,
    codec: admin.RevokeLeaseRequest,
    valid: { leaseId: LEASE_ID },
  },
  adjust: {
    method: admin.BudgetAdminServiceService.adjustUsage,
    codec: admin.AdjustUsageRequest,
    valid: { budgetId: 'anthropic', adjustmentId: 'a', tokens: -5, reason: 'twice' },
  },
  addTopUp: {
    method: admin.BudgetAdminServiceService.addTopUp,
    codec: admin.AddTopUpRequest,
    valid: {
      ...{ budgetId: 'anthropic', topUpId: 'friday', tokens: 5_000, kind: 1, reason: 'a release' },
      expiresAt: new Date('2026-11-20T00:00:00Z'),
    },
  },
  largerMonth: {
    method: admin.BudgetAdminServiceService.addTopUp,
    codec: admin.AddTopUpRequest,
    valid: { budgetId: 'anthropic', topUpId: 'more', tokens: 5_000, kind: 2, reason: 'a release' },
  },
  endTopUp: {
    method: admin.BudgetAdminServiceService.endTopUp,
    codec: admin.EndTopUpRequest,
    valid: { budgetId: 'anthropic', topUpId: 'friday' },
  },
  listTopUps: {
    method: admin.BudgetAdminServiceService.listTopUps,
    codec: admin.ListTopUpsRequest,
    valid: { budgetId: 'anthropic' },
  },
  listAlerts: {
    method: admin.BudgetAdminServiceService.listAlerts,
    codec: admin.ListAlertsRequest,
    valid: { budgetId: 'anthropic' },
  },
  acknowledgeAlert: {
    method: admin.BudgetAdminServiceService.acknowledgeAlert,
    codec: admin.AcknowledgeAlertRequest,
    valid: { budgetId: 'anthropic', alertId: 'WARNING:1793491200000' },
  },
  silenceAlerts: {
    method: admin.BudgetAdminServiceService.silenceAlerts,
    codec: admin.SilenceAlertsRequest,
    valid: { budgetId: 'anthropic', until: new Date('2026-11-20T00:00:00Z'), rules: [5] },
  },
  listChanges: {
    method: admin.BudgetAdminServiceService.listChanges,
    codec: admin.ListChangesRequest,
    valid: { budgetId: 'anthropic' },
  },
  listUsage: {
    method: admin.BudgetAdminServiceService.listUsage,
    codec: admin.ListUsageRequest,
    valid: { budgetId: 'anthropic' },
  },
  listDenials: {
    method: admin.BudgetAdminServiceService.listDenials,
    codec: admin.ListDenialsRequest,
    valid: { budgetId: 'anthropic', aiId: 'guardian' },
  },
  simulatePolicy: {
    method: admin.BudgetAdminServiceService.simulatePolicy,
    codec: admin.SimulatePolicyRequest,
    valid: { budgetId: 'anthropic', policy: { maxConcurrent: 3 }, days: 7 },
  },
  resetClock: {
    method: admin.BudgetAdminServiceService.resetClock,
    codec: admin.ResetClockRequest,
    valid: { budgetId: 'anthropic' },
  },
} as const;
