import { advance } from './advance.js';
import { isHappening } from './alerts/alert-deliveries.js';
import type { Ledger } from './ledger/ledger.js';
import { learnPastDays, unlearnedBefore } from './ledger/past-days.js';
import { forgetFuture } from './ledger/request-memory.js';
import { bringBackDay, closedBefore, enterMonth, missingDays } from './ledger/returning-days.js';
import type { NeedsLookup, OutcomeOf } from './model/outcomes.js';
import type { Evidence } from './model/requests.js';
import { dropLaterRollovers } from './rollover.js';
import { dayBefore, firstDayOf } from './time/calendar.js';
import { dayAt, monthAt } from './time/windows.js';

/**
 * Sets the budget's clock to the trusted time. What was counted under the wrong time stays where it was counted; what would
 * now last too long because it was granted in the future is brought down to what it would be if granted now.
 */
export function resetClock(
  ledger: Ledger,
  trusted: number,
  evidence: Evidence,
): OutcomeOf['reset-clock'] | NeedsLookup {
  const before = ledger.clock;
  if (trusted >= before) {
    const needs = advance(ledger, trusted, evidence);
    if (needs !== undefined) return needs;
    takeAlong(ledger, before);
    return { kind: 'clock-reset', before, after: trusted };
  }
  const sameMonth = trusted >= ledger.month.start;
  const month = sameMonth ? ledger.month : monthAt(ledger.zone, trusted);
  const today = dayAt(ledger.zone, month, trusted);
  const needed = sameMonth ? missingIfOpened(ledger, today.day) : missingDays(ledger, month.key);
  // Yesterday is then of the month before, and known from its document alone.
  if (today.day === firstDayOf(month.key)) needed.push(dayBefore(today.day));
  needed.push(...unlearnedBefore(ledger, today.day));
  const unknown = needed.filter((day) => !evidence.days.has(day));
  if (unknown.length > 0) return { kind: 'unknown', receiptIds: [], days: [...new Set(unknown)] };
  ledger.clock = trusted;
  if (!sameMonth) {
    enterMonth(ledger, ledger.zone, month, evidence);
    dropLaterRollovers(ledger);
  } else if (today.day === firstDayOf(month.key)) ledger.closedDay = closedBefore(ledger, month, evidence);
  ledger.hour = { start: 0, end: 0 };
  ledger.moveTo(trusted);
  learnPastDays(ledger, evidence);
  if (evidence.days.get(today.day) !== undefined) bringBackDay(ledger, today.day, evidence);
  ledger.slots.reviveAll();
  shortenLeases(ledger);
  forgetFuture(ledger);
  takeAlong(ledger, before);
  ledger.loosened += 1;
  ledger.touchHead();
  return { kind: 'clock-reset', before, after: trusted };
}

/** What has happened in this commit is told by it, by the time that it ends with. */
function takeAlong({ tables: { alerts }, clock }: Ledger, before: number): void {
  for (const key of alerts.changedKeys()) {
    const mark = alerts.get(key);
    if (mark?.untold && isHappening(mark) && mark.raisedAt === before)
      alerts.set(key, { ...mark, raisedAt: clock, endedAt: clock });
  }
}

function missingIfOpened({ lastOpenedDay, tables }: Ledger, day: string): string[] {
  return day <= lastOpenedDay && !tables.days.has(day) ? [day] : [];
}

function shortenLeases(ledger: Ledger): void {
  const { clock, policy } = ledger;
  for (const lease of [...ledger.tables.leases.values()]) {
    const expiresAt = Math.min(lease.expiresAt, clock + lease.ttlMs);
    const renewableUntil = Math.min(lease.renewableUntil, clock + policy.maxLeaseDurationMs);
    if (expiresAt === lease.expiresAt && renewableUntil === lease.renewableUntil) continue;
    ledger.setLease(lease.fence, { ...lease, expiresAt, renewableUntil });
  }
}
