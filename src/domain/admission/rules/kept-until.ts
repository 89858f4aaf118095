import type { GuaranteedParts, Guarantees } from '../../ledger/guarantees.js';
import { type KeptWindow, keeping, takenIn } from '../../ledger/kept-windows.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Scope } from '../../ledger/scopes.js';
import { inDay, inHour, type Standing } from '../../ledger/standing.js';
import { firstMoment, type Guaranteed, partOf } from '../../policy/kept.js';
import { hourCap } from '../../policy/pacing.js';
import { hourAt, hoursLeft, nextMonth, type Span } from '../../time/windows.js';
import { type Committed, inLaterDays } from './later-windows.js';

/** When a request is admitted beside what is kept for others, if nothing else changes: what is kept melts, and windows end. */

export interface Wanted {
  readonly guarantees: Guarantees;
  readonly own: Scope | undefined;
  readonly requested: number;
}

/** The first moment in the window of now. `cap`: of the window, for who asks; `teams`: the others, as they stand. */
export function momentInWindow(
  ledger: Ledger,
  { kind, window, figures: { spent, reserved } }: KeptWindow,
  teams: readonly Guaranteed[],
  cap: number,
  requested: number,
): number | undefined {
  const room = cap - spent - requested;
  const melted = firstMoment(teams, room - reserved, window, ledger.clock);
  if (melted !== undefined || reserved === 0) return melted;
  // It is there only once holders give something back.
  const beside = firstMoment(teams, room, window, ledger.clock);
  const holds = kind === 'HOUR' ? inHour(window.start) : inDay(ledger.today.day);
  const end = ledger.slots.firstHolder(holds)?.expiresAt;
  if (beside === undefined || end === undefined) return undefined;
  const at = Math.max(beside, end);
  return at < window.end ? at : undefined;
}

/** The first moment in a later window, if nothing more is spent. Undefined if there is none, this month or the next: then never. */
export function momentLater(
  ledger: Ledger,
  kind: KeptWindow['kind'],
  wanted: Wanted,
  standing: Standing,
  taken: Committed,
): number | undefined {
  if (kind === 'HOUR') return inLaterHour(ledger, wanted, standing, taken);
  return inLaterDays(ledger, taken, ({ cap, window }) => {
    const day = wanted.requested > cap ? undefined : window();
    return day && momentIn(ledger, wanted, wanted.guarantees.partsOf(cap), cap, day);
  });
}

/** In a window of which nobody has taken anything. */
function momentIn(
  ledger: Ledger,
  { guarantees, own, requested }: Wanted,
  { tokens }: GuaranteedParts,
  cap: number,
  span: Span,
): number | undefined {
  const teams = guarantees.ofCaps.flatMap(({ team }, place) =>
    team === own ? [] : [{ guaranteed: tokens[place] ?? 0, taken: 0 }],
  );
  return firstMoment(teams, cap - requested, keeping(ledger, span), span.start);
}

function inLaterHour(
  ledger: Ledger,
  wanted: Wanted,
  { day }: Standing,
  taken: Committed,
): number | undefined {
  const { allowance, policy, month, hour, today, zone } = ledger;
  const { guarantees, own, requested } = wanted;
  if (requested > allowance.hourlyMax) return undefined;
  if (policy.pacing !== 'EVEN') {
    const isLast = hour.end >= month.end;
    const next = isLast
      ? hourAt(policy.timeZone, hour.end, nextMonth(policy.timeZone, month))
      : hourAt(zone, hour.end, month);
    return momentIn(ledger, wanted, guarantees.partsOf(allowance.hourlyMax), allowance.hourlyMax, next);
  }
  const ofToday = { zone, span: today, cap: day.cap.tokens, taken: day.spent + day.reserved };
  const ofOwn = own === undefined ? 0 : takenIn(ledger, 'DAY', own);
  return (
    inHoursOf(ledger, wanted, { ...ofToday, ofOwn }, hour.end) ??
    inLaterDays(ledger, taken, ({ cap, window, zone: of }) => {
      const span = requested > cap ? undefined : window();
      return span && inHoursOf(ledger, wanted, { zone: of, span, cap, taken: 0, ofOwn: 0 }, span.start);
    })
  );
}

/** A day of paced hours, in whose hours to come nothing more is taken. */
interface PacedDay {
  readonly zone: string;
  readonly span: Span;
  readonly cap: number;
  readonly taken: number;
  /** By who asks. */
  readonly ofOwn: number;
}

function inHoursOf(ledger: Ledger, wanted: Wanted, day: PacedDay, from: number): number | undefined {
  // Its last hour admits most: where that does not, the others need not be looked for in the calendar.
  const { end } = day.span;
  if (from >= end || inPacedHour(ledger, wanted, day, { start: end - 3_600_000, end }, 1) === undefined)
    return undefined;
  for (let at = from; at < end; ) {
    const hour = hourAt(day.zone, at);
    const span = { start: Math.max(hour.start, from), end: Math.min(hour.end, end) };
    const found = inPacedHour(ledger, wanted, day, span, hoursLeft(day.zone, end, at));
    if (found !== undefined) return found;
    at = span.end;
  }
  return undefined;
}

function inPacedHour(
  ledger: Ledger,
  wanted: Wanted,
  { span, cap, taken, ofOwn }: PacedDay,
  hour: Span,
  left: number,
): number | undefined {
  const { allowance, policy } = ledger;
  const { guarantees, own, requested } = wanted;
  const input = { inHour: 1, inOtherHours: taken, dayCap: cap, hoursLeft: () => left };
  const paced = hourCap(allowance, policy.pacing, input).tokens;
  const ofDay = guarantees.partsOf(cap).tokens[guarantees.placeOf(own)] ?? 0;
  const due = partOf(ofDay, hour.end - span.start, span.end - span.start) - ofOwn;
  const most = requested <= due ? allowance.hourlyMax : paced;
  return momentIn(ledger, wanted, guarantees.partsOf(paced), most, hour);
}
