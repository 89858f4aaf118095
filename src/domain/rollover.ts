import type { Ledger } from './ledger/ledger.js';
import { missingDays } from './ledger/returning-days.js';
import { unspentInWindows } from './ledger/slots.js';
import { inMonth } from './ledger/standing.js';
import { inWindow, monthInWindow } from './ledger/topped.js';
import type { Evidence } from './model/requests.js';
import { ROLLOVER } from './model/reserved-names.js';
import type { MonthWindow } from './model/state.js';
import { rolledOver } from './policy/allowance.js';
import { monthBefore, monthOfDay } from './time/calendar.js';
import { calendarMonth } from './time/windows.js';

/** What a month leaves to the next, as a top-up of that month: once, when it begins. */

/** Days of the month before that must be looked up first, where that is not the one that ends: it was in use under a wrong clock. */
export function missingForRollover(ledger: Ledger, next: MonthWindow): string[] {
  if (ledger.policy.rolloverMaxPercent === 0) return [];
  const before = monthBefore(next.key);
  return before === ledger.month.key ? [] : missingDays(ledger, before);
}

/** What `next`, which begins now, is larger by. The ledger still stands in the month that it left. */
export function rolloverTo(ledger: Ledger, next: MonthWindow, evidence: Evidence): number {
  const { policy, month, createdAt } = ledger;
  if (policy.rolloverMaxPercent === 0) return 0;
  const key = monthBefore(next.key);
  const start = key === month.key ? month.start : calendarMonth(policy.timeZone, key).start;
  return createdAt > start
    ? 0
    : rolledOver(policy, spentIn(ledger, key, evidence) + reservedIn(ledger, key, next.start));
}

function spentIn({ tables, month }: Ledger, key: string, { days }: Evidence): number {
  if (key === month.key) return monthInWindow(tables);
  let spent = 0;
  for (const [day, totals] of tables.days.entries()) if (monthOfDay(day) === key) spent += inWindow(totals);
  for (const [day, document] of days) {
    if (monthOfDay(day) === key && !tables.days.has(day)) spent += inWindow(document);
  }
  return spent;
}

/** What leases hold that were granted in it. One that was over by its end, and refunded, held nothing more, however late somebody looks. */
function reservedIn({ slots, policy }: Ledger, key: string, end: number): number {
  let reserved = slots.reserved(inMonth(key));
  if (policy.onExpiry === 'CHARGE') return reserved;
  for (const lease of slots.leasesLive()) {
    if (monthOfDay(lease.day) === key && lease.expiresAt <= end) reserved -= unspentInWindows(lease);
  }
  return reserved;
}

export function addRollover(ledger: Ledger, tokens: number): void {
  if (tokens === 0) return;
  const { key } = ledger.month;
  ledger.setTopUp(`${ROLLOVER}${key}`, {
    ...{ kind: 'LARGER_MONTH', tokens, month: key, addedAt: ledger.clock, fingerprint: '' },
    reason: `left over of ${monthBefore(key)}`,
  });
}

/** Months that had not begun, after all: they get what the month before leaves them when they do. */
export function dropLaterRollovers(ledger: Ledger): void {
  for (const [id, { month = '' }] of [...ledger.tables.topUps.entries()]) {
    if (id.startsWith(ROLLOVER) && month > ledger.month.key) ledger.setTopUp(id, undefined);
  }
}
