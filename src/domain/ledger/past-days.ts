import type { Evidence } from '../model/requests.js';
import type { HourTotal, MonthWindow, StoredPastDay } from '../model/state.js';
import { EXPERIENCE_DAYS, HOURS_A_DAY } from '../policy/experience.js';
import { daysBefore } from '../time/calendar.js';
import { dayAt, hourOfDay } from '../time/windows.js';
import type { Ledger } from './ledger.js';
import { inWindow } from './topped.js';

/**
 * What the last closed days came to, in the state, so that a decision needs nothing else. Each day is learned when it has closed, and
 * again when it changes after that; a state that was written before this was kept, or whose clock was set back, learns them
 * all from their usage documents.
 */

const NONE: readonly string[] = [];

/** The past days are those before the day of this moment. */
export function isLearned({ today, learnedFor }: Ledger, now: number): boolean {
  return learnedFor === today.day && now >= today.start && now < today.end;
}

/** Days of which a document must be looked up before the moment `now` of a month is entered. */
export function unlearnedDays(ledger: Ledger, month: MonthWindow, now: number): readonly string[] {
  const zone = month === ledger.month ? ledger.zone : ledger.policy.timeZone;
  return unlearnedBefore(ledger, dayAt(zone, month, now).day);
}

/** The same of a day: of the days before it those that are not learned yet, were opened once and are no longer in the state. */
export function unlearnedBefore(ledger: Ledger, day: string): readonly string[] {
  if (ledger.learnedFor === day) return NONE;
  const from = learnedUpTo(ledger, day);
  const { lastOpenedDay, tables } = ledger;
  return daysBefore(day, EXPERIENCE_DAYS).filter(
    (one) => one >= from && one <= lastOpenedDay && !tables.days.has(one),
  );
}

/** From here on days are to be learned. One that was closed is open again where a clock was set back: then all are. */
function learnedUpTo({ learnedFor = '' }: Ledger, day: string): string {
  return learnedFor <= day ? learnedFor : '';
}

/** Learns the days that have closed since, and forgets those that are too long ago. */
export function learnPastDays(ledger: Ledger, evidence: Evidence): void {
  const { day } = ledger.today;
  if (ledger.learnedFor === day) return;
  const from = learnedUpTo(ledger, day);
  const window = daysBefore(day, EXPERIENCE_DAYS);
  const first = window.at(-1) ?? day;
  const usedBefore =
    from === '' ? ledger.lastOpenedDay !== '' && ledger.lastOpenedDay < first : isUsedBefore(ledger, first);
  for (const past of [...ledger.tables.pastDays.keys()]) {
    if (past < first || past >= day || from === '') ledger.setPastDay(past, undefined);
  }
  for (const past of window) {
    const known = past >= from ? (ledger.tables.days.get(past) ?? evidence.days.get(past)) : undefined;
    // A day that was opened and never used is like one that was not.
    if (known !== undefined && inWindow(known) > 0) ledger.setPastDay(past, learned(ledger, known));
  }
  // It was in use before all of them: a day without usage is one that was not used.
  if (usedBefore && !ledger.tables.pastDays.has(first))
    ledger.setPastDay(first, { total: 0, refused: false });
  ledger.learnedFor = day;
}

/** Learns closed days of which the state knows less than this, or nothing. */
export function learnKnownDays(ledger: Ledger, days: readonly KnownDay[]): void {
  const window = daysBefore(ledger.today.day, EXPERIENCE_DAYS);
  const first = window.at(-1) ?? '';
  for (const day of days)
    if (window.includes(day.day) && inWindow(day) > 0) ledger.setPastDay(day.day, learned(ledger, day));
  const isUsedBefore = days.some((day) => day.day < first && inWindow(day) > 0);
  if (isUsedBefore && !ledger.tables.pastDays.has(first))
    ledger.setPastDay(first, { total: 0, refused: false });
}

function isUsedBefore({ tables }: Ledger, first: string): boolean {
  for (const day of tables.pastDays.keys()) if (day < first) return true;
  return false;
}

/** A closed day in the state has changed. */
export function learnDay(ledger: Ledger, day: string): void {
  const { learnedFor, tables } = ledger;
  const known = tables.days.get(day);
  if (known === undefined || learnedFor === undefined || day >= learnedFor) return;
  const isNew = !tables.pastDays.has(day);
  if (isNew && (inWindow(known) === 0 || !daysBefore(learnedFor, EXPERIENCE_DAYS).includes(day))) return;
  ledger.setPastDay(day, learned(ledger, known));
}

/** What is known of a closed day: its usage document has it. */
export interface KnownDay extends DayToLearn {
  readonly day: string;
}

interface DayToLearn {
  readonly total: number;
  readonly topped?: number;
  readonly hours: readonly HourTotal[];
  readonly zone?: string;
  readonly refused?: boolean;
}

/** What came from top-ups is no experience of what the caps left. */
function learned(ledger: Ledger, day: DayToLearn): StoredPastDay {
  const { hours, zone = ledger.zone, refused } = day;
  const total = inWindow(day);
  const ofClock = hoursOfClock(total, hours, zone);
  return {
    total,
    ...(refused !== undefined && { refused }),
    ...(ofClock !== undefined && { hours: ofClock }),
  };
}

/** Adjustments enter no hour: nobody knows in which one it was spent. A day that is mostly adjusted says nothing of its hours. */
function hoursOfClock(total: number, hours: readonly HourTotal[], zone: string): number[] | undefined {
  let adjustedInAll = 0;
  let used = false;
  const sums = Array.from({ length: HOURS_A_DAY }, () => 0);
  for (const { start, tokens, adjusted = 0, topped = 0 } of hours) {
    adjustedInAll += Math.abs(adjusted);
    const own = Math.max(0, tokens - topped - adjusted);
    const name = hourOfDay(zone, start);
    sums[name] = (sums[name] ?? 0) + own;
    if (own > 0) used = true;
  }
  return used && 2 * adjustedInAll <= total ? sums : undefined;
}
