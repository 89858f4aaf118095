import { nextTakeOver } from './alerts/alert-deliveries.js';
import { endsWithDay, mayEndByTime, nextNoticeEnd } from './alerts/alerts.js';
import { reportEndsAt } from './alerts/denial-rate.js';
import { firstSilenceEnd } from './alerts/silences.js';
import type { Ledger } from './ledger/ledger.js';
import type { StoredAlert } from './model/state.js';

/** How long a replica has to write out what it committed, before another takes that over. */
export const WRITE_OUT_MS = 5_000;

/** Of a deleted budget's alerts nothing stays once their sinks have been told. */
const FORGET_MS = 60_000;

/** When somebody must next look at this budget although nobody asks; undefined if never. */
export function nextWake(ledger: Ledger): number | undefined {
  const { tables, clock, wakeAt } = ledger;
  if (ledger.slots.waiting > 0) return clock;
  let earliest = ledger.slots.firstExpiry()?.expiresAt ?? Number.POSITIVE_INFINITY;
  if (tables.outbox.size > 0 || tables.changes.size > 0 || hasUnwrittenDay(ledger)) {
    // The earlier promise stands: a budget that is busy all the time must not put it off for ever.
    const promised = wakeAt !== undefined && wakeAt > clock ? wakeAt : Number.POSITIVE_INFINITY;
    earliest = Math.min(earliest, promised, clock + WRITE_OUT_MS);
  }
  earliest = Math.min(earliest, nextTakeOver(ledger));
  if (ledger.deleted && tables.alerts.size > 0) earliest = Math.min(earliest, clock + FORGET_MS);
  for (const [day, totals] of tables.days.entries()) {
    if (!ledger.slots.holdsDay(day)) earliest = Math.min(earliest, Math.max(totals.end, totals.settleUntil));
  }
  if (tables.topUps.size > 0) earliest = Math.min(earliest, Math.max(clock, ledger.topUps.lookAt));
  // Who was told that it began wants to be told that it is over, also if nobody asks for a slot any more.
  if (ledger.exists && hasMark(ledger, mayEndByTime)) earliest = Math.min(earliest, ledger.hour.end);
  if (ledger.exists) earliest = Math.min(earliest, Math.max(clock, firstSilenceEnd(ledger.silences)));
  if (ledger.exists) earliest = Math.min(earliest, Math.max(clock, reportEndsAt(ledger.denialRate)));
  if (ledger.exists) earliest = Math.min(earliest, nextNoticeEnd(tables.alerts.values()));
  // A month in use wants its days closed and graded, also those on which nothing happens; and the last day of one is graded in the next.
  const wantsDayClosed = tables.monthSpent > 0 || hasMark(ledger, endsWithDay);
  if (ledger.exists && wantsDayClosed) earliest = Math.min(earliest, ledger.today.end);
  return Number.isFinite(earliest) ? earliest : undefined;
}

function hasMark({ tables: { alerts } }: Ledger, is: (mark: StoredAlert) => boolean): boolean {
  for (const mark of alerts.values()) if (is(mark)) return true;
  return false;
}

function hasUnwrittenDay(ledger: Ledger): boolean {
  for (const [day, totals] of ledger.tables.days.entries()) {
    if (totals.changedAt > (ledger.writtenDays.get(day) ?? 0)) return true;
  }
  return false;
}
