import { expireDue } from './leases/closing.js';
import type { Ledger } from './ledger/ledger.js';
import { isLearned, learnPastDays, unlearnedDays } from './ledger/past-days.js';
import { bringBackDay, enterMonth, missingDays, missingToday } from './ledger/returning-days.js';
import type { NeedsLookup } from './model/outcomes.js';
import type { Evidence } from './model/requests.js';
import type { MonthWindow } from './model/state.js';
import { addRollover, missingForRollover, rolloverTo } from './rollover.js';
import { firstDayOf } from './time/calendar.js';
import { nextMonth } from './time/windows.js';

/**
 * Lets time do its work up to `now`: the month turns, leases expire, hour and day move on. Says which days must be looked up
 * first, if any; then nothing has changed.
 */
export function advance(ledger: Ledger, now: number, evidence: Evidence): NeedsLookup | undefined {
  const target = monthOf(ledger, now);
  const turns = target !== ledger.month;
  const missing = turns ? missingOfMonths(ledger, target) : missingToday(ledger, now);
  const needed = isLearned(ledger, now) ? missing : [...missing, ...unlearnedDays(ledger, target, now)];
  if (needed.length > 0) {
    const unknown = needed.filter((day) => !evidence.days.has(day));
    if (unknown.length > 0) return { kind: 'unknown', receiptIds: [], days: [...new Set(unknown)] };
  }
  ledger.clock = now;
  if (turns) {
    const rollover = rolloverTo(ledger, target, evidence);
    enterMonth(ledger, ledger.policy.timeZone, target, evidence);
    addRollover(ledger, rollover);
  }
  ledger.moveTo(now);
  const { day } = ledger.today;
  if (ledger.closedDay !== undefined && day !== firstDayOf(ledger.month.key)) ledger.closedDay = undefined;
  learnPastDays(ledger, evidence);
  // Opened even if it has no document: else every decision of this day, those without evidence too, had to look again.
  if (missing.includes(day)) bringBackDay(ledger, day, evidence);
  expireDue(ledger);
  return undefined;
}

function missingOfMonths(ledger: Ledger, target: MonthWindow): readonly string[] {
  return [...missingDays(ledger, target.key), ...missingForRollover(ledger, target)];
}

/** The month of a moment. Each begins where the one before it ended, in the zone of the policy. */
function monthOf({ month, policy }: Ledger, now: number): MonthWindow {
  let reached = month;
  while (now >= reached.end) reached = nextMonth(policy.timeZone, reached);
  return reached;
}
