import { isHappening } from './alerts/alert-deliveries.js';
import { endedForGood, toldOf } from './alerts/notices.js';
import { changesRefusal } from './changes/record-change.js';
import { closeOver } from './leases/closing.js';
import { forgetLapsed } from './ledger/kept-windows.js';
import { type Ledger, NO_MONTH } from './ledger/ledger.js';
import { windowStatuses } from './ledger/standing.js';
import {
  AGAIN,
  type BudgetDeleted,
  type BudgetPut,
  type BudgetView,
  type NeedsLookup,
  type Refusal,
  type Refused,
  refused,
} from './model/outcomes.js';
import { type Policy, type PolicyFields, policyInForce } from './model/policy.js';
import type { DeleteBudgetRequest, Evidence, PauseRequest, PutPolicyRequest } from './model/requests.js';
import type { WindowStatus } from './model/types.js';
import { capsInForce } from './policy/caps-in-force.js';
import { changedPolicy, isRefused, samePolicy } from './policy/policy-update.js';
import { policyWarnings } from './policy/policy-warnings.js';
import { aisOfMonth } from './policy/scope-warnings.js';
import { monthOfDay } from './time/calendar.js';
import { highest } from './time/tidy-mark.js';
import { calendarMonth, monthAt } from './time/windows.js';
import { unitInUse, useUnit } from './unit-change.js';

/** What operators set: the policy, the pause, and whether there is such a budget at all. */

export function viewOfBudget(ledger: Ledger): BudgetView {
  const { budgetId, policyFields, policy, pause, createdAt, zone } = ledger;
  return {
    ...{ budgetId, policyFields, policy, createdAt, zone },
    etag: String(ledger.policyRevision),
    ...(pause === undefined ? {} : { pause }),
  };
}

function put(ledger: Ledger, before?: BudgetView): BudgetPut {
  const budget = viewOfBudget(ledger);
  const warnings = policyWarnings(budget.policyFields, before && aisOf(ledger, budget.policy));
  return { kind: 'budget', budget, warnings, ...(before && { before }) };
}

/** Of the month under way; where no team asks for them, none. */
function aisOf({ tables, month }: Ledger, policy: Policy): string[] | undefined {
  if (policy.teams.size === 0) return undefined;
  const grants = Array.from(tables.ais.entries(), ([aiId, { lastGrantAt }]) => [aiId, lastGrantAt] as const);
  return aisOfMonth(tables.monthAis.keys(), grants, month);
}

function changed(ledger: Ledger, before?: BudgetView): BudgetPut {
  ledger.note({ kind: 'changed', at: ledger.clock, budget: viewOfBudget(ledger) });
  return put(ledger, before);
}

/** Creates a budget or changes its policy. Content equal to the current is OK, whatever the etag. */
export function putPolicy(
  ledger: Ledger,
  request: PutPolicyRequest,
  evidence: Evidence,
  retentionMonths?: number,
): BudgetPut | Refused | NeedsLookup {
  const misplaced = presenceRefusal(ledger, request);
  if (misplaced !== undefined) return refused(misplaced);
  const before = ledger.exists ? viewOfBudget(ledger) : undefined;
  if (before !== undefined && request.onlyCreate) return put(ledger, before);
  const fields = changedPolicy(before?.policyFields ?? {}, request);
  if (isRefused(fields)) return fields;
  const same = before !== undefined && samePolicy(fields, before.policyFields);
  if (!same && request.etag !== undefined && request.etag !== before?.etag) {
    return refused({ reason: 'ETAG_MISMATCH', current: before?.etag ?? '' });
  }
  const inUse = before && unitInUse(ledger, fields, evidence, retentionMonths);
  if (inUse !== undefined) return 'reason' in inUse ? refused(inUse) : inUse;
  const windows = before && windowsOf(ledger, fields);
  if (request.validateOnly) return { ...wouldPut(ledger, fields, before), ...(windows && { windows }) };
  if (same) return { ...put(ledger, before), ...(windows && { windows }) };
  const full = changesRefusal(ledger);
  if (full !== undefined) return refused(full);
  // Its last leases are closed first, as its policy says and not as the new one does.
  closeOver(ledger);
  if (ledger.slots.waiting > 0) return AGAIN;
  if (before === undefined && hasUnwrittenDays(ledger))
    return { kind: 'unknown', receiptIds: [], days: [], writeOut: true };
  if (before === undefined) create(ledger);
  ledger.setPolicy(fields);
  if (before !== undefined && before.policy.unit !== ledger.policy.unit) useUnit(ledger);
  forgetLapsed(ledger);
  useZoneIfUnused(ledger);
  // Nothing is to be learned of days before there was such a budget.
  if (before === undefined) ledger.learnedFor = ledger.today.day;
  return { ...changed(ledger, before), ...(windows && { windows }) };
}

