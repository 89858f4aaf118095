import { putReceipt } from './leases/closing.js';
import { findReceipt, unknownReceipts } from './ledger/lease-lookup.js';
import type { Ledger } from './ledger/ledger.js';
import { outboxRefusal } from './ledger/outbox.js';
import { standingOf } from './ledger/standing.js';
import { addedToMonth } from './ledger/top-up-table.js';
import { endedAt, hasTooMany, viewOfTopUp } from './ledger/top-ups.js';
import { dayOfMonthInWindow, monthInWindow } from './ledger/topped.js';
import { MAX_STATE_BYTES, MAX_TOP_UP_MS, MAX_TOP_UPS } from './model/limits.js';
import { type FieldViolation, type NeedsLookup, type OutcomeOf, refused } from './model/outcomes.js';
import { topUpReceiptId } from './model/receipt-id.js';
import type { AddTopUpRequest, EndTopUpRequest, Evidence } from './model/requests.js';
import type { AddedTopUp, StoredTopUp } from './model/state.js';
import { moment } from './model/wording.js';

/** What operators do with top-ups. */

/** Adds one, once per id: a repeat finds it, also when it has ended since. */
export function addTopUp(
  ledger: Ledger,
  request: AddTopUpRequest,
  evidence: Evidence,
): OutcomeOf['add-top-up'] | NeedsLookup {
  const { topUpId, fingerprint } = request;
  const receiptId = topUpReceiptId(ledger.epoch, topUpId);
  const known = ledger.topUps.get(topUpId) ?? addedBefore(ledger, receiptId, evidence);
  if (known === 'unknown') return unknownReceipts(receiptId);
  if (known !== undefined) {
    if (known.fingerprint !== fingerprint)
      return refused({ reason: 'ID_REUSED', field: 'top_up_id', id: topUpId });
    return { kind: 'top-up', topUp: viewOfTopUp(ledger, topUpId, known), replayed: true };
  }
  const violation = timeViolation(ledger, request) ?? teamViolation(ledger, request);
  if (violation !== undefined) return refused({ reason: 'INVALID_FIELD', violations: [violation] });
  if (hasTooMany(ledger)) return refused({ reason: 'TOO_MANY_TOP_UPS', most: MAX_TOP_UPS });
  const { bytes } = ledger.tables;
  if (bytes > MAX_STATE_BYTES) return refused({ reason: 'STATE_FULL', bytes });
  const full = outboxRefusal(ledger);
  if (full !== undefined) return refused(full);
  const topUp = newTopUp(ledger, request);
  putReceipt(ledger, receiptId, { kind: 'top-up', topUp });
  ledger.setTopUp(topUpId, topUp);
  return { kind: 'top-up', topUp: viewOfTopUp(ledger, topUpId, topUp), replayed: false };
}

/** One that has left the state has ended: by its time, or before. */
function addedBefore(
  ledger: Ledger,
  receiptId: string,
  evidence: Evidence,
): StoredTopUp | undefined | 'unknown' {
  const receipt = findReceipt(ledger, receiptId, evidence);
  if (receipt === undefined || receipt === 'unknown') return receipt;
  const { topUp } = receipt.body as AddedTopUp;
  return endedAt(ledger, topUp) === undefined ? { ...topUp, endedAt: ledger.clock } : topUp;
}

function newTopUp({ month, clock }: Ledger, request: AddTopUpRequest): StoredTopUp {
  const { of: kind, tokens, reason, aiId, teamId, expiresAt, fingerprint } = request;
  const added = { kind, tokens, reason, addedAt: clock, fingerprint };
  if (kind === 'LARGER_MONTH') return { ...added, month: request.month ?? month.key };
  return {
    ...added,
    ...(aiId !== undefined && { aiId }),
    ...(teamId !== undefined && { teamId }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** What only the budget's policy can tell. */
function teamViolation({ policy }: Ledger, { teamId }: AddTopUpRequest): FieldViolation | undefined {
  if (teamId === undefined || policy.teams.has(teamId)) return undefined;
  return { field: 'team_id', description: `must be one of the policy's teams; there is no ${teamId}` };
}

/** What only the budget's own calendar can tell. */
function timeViolation(
  { clock, month: present }: Ledger,
  { of, expiresAt = 0, month = present.key }: AddTopUpRequest,
): FieldViolation | undefined {
  if (of === 'LARGER_MONTH') {
    if (month >= present.key) return undefined;
    return {
      field: 'month',
      description: `must be this month, ${present.key}, or a later one; it is ${month}`,
    };
  }
  if (expiresAt > clock && expiresAt <= clock + MAX_TOP_UP_MS) return undefined;
  const span = `after ${moment(clock)} and at most 92 days later`;
  return { field: 'expires_at', description: `must be ${span}; it is ${moment(expiresAt)}` };
}

/** Ends one now. Of one that has ended it changes nothing, also when it has left the state. */
export function endTopUp(
  ledger: Ledger,
  { topUpId }: EndTopUpRequest,
  evidence: Evidence,
): OutcomeOf['end-top-up'] | NeedsLookup {
  const receiptId = topUpReceiptId(ledger.epoch, topUpId);
  const before = ledger.topUps.get(topUpId) ?? addedBefore(ledger, receiptId, evidence);
  if (before === 'unknown') return unknownReceipts(receiptId);
  if (before === undefined) return refused({ reason: 'TOP_UP_NOT_FOUND', topUpId });
  const viewBefore = viewOfTopUp(ledger, topUpId, before);
  if (endedAt(ledger, before) !== undefined)
    return { kind: 'top-up', topUp: viewBefore, before: viewBefore, replayed: true };
  const after = {
    ...before,
    endedAt: ledger.clock,
    ...(before.kind === 'LARGER_MONTH' && {
      takenBack: Math.min(addedToMonth(before), mayBeTakenBack(ledger, before)),
    }),
  };
  ledger.setTopUp(topUpId, after);
  return { kind: 'top-up', topUp: viewOfTopUp(ledger, topUpId, after), before: viewBefore, replayed: false };
}

/**
 * What is left of the month beyond the minimums of its days, `S - B - m x days left`: so the end of a top-up takes nothing that was
 * handed out or promised. Today's part is what today has taken, where that is more than its minimum: else the days after it would
 * pay for it. Of a month to come nothing is.
 */
function mayBeTakenBack(ledger: Ledger, { month }: StoredTopUp): number {
  if (month !== ledger.month.key) return Number.POSITIVE_INFINITY;
  const { allowance, tables, today, daysLeft } = ledger;
  const { day, month: ofMonth } = standingOf(ledger);
  const taken = monthInWindow(tables) + ofMonth.reserved;
  const takenToday = dayOfMonthInWindow(tables, today.day) + day.reserved;
  const forToday = Math.max(allowance.dailyMin, takenToday);
  const earlier = taken - takenToday;
  return Math.max(0, allowance.grantable - earlier - forToday - allowance.dailyMin * (daysLeft - 1));
}
