/**
 * What the last closed days of a budget took, and in which hours: by it EVEN lets a day take more than its equal part where others
 * leave some of theirs, and the forecast knows nights and week-ends.
 */
export interface Experience {
  /** The last `EXPERIENCE_DAYS` closed days, yesterday first; undefined: before the first usage. */
  readonly days: readonly (PastDay | undefined)[];
  /** What the hours of these days took together, by what the clock showed; days that were mostly adjusted left out. */
  readonly hours: readonly number[];
  /** Of how many days. */
  readonly hourlyDays: number;
  /** The part of a day that each hour takes, by what the clock shows; alike while experience says nothing. */
  readonly hourParts: readonly number[];
  /** What a day took on average, by its day of the week, from Sunday on; absent before two weeks have closed. */
  readonly weekdays?: readonly number[];
}

/** A closed day. */
export interface PastDay {
  /** Presumed tokens included. */
  readonly total: number;
  /** A paced cap refused on it; absent where the day was stored before that was kept. */
  readonly refused?: boolean;
}

export const EXPERIENCE_DAYS = 28;
export const HOURS_A_DAY = 24;
/** Fewer days say nothing of a day's hours. */
const LEAST_HOURLY_DAYS = 7;

const WEEK_DAYS = 7;
/** So many closed days show a week: each of its days twice. */
const LEAST_DAYS_OF_WEEKS = 14;

export type HoursOfDays = Pick<Experience, 'hours' | 'hourlyDays'>;

/** `today`: its day of the week, from 0 for Sunday. */
export function experienceOf(days: Experience['days'], ofHours: HoursOfDays, today: number): Experience {
  const weekdays = weekdayMeans(days, today);
  return { days, ...ofHours, hourParts: partsOf(ofHours), ...(weekdays && { weekdays }) };
}

export const NO_EXPERIENCE = experienceOf(
  Array.from({ length: EXPERIENCE_DAYS }, () => undefined),
  { hours: Array.from({ length: HOURS_A_DAY }, () => 0), hourlyDays: 0 },
  0,
);

function weekdayMeans(days: Experience['days'], today: number): readonly number[] | undefined {
  const sums = Array.from({ length: WEEK_DAYS }, () => ({ total: 0, days: 0 }));
  let closed = 0;
  for (const [at, day] of days.entries()) {
    const sum = sums[(today + EXPERIENCE_DAYS - 1 - at) % WEEK_DAYS];
    if (day === undefined || sum === undefined) continue;
    closed += 1;
    sum.total += day.total;
    sum.days += 1;
  }
  return closed < LEAST_DAYS_OF_WEEKS ? undefined : sums.map((sum) => sum.total / sum.days);
}

const UNUSED: PastDay = { total: 0, refused: false };

/** The experience of a later day, `ahead` days after today, if today ends as it stands and nothing is spent in between. */
export function experienceOn(days: Experience['days'], ahead: number, today: PastDay): Experience['days'] {
  if (ahead === 0) return days;
  const inUse = today.total > 0 || days.some((day) => day !== undefined);
  const between = Array.from({ length: ahead - 1 }, () => (inUse ? UNUSED : undefined));
  return [...between, inUse ? today : undefined, ...days].slice(0, EXPERIENCE_DAYS);
}

/**
 * How much of an equal part the last days took, together, where the equal part is `left / daysLeft`: a sum of their parts of it, in
 * `daysLeft`ths of a token. So it is exact. A day that could not say how much it wanted counts as full: before the first usage,
 * or where a paced cap refused and nearly all of an equal part was taken all the same.
 */
export function takenOfEqualParts(days: Experience['days'], left: number, daysLeft: number): number {
  let taken = 0;
  for (const day of days)
    taken += day === undefined || isFull(day, left, daysLeft) ? left : Math.min(day.total * daysLeft, left);
  return taken;
}

/** One absurd request a day, refused, teaches nothing: so near to full it must be. */
const FULL_PERCENT = 90;
/** Of a day that does not say whether any was refused. */
const SURELY_FULL_PERCENT = 97;

function isFull({ total, refused }: PastDay, left: number, daysLeft: number): boolean {
  if (refused === false) return false;
  return total * daysLeft * 100 >= left * (refused ? FULL_PERCENT : SURELY_FULL_PERCENT);
}

/** An hour by what the clock shows. */
interface ClockHour {
  readonly name: number;
  readonly minutes: number;
}

/** What one hour weighs among those of a day that are left. */
export interface HourShare {
  readonly weight: number;
  /** Of all hours left, it included. */
  readonly left: number;
}

/** The first of these hours among all of them: half of it is its length, half what experience says. */
export function hourShare(experience: HoursOfDays, hoursLeft: readonly ClockHour[]): HourShare {
  const { hours } = experience;
  const total = hourlyTotal(experience);
  const weigh = ({ name, minutes }: ClockHour) =>
    minutes * (total === 0 ? 1 : total + HOURS_A_DAY * (hours[name] ?? 0));
  const [first] = hoursLeft;
  let left = 0;
  for (const hour of hoursLeft) left += weigh(hour);
  return { weight: first === undefined ? 0 : weigh(first), left };
}

function partsOf(ofHours: HoursOfDays): readonly number[] {
  const total = hourlyTotal(ofHours);
  return ofHours.hours.map((tokens) => (total === 0 ? 1 / HOURS_A_DAY : tokens / total));
}

/** What the hours took together; 0 where that says nothing of a day. */
function hourlyTotal({ hours, hourlyDays }: HoursOfDays): number {
  return hourlyDays < LEAST_HOURLY_DAYS ? 0 : sum(hours);
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