/** Whether the budget is there that must be, or is not that must not. */
function presenceRefusal(ledger: Ledger, { presence, etag }: PutPolicyRequest): Refusal | undefined {
  const { exists, budgetId } = ledger;
  if (exists && presence === 'absent') return { reason: 'BUDGET_EXISTS', budgetId };
  // An etag was read from a budget that is no longer there.
  const wanted = presence === 'present' || etag !== undefined;
  return !exists && wanted ? { reason: 'BUDGET_NOT_FOUND', budgetId } : undefined;
}

/** What a change of policy would answer. */
function wouldPut(ledger: Ledger, fields: PolicyFields, before: BudgetView | undefined): BudgetPut {
  const policy = policyInForce(fields);
  const { budgetId, clock } = ledger;
  const unborn = { budgetId, etag: '', createdAt: clock, zone: policy.timeZone };
  const budget = { ...(before ?? unborn), policyFields: fields, policy };
  const warnings = policyWarnings(fields, before && aisOf(ledger, policy));
  return { kind: 'budget', budget, warnings, ...(before && { before }) };
}

function windowsOf(ledger: Ledger, fields: PolicyFields): NonNullable<BudgetPut['windows']> {
  const before = windowStatuses(ledger);
  return { before, after: windowsUnder(ledger, fields, before) };
}

/** The windows as they stand, with the caps of another policy. */
function windowsUnder(
  ledger: Ledger,
  fields: PolicyFields,
  windows: readonly WindowStatus[],
): WindowStatus[] {
  const { month, today, clock: now, zone, pace } = ledger;
  const larger = ledger.topUps.largerBy(month.key);
  const figures = { month, today, now, windows, larger, budget: { zone }, experience: pace.experience };
  const caps = capsInForce(policyInForce(fields), figures);
  return windows.map((window) => {
    const cap = caps[window.kind].tokens;
    return { ...window, cap, available: Math.max(0, cap - window.spent - window.reserved) };
  });
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
  ledger.learnedFor = undefined;
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
export function pause(ledger: Ledger, { reason, principal }: PauseRequest): BudgetPut {
  const before = viewOfBudget(ledger);
  if (ledger.pause !== undefined) return put(ledger, before);
  ledger.setPause({ reason, at: ledger.clock, ...(principal !== undefined && { principal }) });
  return changed(ledger, before);
}

export function resume(ledger: Ledger): BudgetPut {
  const before = viewOfBudget(ledger);
  if (ledger.pause === undefined) return put(ledger, before);
  ledger.setPause(undefined);
  return changed(ledger, before);
}

/**
 * Leaves a tombstone, on which epoch, fence, revision and clock go on rising. What is not yet written out stays until it is.
 */
export function deleteBudget(ledger: Ledger, { force, etag }: DeleteBudgetRequest): BudgetDeleted | Refused {
  if (ledger.deleted) return { kind: 'deleted' };
  if (etag !== undefined && etag !== String(ledger.policyRevision)) {
    return refused({ reason: 'ETAG_MISMATCH', current: String(ledger.policyRevision) });
  }
  if (ledger.slots.live > 0 && !force) return refused({ reason: 'LEASES_LIVE', count: ledger.slots.live });
  const full = changesRefusal(ledger);
  if (full !== undefined) return refused(full);
  const before = viewOfBudget(ledger);
  ledger.deleted = true;
  // A few in each commit: those to come find a deleted budget, and its leases over.
  ledger.slots.retireAll(ledger.policy.onExpiry === 'CHARGE');
  const { tables } = ledger;
  tables.ais.reset();
  tables.dropMonth();
  tables.pastDays.reset();
  tables.dropHour();
  tables.lapsed.reset();
  tables.aisByGrant.clear();
  ledger.topUps.clear();
  closeOver(ledger);
  ledger.pause = undefined;
  ledger.setSilences({});
  ledger.setDenialRate(undefined);
  ledger.policyFields = {};
  endAlerts(ledger);
  ledger.closedDay = undefined;
  // Those who wait for a slot of it hear that there is none.
  ledger.loosened += 1;
  ledger.touchHead();
  return { kind: 'deleted', before };
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
    const alert = endedForGood(mark, clock);
    if (toldOf(mark).endedAt === undefined) ledger.note({ kind: 'alert', at: clock, alert, change: 'ENDED' });
    // Of an event just now nobody has been noted yet.
    const isNew = isHappening(mark) && mark.raisedAt === clock;
    const kept = isNew ? { ...alert, untold: true as const } : alert;
    if (isNew || mark.deliveries !== undefined) alerts.set(`${key} ${epoch}`, { ...kept, epoch });
  }
}
