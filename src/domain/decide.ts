import { advance } from './advance.js';
import { claimDeliveries, recordDeliveries } from './alerts/alert-deliveries.js';
import { acknowledgeAlert, silenceAlerts } from './alerts/alert-handling.js';
import { reportDenials } from './alerts/denial-rate.js';
import { deleteBudget, pause, putPolicy, resume } from './budget-changes.js';
import { recordChange } from './changes/record-change.js';
import { resetClock } from './clock-reset.js';
import { acquire } from './leases/acquire.js';
import { adjust } from './leases/adjust.js';
import { closeAsked, closeOver } from './leases/closing.js';
import { revoke, undoGrant } from './leases/ending.js';
import { record, recordUnleased } from './leases/record.js';
import { release } from './leases/release.js';
import { renew } from './leases/renew.js';
import { breakSessions, keepLeases, takeUpSession } from './leases/sessions.js';
import { markRefused } from './ledger/accounts.js';
import type { Ledger } from './ledger/ledger.js';
import { dropWritten } from './ledger/outbox.js';
import { type NeedsLookup, type Outcome, refused } from './model/outcomes.js';
import type { BudgetRequest, Evidence, OwnKind } from './model/requests.js';
import { changesOf, getAvailability, getLease, snapshotOf } from './reads.js';
import { addTopUp, endTopUp } from './top-up-changes.js';

/** What a decision is made with, beside the ledger and the request. Nothing else may matter. */
export interface Circumstances {
  /** The trusted time, or the latest that was. */
  readonly time: number;
  /** Why the time cannot be trusted now; absent if it can. */
  readonly distrust?: string;
  /** This moment has surely passed, whatever the clock says: see `tidy-mark.ts`. Absent: that of the clock. */
  readonly passed?: number;
  readonly maxSkewMs: number;
  readonly evidence: Evidence;
  /** How long usage is kept beside the current month; absent: for ever. */
  readonly retentionMonths?: number | undefined;
}

/**
 * Decides one request: changes the ledger and says the outcome, without I/O. `unknown` means that the store must be asked
 * first; then the request has changed nothing, though time may have done its work.
 */
export function decide(
  ledger: Ledger,
  request: BudgetRequest,
  circumstances: Circumstances,
): Outcome | NeedsLookup {
  const outcome = decideOne(ledger, request, circumstances);
  recordChange(ledger, request, outcome);
  return outcome;
}

function decideOne(
  ledger: Ledger,
  request: BudgetRequest,
  circumstances: Circumstances,
): Outcome | NeedsLookup {
  const { time, evidence } = circumstances;
  ledger.passed = circumstances.passed ?? Number.POSITIVE_INFINITY;
  if (!ledger.exists) return decideAbsent(ledger, request, circumstances);
  const distrust = distrusted(ledger, circumstances);
  if (request.kind === 'reset-clock') {
    if (circumstances.distrust === undefined) return resetClock(ledger, time, evidence);
    const needs = request.ofSomeBudgets && { needsAllBudgets: true as const };
    return refused({ reason: 'CLOCK_NOT_TRUSTED', detail: circumstances.distrust, ...needs });
  }
  // While the time cannot be trusted it stands still: one wrong sample must not expire every lease.
  const now = distrust === undefined ? Math.max(ledger.clock, time) : ledger.clock;
  return advance(ledger, now, evidence) ?? decideNow(ledger, request, circumstances, distrust);
}

function distrusted(ledger: Ledger, { time, distrust, maxSkewMs }: Circumstances): string | undefined {
  if (distrust !== undefined) return distrust;
  const aheadMs = ledger.clock - time;
  if (aheadMs <= maxSkewMs) return undefined;
  return `the budget's clock is ${Math.round(aheadMs / 1000)} s ahead of the trusted time: an operator must call ResetClock`;
}

