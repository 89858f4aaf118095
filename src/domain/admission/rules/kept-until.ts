import type { Guarantees } from '../../ledger/guarantees.js';
import { type KeptWindow, keeping } from '../../ledger/kept-windows.js';
import type { Ledger } from '../../ledger/ledger.js';
import type { Scope } from '../../ledger/scopes.js';
import { inDay, inHour } from '../../ledger/standing.js';
import { firstMoment, type Guaranteed, partOf } from '../../policy/kept.js';
import type { Span } from '../../time/windows.js';
import { type Committed, inLaterDays, inLaterHours, type LaterHour } from './later-windows.js';

/** When a request is admitted beside what is kept for others, if nothing else changes: what is kept melts, and windows end. */

export interface Wanted {
  readonly guarantees: Guarantees;
  readonly own: Scope | undefined;
  /** What its team has taken today. */
  readonly takenToday: number;
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
  taken: Committed,
): number | undefined {
  const { requested } = wanted;
  if (kind === 'HOUR') {
    return inLaterHours(ledger, taken, (hour) => {
      const most = requested <= dueIn(wanted, hour) ? ledger.allowance.hourlyMax : hour.cap;
      return momentIn(ledger, wanted, hour.cap, most, hour);
    });
  }
  return inLaterDays(ledger, taken, ({ cap, window }) => {
    const day = requested > cap ? undefined : window();
    return day && momentIn(ledger, wanted, cap, cap, day);
  });
}

/** Of a window with this cap, of which nobody has taken anything and who asks may take so much. */
function momentIn(
  ledger: Ledger,
  { guarantees, own, requested }: Wanted,
  cap: number,
  most: number,
  span: Span,
): number | undefined {
  if (requested > most) return undefined;
  const { tokens } = guarantees.partsOf(cap);
  const teams = guarantees.ofCaps.flatMap(({ team }, place) =>
    team === own ? [] : [{ guaranteed: tokens[place] ?? 0, taken: 0 }],
  );
  return firstMoment(teams, most - requested, keeping(ledger, span), span.start);
}

/** As `dueNow`, of a later hour. */
function dueIn({ guarantees, own, takenToday }: Wanted, { day, end }: LaterHour): number {
  const guaranteed = guarantees.partsOf(day.cap).tokens[guarantees.placeOf(own)] ?? 0;
  const due = partOf(guaranteed, end - day.start, day.end - day.start);
  return day.isToday ? due - takenToday : due;
}
