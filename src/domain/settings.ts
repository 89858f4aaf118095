import { isHappening } from './alert-deliveries.js';
import { closeOver } from './closing.js';
import { type Ledger, NO_MONTH } from './ledger.js';
import { AGAIN, type BudgetPut, type BudgetView, type Done, type Refused, type Unknown } from './outcomes.js';
import { changedPolicy, isRefused } from './policy-preview.js';
import { samePolicy } from './policy-update.js';
import { policyWarnings } from './policy-warnings.js';
import { refused } from './refused.js';
import type { DeleteBudgetRequest, PauseRequest, PutPolicyRequest } from './requests.js';
import { highest } from './tidy-mark.js';
import { calendarMonth, monthAt, monthOfDay } from './windows.js';

/** What operators set: the policy, the pause, and whether there is such a budget at all. */

export function viewOfBudget(ledger: Ledger): BudgetView {
  const { budgetId, policyFields, policy, pause, createdAt, zone } = ledger;
  return {
    ...{ budgetId, policyFields, policy, createdAt, zone },
    etag: String(ledger.policyRevision),
    ...(pause === undefined ? {} : { pause }),
  };
}

function put(ledger: Ledger): BudgetPut {
  return { kind: 'budget', budget: viewOfBudget(ledger), warnings: policyWarnings(ledger.policy) };
}

function changed(ledger: Ledger): BudgetPut {
  ledger.note({ kind: 'changed', at: ledger.clock, budget: viewOfBudget(ledger) });
  return put(ledger);
}

/** Creates a budget or changes its policy. Content equal to the current is OK, whatever the etag. */
export function putPolicy(ledger: Ledger, request: PutPolicyRequest): BudgetPut | Refused | Unknown {
  if (ledger.exists && request.onlyCreate) return put(ledger);
  const current = ledger.exists ? ledger.policyFields : {};
  const fields = changedPolicy(current, request);
  if (isRefused(fields)) return fields;
  if (ledger.exists && samePolicy(fields, ledger.policyFields)) return put(ledger);
  const etag = ledger.exists ? String(ledger.policyRevision) : '';
  if (request.etag !== undefined && request.etag !== etag) {
    return refused({ reason: 'ETAG_MISMATCH', current: etag });
  }
  // Its last leases are closed first, as its policy says and not as the new one does.
  closeOver(ledger);
  if (ledger.slots.waiting > 0) return AGAIN;
  if (!ledger.exists && hasUnwrittenDays(ledger))
    return { kind: 'unknown', receiptIds: [], days: [], writeOut: true };
  if (!ledger.exists) create(ledger);
  ledger.setPolicy(fields);
  useZoneIfUnused(ledger);
  return changed(ledger);
}

/** A budget begins, or begins again with the next epoch: what was granted before it can never be taken for its own. */
function create(ledger: Ledger): void {
  const above = highest(ledger.above, ledger);
  ledger.epoch = above.epoch + 1;
  ledger.fence = above.fence;
  ledger.revision = above.revision;
  ledger.deleted = false;
  ledger.createdAt = ledger.clock;
  ledger.month = NO_MONTH;
  ledger.lastOpenedDay = '';
  ledger.closedDay = undefined;
  ledger.tables.dropDays();
  ledger.writtenDays.clear();
  ledger.daysDroppedAt = ledger.nextRevision;
  ledger.touchHead();
}

/** Days that a deletion left behind belong to the epoch before: they must not be taken for days of the new one. */
function hasUnwrittenDays({ tables, writtenDays }: Ledger): boolean {
  for (const [day, { changedAt }] of tables.days.entries()) {
    if (changedAt > (writtenDays.get(day) ?? 0)) return true;
  }
  return false;
}

/** Windows cannot be moved under usage that was counted in them: a changed zone then waits for the next month. */
function useZoneIfUnused(ledger: Ledger): void {
  const { month } = ledger;
  const { timeZone } = ledger.policy;
  const begun = month.key !== '';
  if (begun && (ledger.zone === timeZone || isMonthUsed(ledger))) return;
  const natural = monthAt(timeZone, ledger.clock);
  // Where the new calendar still shows the month before, that one is over all the same: it has usage and documents.
  const over = natural.key < month.key;
  ledger.zone = timeZone;
  ledger.month = over ? { ...calendarMonth(timeZone, month.key), start: month.start } : natural;
  ledger.hour = { start: 0, end: 0 };
  ledger.today = { day: '', start: 0, end: 0 };
  ledger.moveTo(ledger.clock);
  ledger.touchHead();
}

function isMonthUsed({ tables, slots, month }: Ledger): boolean {
  if (tables.monthSpent !== 0 || slots.live > 0) return true;
  return [...tables.days.keys()].some((day) => monthOfDay(day) === month.key);
}

/** Stops new grants. Pausing a paused budget keeps the first reason. */
export function pause(ledger: Ledger, { reason }: PauseRequest): BudgetPut {
  if (ledger.pause !== undefined) return put(ledger);
  ledger.setPause({ reason, at: ledger.clock });
  return changed(ledger);
}

export function resume(ledger: Ledger): BudgetPut {
  if (ledger.pause === undefined) return put(ledger);
  ledger.setPause(undefined);
  return changed(ledger);
}

/**
 * Leaves a tombstone, on which epoch, fence, revision and clock go on rising. What is not yet written out stays until it is.
 */
export function deleteBudget(ledger: Ledger, { force, etag }: DeleteBudgetRequest): Done | Refused {
  if (ledger.deleted) return { kind: 'done' };
  if (etag !== undefined && etag !== String(ledger.policyRevision)) {
    return refused({ reason: 'ETAG_MISMATCH', current: String(ledger.policyRevision) });
  }
  if (ledger.slots.live > 0 && !force) return refused({ reason: 'LEASES_LIVE', count: ledger.slots.live });
  ledger.deleted = true;
  // A few in each commit: those to come find a deleted budget, and its leases over.
  ledger.slots.retireAll(ledger.policy.onExpiry === 'CHARGE');
  const { tables } = ledger;
  tables.ais.reset();
  for (const table of [tables.dayTotals, tables.monthAis, tables.monthModels]) table.reset();
  tables.aisByGrant.clear();
  tables.monthSpent = 0;
  closeOver(ledger);
  ledger.pause = undefined;
  ledger.policyFields = {};
  endAlerts(ledger);
  ledger.closedDay = undefined;
  // Those who wait for a slot of it hear that there is none.
  ledger.loosened += 1;
  ledger.touchHead();
  return { kind: 'done' };
}

/**
 * With a budget ends all that was wrong with it, and whoever was told that it began is told that. Until then the mark stays,
 * under a key of its own: it must not stand for what the next budget of this name raises.
 */
function endAlerts(ledger: Ledger): void {
  const { tables, epoch, clock } = ledger;
  const { alerts } = tables;
  for (const [key, mark] of [...alerts.entries()]) {
    if (mark.epoch !== undefined) continue;
    alerts.delete(key);
    const alert = { ...mark, endedAt: mark.endedAt ?? clock };
    if (mark.endedAt === undefined) ledger.note({ kind: 'alert', at: clock, alert });
    // Of an event just now nobody has been noted yet.
    const concerns = mark.deliveries !== undefined || (isHappening(mark) && mark.raisedAt === clock);
    if (concerns) alerts.set(`${key} ${epoch}`, { ...alert, epoch });
  }
}
