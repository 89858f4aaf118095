import type { Ledger } from '../../ledger/ledger.js';
import { inMonth } from '../../ledger/standing.js';
import { dayOfMonthInWindow, monthInWindow } from '../../ledger/topped.js';
import type { MonthWindow } from '../../model/state.js';
import { type Allowance, rolledOver } from '../../policy/allowance.js';
import { type Experience, experienceOn, hourShare } from '../../policy/experience.js';
import { dayCapTokens, pacedHourCap } from '../../policy/pacing.js';
import { dayIn, dayOfMonth, daysInMonth, daysLeft } from '../../time/calendar.js';
import { type DayWindow, dayWindow, hourAt, hoursLeft, nextMonth } from '../../time/windows.js';

/** What lowers the caps of the month's later days. */
export interface Committed {
  /** Spent and reserved in all of the month. */
  readonly month: number;
  /** The same without today. */
  readonly otherDays: number;
  /** What the days before today took. */
  readonly past: Experience['days'];
}

export function committed({ tables, slots, month, today, pace }: Ledger): Committed {
  const elsewhere = slots.reserved((hour) => hour.month === month.key && hour.day !== today.day);
  return {
    month: monthInWindow(tables) + slots.reserved(inMonth(month.key)),
    otherDays: monthInWindow(tables) - dayOfMonthInWindow(tables, today.day) + elsewhere,
    past: pace.experience.days,
  };
}

/** The start of the first later day whose cap in force would admit if nothing more were spent. */
export function firstDayThatAdmits(ledger: Ledger, admits: Admits, taken: Committed): number | undefined {
  return firstLaterDay(ledger, admits, taken)?.start;
}

/** The start of the first later hour that would admit: an untouched hour takes up to its own maximum and the day's cap. */
export function firstHourThatAdmits(ledger: Ledger, requested: number, taken: Committed): number | undefined {
  const { allowance, policy, hour, today, month } = ledger;
  const fitsThis = requested <= allowance.hourlyMax;
  if (policy.pacing !== 'EVEN') {
    if (fitsThis && hour.end < month.end) return hour.end;
    const { hourlyMax } = nextAllowance(ledger, nextMonth(policy.timeZone, month), taken);
    return requested <= hourlyMax ? month.end : undefined;
  }
  const capToday = () => capOf(ledger, { month, allowance }, today.day, taken);
  if (fitsThis && hour.end < today.end && requested <= capToday()) return hour.end;
  const admits = (cap: number, { hourlyMax }: Allowance) => requested <= Math.min(cap, hourlyMax);
  return firstLaterDay(ledger, admits, taken)?.start;
}

/**
 * The start of the first later hour whose cap, as it is paced, would admit: under EVEN it grows with every hour in which nothing is
 * spent, and is all of the day in its last. Hours of later days weigh as those of today do.
 */
export function firstPacedHour(
  ledger: Ledger,
  admits: (cap: number) => boolean,
  taken: Committed,
): number | undefined {
  const { allowance, policy, zone, month, hour, today } = ledger;
  const following = nextMonth(policy.timeZone, month);
  const ofNext = () => nextAllowance(ledger, following, taken);
  if (policy.pacing !== 'EVEN') {
    if (admits(allowance.hourlyMax) && hour.end < month.end) return hour.end;
    return admits(ofNext().hourlyMax) ? month.end : undefined;
  }
  const here = { zone, month, allowance };
  const inToday = { cap: capOf(ledger, here, today.day, taken), spent: taken.month - taken.otherDays };
  const ofToday = firstHour(ledger, { ...here, from: hour.end, end: today.end }, inToday, admits);
  if (ofToday !== undefined) return ofToday;
  const day = firstLaterDay(ledger, (cap, { hourlyMax }) => admits(Math.min(cap, hourlyMax)), taken);
  if (day === undefined) return undefined;
  const next = { zone: policy.timeZone, month: following, allowance: ofNext() };
  const of = day.start < month.end ? here : next;
  const cap = capOf(ledger, of, day.day, taken);
  return firstHour(ledger, { ...of, from: day.start, end: day.end }, { cap, spent: 0 }, admits);
}

