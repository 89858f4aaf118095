import type { Ledger } from '../../src/domain/ledger/ledger.js';
import { standingOf } from '../../src/domain/ledger/standing.js';
import type { StoredDay, StoredPastDay, StoredState, UsageDay } from '../../src/domain/model/state.js';
import { daysBefore, daysInMonth } from '../../src/domain/time/calendar.js';
import { hourName } from '../../src/domain/time/windows.js';

const WINDOW_DAYS = 28;

type Say = (holds: boolean, what: string) => void;
type Day = Pick<StoredDay | UsageDay, 'total' | 'topped' | 'hours' | 'refused' | 'zone'>;

/** What pacing goes by is what the days say, and what it lets a day take leaves later days what they were promised. */
export function checkPacing(ledger: Ledger, { head, sections }: StoredState, say: Say): void {
  for (const [day, stored] of sections.days) {
    if (isPast(head, day) && inWindow(stored).total > 0)
      checkPastDay(day, sections.pastDays.get(day), stored, head.zone, say);
  }
  if (ledger.exists && ledger.policy.pacing === 'EVEN') checkKept(ledger, say);
}

/** Beyond an equal part a day takes nothing that brings later days below their share of an even month's day. */
function checkKept(ledger: Ledger, say: Say): void {
  const { allowance, policy, month, daysLeft, tables, slots, today } = ledger;
  const { cap } = standingOf(ledger).day;
  const ofDay = (tables.dayTotals.get(today.day) ?? 0) - (tables.toppedDays.get(today.day) ?? 0);
  const inDay = ofDay + slots.reserved((hour) => hour.day === today.day);
  const inMonth = tables.monthSpent - tables.monthTopped + slots.reserved((hour) => hour.month === month.key);
  const left = Math.max(0, allowance.grantable - (inMonth - inDay));
  const evenDay = allowance.grantable / daysInMonth(month.key);
  const kept = (policy.evennessPercent / 100) * evenDay * (daysLeft - 1);
  const most = Math.max(left / daysLeft, left - kept);
  // Of huge sums a double is not exact to the token.
  say(
    cap.tokens <= most * (1 + 1e-9) + 1,
    `the day's cap ${cap.tokens} leaves later days too little of ${left}`,
  );
}

/** A deleted budget remembers nothing, though its last days may yet have to be written out. */
function isPast({ deleted, learnedFor }: StoredState['head'], day: string): boolean {
  return !deleted && learnedFor !== undefined && daysBefore(learnedFor, WINDOW_DAYS).includes(day);
}

/** The last day that is remembered, and the first. */
export function pastWindow(learnedFor: string): [string | undefined, string | undefined] {
  const days = daysBefore(learnedFor, WINDOW_DAYS);
  return [days[0], days.at(-1)];
}

export function checkPastDay(
  day: string,
  past: StoredPastDay | undefined,
  counted: Day,
  zone: string,
  say: Say,
): void {
  const known = inWindow(counted);
  const expected = text({ total: known.total, refused: known.refused, hours: hoursOf(known, zone) });
  const found = past === undefined ? 'nothing' : text(past);
  say(found === expected, `of ${day} is remembered ${found}, and it was ${expected}`);
}

/** What came from top-ups is no experience of what the caps left. */
export function inWindow({ total, topped = 0, hours, ...day }: Day): Day {
  const less = hours.map((hour) => ({ ...hour, tokens: hour.tokens - (hour.topped ?? 0) }));
  return { ...day, total: total - topped, hours: less };
}

interface Told extends Omit<StoredPastDay, 'refused'> {
  readonly refused?: boolean | undefined;
}

function text({ total, refused, hours = [] }: Told): string {
  return `${total}${refused ? ' refused' : ''} [${[...hours]}]`;
}

/** By what the clock showed, without adjustments; none of a day that is mostly adjusted. */
function hoursOf({ total, hours, zone }: Day, present: string): number[] {
  const sums = Array.from({ length: 24 }, () => 0);
  let adjustedInAll = 0;
  for (const { start, tokens, adjusted = 0 } of hours) {
    const name = Number(hourName(zone ?? present, start).slice(11, 13));
    sums[name] = (sums[name] ?? 0) + Math.max(0, tokens - adjusted);
    adjustedInAll += Math.abs(adjusted);
  }
  return adjustedInAll * 2 > total || sums.every((tokens) => tokens === 0) ? [] : sums;
}

interface OwedMark {
  readonly copyId: string;
  /** The number of the last commit that the replica had sent by then. */
  readonly sentBefore: number;
  readonly epoch: number;
  /** In another zone a day of this name is another day. */
  readonly zone: string;
  readonly day: string;
}

/** Denials by a paced cap that callers were told of: each is marked in its day by the next commit that the replica sends that said so. */
export class OwedMarks {
  private readonly owed: OwedMark[] = [];

  owe(copyId: string, sentBefore: number, { epoch, zone }: StoredState['head'], day: string): void {
    this.owed.push({ copyId, sentBefore, epoch, zone, day });
  }

  check(before: StoredState | undefined, after: StoredState): string[] {
    const { epoch, revision, fence, zone } = after.head;
    const committer = [...after.sections.writers].find(
      ([id, { seq }]) => before?.sections.writers.get(id)?.seq !== seq,
    );
    const carries =
      fence > (before?.head.fence ?? 0) ||
      [...after.sections.days.values()].some((day) => day.changedAt === revision);
    if (!carries || committer === undefined) return [];
    const [copyId, { seq: sent }] = committer;
    const wrong: string[] = [];
    for (let at = this.owed.length - 1; at >= 0; at -= 1) {
      const one = this.owed[at];
      if (one?.copyId !== copyId || sent <= one.sentBefore) continue;
      this.owed.splice(at, 1);
      const isSame = one.epoch === epoch && before?.head.epoch === epoch && one.zone === zone;
      const day = isSame ? after.sections.days.get(one.day) : undefined;
      if (day !== undefined && !day.refused)
        wrong.push(`revision ${revision}: pacing refused a request on ${one.day}, and the day is not marked`);
    }
    return wrong;
  }
}