function decideNow(
  ledger: Ledger,
  request: Exclude<BudgetRequest, { kind: 'reset-clock' }>,
  { evidence, retentionMonths }: Circumstances,
  distrust: string | undefined,
): Outcome | NeedsLookup {
  if (ledger.slots.waiting > 0) closeAsked(ledger, request);
  switch (request.kind) {
    case 'acquire':
      return acquire(ledger, request, evidence, distrust);
    case 'renew':
      return renew(ledger, request, evidence);
    case 'record':
      return record(ledger, request, evidence);
    case 'record-unleased':
      return recordUnleased(ledger, request, evidence);
    case 'release':
      return release(ledger, request, evidence);
    case 'take-up-session':
      return takeUpSession(ledger, request);
    case 'get-lease':
      return getLease(ledger, request, evidence);
    case 'get-availability':
      return getAvailability(ledger, request);
    case 'get-snapshot':
      return { kind: 'snapshot', snapshot: snapshotOf(ledger) };
    case 'get-changes':
      return changesOf(ledger);
    case 'put-policy':
      return putPolicy(ledger, request, evidence, retentionMonths);
    case 'pause':
      return pause(ledger, request);
    case 'resume':
      return resume(ledger);
    case 'delete-budget':
      return deleteBudget(ledger, request);
    case 'revoke':
      return revoke(ledger, request, evidence);
    case 'adjust':
      return adjust(ledger, request, evidence, retentionMonths);
    case 'add-top-up':
      return addTopUp(ledger, request, evidence);
    case 'end-top-up':
      return endTopUp(ledger, request, evidence);
    case 'acknowledge-alert':
      return acknowledgeAlert(ledger, request);
    case 'silence-alerts':
      return silenceAlerts(ledger, request);
    case 'undo-grant':
      return undoGrant(ledger, request);
    default:
      return housekeeping(ledger, request);
  }
}

function housekeeping(
  ledger: Ledger,
  request: Extract<BudgetRequest, { kind: Exclude<OwnKind, 'undo-grant'> }>,
): Outcome | NeedsLookup {
  switch (request.kind) {
    case 'keep-leases':
      return keepLeases(ledger, request);
    case 'break-sessions':
      return breakSessions(ledger, request);
    case 'drop-written':
      dropWritten(ledger, request);
      break;
    case 'mark-refused':
      if (request.epoch === ledger.epoch) for (const day of request.days) markRefused(ledger, day);
      break;
    case 'report-denials':
      reportDenials(ledger, request);
      break;
    case 'claim-deliveries':
      claimDeliveries(ledger, request);
      break;
    case 'record-deliveries':
      recordDeliveries(ledger, request);
      break;
    case 'sweep':
  }
  return { kind: 'done' };
}

/** Of a budget that never was, or that is deleted: only its creation, and writing out what is left of it. */
function decideAbsent(
  ledger: Ledger,
  request: BudgetRequest,
  { time, distrust, evidence }: Circumstances,
): Outcome | NeedsLookup {
  if (distrust === undefined) ledger.clock = Math.max(ledger.clock, time);
  switch (request.kind) {
    case 'put-policy':
      if (distrust !== undefined) return refused({ reason: 'CLOCK_NOT_TRUSTED', detail: distrust });
      return putPolicy(ledger, request, evidence);
    case 'delete-budget':
      if (ledger.deleted) return { kind: 'deleted' };
      break;
    case 'get-changes':
      if (ledger.deleted) return changesOf(ledger);
      break;
    case 'claim-deliveries':
    case 'record-deliveries':
    case 'sweep':
    case 'drop-written':
    case 'mark-refused':
      closeOver(ledger);
      return ledger.deleted ? housekeeping(ledger, request) : { kind: 'done' };
    default:
  }
  if ('lease' in request) return refused({ reason: 'LEASE_NOT_FOUND', leaseId: request.lease.leaseId });
  return refused({ reason: 'BUDGET_NOT_FOUND', budgetId: ledger.budgetId });
}