function firstHour(
  { policy, pace }: Ledger,
  hours: OfMonth & { readonly zone: string; readonly from: number; readonly end: number },
  day: { readonly cap: number; readonly spent: number },
  admits: (cap: number) => boolean,
): number | undefined {
  const { zone, month, allowance, end } = hours;
  for (let start = hours.from; start < end; start = hourAt(zone, start, month).end) {
    const share = hourShare(pace.experience, hoursLeft(zone, end, start));
    const input = { inOtherHours: day.spent, dayCap: day.cap, pace: { hourShare: share } };
    if (admits(pacedHourCap(allowance, policy, input).tokens)) return start;
  }
  return undefined;
}

/** A month, and what it is allowed. */
interface OfMonth {
  readonly month: MonthWindow;
  readonly allowance: Allowance;
}

type Admits = (cap: number, allowance: Allowance) => boolean;

function firstLaterDay(ledger: Ledger, admits: Admits, taken: Committed): DayWindow | undefined {
  const { zone, month, today, policy, allowance } = ledger;
  const inThis = firstDay(zone, month, dayOfMonth(today.day) + 1, (day) =>
    admits(capOf(ledger, { month, allowance }, day, taken), allowance),
  );
  if (inThis !== undefined) return inThis;
  const next = nextMonth(policy.timeZone, month);
  const ofNext = nextAllowance(ledger, next, taken);
  return firstDay(policy.timeZone, next, 1, (day) =>
    admits(capOf(ledger, { month: next, allowance: ofNext }, day, taken), ofNext),
  );
}

/** Nothing of this month counts in the next one; but what is left of it may make that larger. */
function nextAllowance(ledger: Ledger, next: MonthWindow, taken: Committed): Allowance {
  const rollover = ledger.createdAt > ledger.month.start ? 0 : rolledOver(ledger.policy, taken.month);
  return ledger.allowanceIn(next.key, rollover);
}

/** Caps are asked before the calendar, which is slow: a day that is over before the month began is none. */
function firstDay(
  zone: string,
  month: MonthWindow,
  from: number,
  admits: (day: string) => boolean,
): DayWindow | undefined {
  for (let of = from; of <= daysInMonth(month.key); of += 1) {
    const day = dayIn(month.key, of);
    const window = admits(day) ? dayWindow(zone, month, day) : undefined;
    if (window !== undefined && window.end > window.start) return window;
  }
  return undefined;
}

/** The cap of today or a later day, if nothing more is spent. Nothing of this month counts in the next one. */
function capOf(ledger: Ledger, { month, allowance }: OfMonth, day: string, taken: Committed): number {
  const { policy, today } = ledger;
  const isToday = day === today.day;
  const before = month !== ledger.month ? 0 : isToday ? taken.otherDays : taken.month;
  const past = policy.pacing === 'EVEN' && !isToday ? pastOn(ledger, month, day, taken) : taken.past;
  const input = { before, daysLeft: daysLeft(month, day), daysInMonth: daysInMonth(month.key), past };
  return dayCapTokens(allowance, policy, input);
}

function pastOn(ledger: Ledger, month: MonthWindow, day: string, taken: Committed): Experience['days'] {
  const { today, todayTotals } = ledger;
  const ofThisMonth = month === ledger.month ? 0 : daysInMonth(ledger.month.key);
  const ahead = ofThisMonth + dayOfMonth(day) - dayOfMonth(today.day);
  const refused = todayTotals === undefined ? false : todayTotals.refused;
  const total = taken.month - taken.otherDays;
  return experienceOn(taken.past, ahead, { total, ...(refused !== undefined && { refused }) });
}
