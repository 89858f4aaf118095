import type { HourTotal } from '../model/state.js';
import type { WindowStatus, Writable } from '../model/types.js';
import { type Cap, hourCap, pacedHourCap } from '../policy/pacing.js';
import type { Ledger } from './ledger.js';
import type { HourOfGrants } from './slots.js';
import { dayOfMonthInWindow, inWindow, monthInWindow } from './topped.js';

/** One window as it stands: what is counted in it against its cap in force. */
export interface WindowFigures {
  readonly spent: number;
  readonly reserved: number;
  readonly cap: Cap;
}

/** Where a budget stands now, in every window. */
export interface Standing {
  readonly hour: WindowFigures;
  readonly day: WindowFigures;
  readonly month: WindowFigures;
  /** The hour's cap as it is paced, whether the hour is untouched or not; percentages of it are of this. */
  readonly pacedHour: Cap;
}

export function standingOf(ledger: Ledger): Standing {
  const { tables, slots, allowance, policy, today, pace } = ledger;
  const daySpent = inWindow(ledger.todayTotals);
  const monthSpent = monthInWindow(tables);
  const { hour: hourReserved, day: dayReserved, month: monthReserved } = slots.reservedNow(ledger);
  const before = monthSpent - dayOfMonthInWindow(tables, today.day) + monthReserved - dayReserved;
  const ofDay = pace.dayCap(before);
  const hourSpent = spentInHour(ledger);
  const input = {
    inHour: hourSpent + hourReserved,
    inOtherHours: daySpent + dayReserved - hourSpent - hourReserved,
    dayCap: ofDay.tokens,
    pace,
  };
  const ofHour = hourCap(allowance, policy, input);
  // Only scopes ask for it, and only of an untouched hour is it another.
  const isAsked = ledger.scopes !== undefined && input.inHour === 0;
  return {
    hour: { spent: hourSpent, reserved: hourReserved, cap: ofHour },
    day: { spent: daySpent, reserved: dayReserved, cap: ofDay },
    month: { spent: monthSpent, reserved: monthReserved, cap: { tokens: allowance.enforced } },
    pacedHour: isAsked ? pacedHourCap(allowance, policy, input) : ofHour,
  };
}

/**
 * The same right after so many tokens more are reserved in the windows of now. Every grant asks for it: unless pacing looks at the
 * hour's own figures, no cap in force has changed, and the standing before, which nobody looks at any more, is changed in place.
 */
export function standingAfter(ledger: Ledger, before: Standing, tokens: number): Standing {
  if (ledger.policy.pacing === 'EVEN') return standingOf(ledger);
  const { hour, day, month }: { readonly [K in 'hour' | 'day' | 'month']: Writable<WindowFigures> } = before;
  hour.reserved += tokens;
  day.reserved += tokens;
  month.reserved += tokens;
  return before;
}

export function spentInHour(ledger: Ledger): number {
  const hour = presentHour(ledger);
  return hour === undefined ? 0 : hour.tokens - (hour.topped ?? 0);
}

function presentHour(ledger: Ledger): HourTotal | undefined {
  const hours = ledger.todayTotals?.hours;
  const last = hours?.[hours.length - 1];
  if (last?.start === ledger.hour.start) return last;
  return hours?.find((h) => h.start === ledger.hour.start);
}

export function left(figures: WindowFigures): number {
  return Math.max(0, figures.cap.tokens - figures.spent - figures.reserved);
}

export function inHour(start: number): (hour: HourOfGrants) => boolean {
  return (hour) => hour.start === start;
}
export function inDay(day: string): (hour: HourOfGrants) => boolean {
  return (hour) => hour.day === day;
}
export function inMonth(key: string): (hour: HourOfGrants) => boolean {
  return (hour) => hour.month === key;
}

/** The three windows, for those who look. */
export function windowStatuses(ledger: Ledger): WindowStatus[] {
  const standing = standingOf(ledger);
  const status = (
    kind: WindowStatus['kind'],
    span: { start: number; end: number },
    of: WindowFigures,
    topped = 0,
  ): WindowStatus => ({
    kind,
    start: span.start,
    end: span.end,
    cap: of.cap.tokens,
    spent: of.spent,
    reserved: of.reserved,
    available: left(of),
    topped,
  });
  return [
    status('HOUR', ledger.hour, standing.hour, presentHour(ledger)?.topped),
    status('DAY', ledger.today, standing.day, ledger.todayTotals?.topped),
    status('MONTH', ledger.month, standing.month, ledger.tables.monthTopped),
  ];
}
