import { ownHours } from './ledger/day-copy.js';
import type { Ledger } from './ledger/ledger.js';
import type { NeedsLookup, Refusal } from './model/outcomes.js';
import type { PolicyFields } from './model/policy.js';
import type { Evidence } from './model/requests.js';
import { TOKENS } from './model/unit.js';
import { dayIn, daysInMonth, firstDayKept, monthBefore, monthOfDay } from './time/calendar.js';
import { monthAt } from './time/windows.js';

/**
 * What was counted in one unit means nothing in another. So a budget keeps its own while anything counts in it: a lease, a top-up, or a
 * month within the retention.
 */
export function unitInUse(
  ledger: Ledger,
  { unit: asked = TOKENS }: PolicyFields,
  evidence: Evidence,
  retentionMonths: number | undefined,
): Refusal | NeedsLookup | undefined {
  const { unit } = ledger.policy;
  if (asked === unit) return undefined;
  const { live, waiting } = ledger.slots;
  if (live + waiting > 0) return { reason: 'UNIT_IN_USE', unit, asked };
  const [topUpId] = ledger.tables.topUps.keys();
  if (topUpId !== undefined) return { reason: 'UNIT_IN_USE', unit, asked, topUpId };
  const used = usedMonth(ledger, evidence, retentionMonths);
  if (typeof used !== 'string') return used;
  return { reason: 'UNIT_IN_USE', unit, asked, month: used };
}

/**
 * The newest month with usage. Months that the state does not count are looked up one after the other: all that is read of many is
 * that nothing was used in them.
 */
function usedMonth(
  { tables, month, lastOpenedDay, createdAt, zone }: Ledger,
  { days }: Evidence,
  retentionMonths: number | undefined,
): string | NeedsLookup | undefined {
  if (tables.monthSpent > 0) return month.key;
  for (const [day, { total }] of tables.days.entries()) if (total > 0) return monthOfDay(day);
  // Without a retention those before the budget was there are left out, though an adjustment may have brought something in.
  const first =
    retentionMonths === undefined ? monthAt(zone, createdAt).key : firstDayKept(month.key, retentionMonths);
  for (let key = monthOfDay(lastOpenedDay); key >= monthOfDay(first) && key !== ''; key = monthBefore(key)) {
    if (key === month.key) continue;
    const names = Array.from({ length: daysInMonth(key) }, (_, at) => dayIn(key, at + 1));
    const closed = names.filter((day) => day <= lastOpenedDay && !tables.days.has(day));
    const unknown = closed.filter((day) => !days.has(day));
    if (unknown.length > 0) return { kind: 'unknown', receiptIds: [], days: unknown };
    if (closed.some((day) => (days.get(day)?.total ?? 0) > 0)) return key;
  }
  return undefined;
}

/** Days that are open, and in which nothing was used, count in the new unit from now on; coming ones are not planned by older ones. */
export function useUnit({ tables, policy, nextRevision, pace }: Ledger): void {
  tables.pastDays.reset();
  pace.forget();
  const unit = policy.unit === TOKENS ? undefined : policy.unit;
  for (const [day, totals] of [...tables.days.entries()]) {
    if (totals.unit === unit) continue;
    const { unit: _, ...rest } = totals;
    const hours = ownHours(rest.hours);
    tables.days.set(day, { ...rest, hours, changedAt: nextRevision, ...(unit !== undefined && { unit }) });
  }
}
