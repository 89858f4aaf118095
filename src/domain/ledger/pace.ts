import type { Policy } from '../model/policy.js';
import type { MonthWindow } from '../model/state.js';
import type { Allowance } from '../policy/allowance.js';
import {
  EXPERIENCE_DAYS,
  type Experience,
  experienceOf,
  HOURS_A_DAY,
  type HourShare,
  hourShare,
  NO_EXPERIENCE,
} from '../policy/experience.js';
import { type Cap, type DayInput, dayCap } from '../policy/pacing.js';
import { daysBefore, daysInMonth, weekdayOf } from '../time/calendar.js';
import { type DayWindow, dayAt, dayWindow, hoursLeft } from '../time/windows.js';
import type { LedgerTables } from './ledger-tables.js';

/** What it is made of: of the ledger. */
interface Paced {
  readonly policy: Policy;
  readonly allowance: Allowance;
  readonly tables: Pick<LedgerTables, 'pastDays' | 'dayTotals'>;
  readonly createdAt: number;
  readonly zone: string;
  readonly month: MonthWindow;
  readonly today: DayWindow;
  readonly daysLeft: number;
  readonly clock: number;
}

/** What pacing needs to know, kept until an hour opens, the policy changes or a closed day does: a request costs no more for it. */
export class Pace {
  private known: Experience | undefined;
  private share: HourShare | undefined;
  private from: number | undefined;
  private cap: { readonly before: number; readonly cap: Cap } | undefined;

  constructor(private readonly ledger: Paced) {}

  /** A day opens, or a closed one has changed. */
  forget(): void {
    this.known = undefined;
    this.forgetCaps();
  }

  /** An hour opens, or the policy changes: what the last days took is the same. */
  forgetCaps(): void {
    this.share = undefined;
    this.cap = undefined;
    this.from = undefined;
  }

  get experience(): Experience {
    this.known ??= this.learned();
    return this.known;
  }

  /** What the present hour weighs among those left today. */
  get hourShare(): HourShare {
    const { zone, today, clock } = this.ledger;
    this.share ??= hourShare(this.experience, hoursLeft(zone, today.end, clock));
    return this.share;
  }

  /** The day's cap in force. `before`: spent + reserved in the other days of the month. */
  dayCap(before: number): Cap {
    if (this.cap?.before === before) return this.cap.cap;
    const { allowance, policy } = this.ledger;
    const cap = dayCap(allowance, policy, this.dayInput(before));
    this.cap = { before, cap };
    return cap;
  }

  /** From when on the usage of the month counts: in a budget's first month, from the first day that it was there, or has usage. */
  get countsFrom(): number {
    this.from ??= this.firstMoment();
    return this.from;
  }

  private firstMoment(): number {
    const { createdAt, month, zone, tables } = this.ledger;
    if (createdAt <= month.start) return month.start;
    let first = dayAt(zone, month, createdAt).day;
    for (const [day, tokens] of tables.dayTotals.entries()) if (tokens > 0 && day < first) first = day;
    return dayWindow(zone, month, first).start;
  }

  dayInput(before: number): DayInput {
    const { daysLeft, month } = this.ledger;
    return { before, daysLeft, daysInMonth: daysInMonth(month.key), past: this.experience.days };
  }

  private learned(): Experience {
    const { pastDays } = this.ledger.tables;
    if (pastDays.size === 0) return NO_EXPERIENCE;
    const hours = Array.from({ length: HOURS_A_DAY }, () => 0);
    let hourlyDays = 0;
    for (const { hours: ofDay } of pastDays.values()) {
      if (ofDay === undefined) continue;
      hourlyDays += 1;
      for (const [name, tokens] of ofDay.entries()) hours[name] = (hours[name] ?? 0) + tokens;
    }
    const { day: today } = this.ledger.today;
    const days = pastNames(today).map((day) => pastDays.get(day));
    return experienceOf(unusedAfterFirst(days), { hours, hourlyDays }, weekdayOf(today));
  }
}

/** One for all budgets: for nearly all of them it is the same day. */
let lastNames: { readonly today: string; readonly days: readonly string[] } | undefined;

/** The days before today, yesterday first. */
function pastNames(today: string): readonly string[] {
  if (lastNames?.today !== today) lastNames = { today, days: daysBefore(today, EXPERIENCE_DAYS) };
  return lastNames.days;
}

const UNUSED = { total: 0, refused: false };

/** A day between others that were used was not: only those before the first usage say nothing. */
function unusedAfterFirst(days: Experience['days']): Experience['days'] {
  const first = days.findLastIndex((day) => day !== undefined);
  return days.map((day, at) => day ?? (at < first ? UNUSED : undefined));
}
