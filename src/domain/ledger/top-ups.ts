import { MAX_TOP_UPS } from '../model/limits.js';
import type { StoredLease, StoredTopUp } from '../model/state.js';
import type { TopUpView } from '../model/types.js';
import type { Ledger } from './ledger.js';
import { addedToMonth, endOf } from './top-up-table.js';

/** What a budget has of its top-ups, and when they leave. */

/** What one over caps can still grant, with what leases hold of it. Late reports may have spent more than it had. */
export function leftOf(
  { tokens, spent = 0 }: StoredTopUp,
  { reserved }: { readonly reserved: number },
): number {
  return Math.max(0, tokens - spent - reserved);
}

/** When it ended, or undefined. */
export function endedAt(
  { clock, month }: Ledger,
  { endedAt: early, expiresAt, month: of }: StoredTopUp,
): number | undefined {
  if (early !== undefined) return early;
  if (expiresAt !== undefined) return expiresAt <= clock ? expiresAt : undefined;
  return of !== undefined && of < month.key ? month.start : undefined;
}

export function hasTooMany(ledger: Ledger): boolean {
  let open = 0;
  for (const topUp of ledger.tables.topUps.values()) if (endedAt(ledger, topUp) === undefined) open += 1;
  return open >= MAX_TOP_UPS;
}

/** Of what is spent or presumed of a lease's reservation, what counts as topped. */
export function toppedOf({ topUpId }: Pick<StoredLease, 'topUpId'>, tokens: number): number {
  return topUpId === undefined ? 0 : tokens;
}

/** What is spent of a lease's reservation that came from a top-up: it counts there, whatever has become of it. */
export function bookTopUp(
  ledger: Ledger,
  { topUpId }: StoredLease,
  tokens: number,
  settleUntil?: number,
): void {
  if (topUpId !== undefined) ledger.topUps.book(topUpId, tokens, settleUntil);
}

/**
 * One that has ended leaves the state once no lease can spend, or give back, any of it; one of a month with the month, or when its
 * end has taken all of it back.
 */
export function dropEndedTopUps(ledger: Ledger): void {
  const { topUps, tables, clock } = ledger;
  if (tables.topUps.size === 0 || clock < topUps.lookAt) return;
  let next = Number.POSITIVE_INFINITY;
  for (const [id, topUp] of [...tables.topUps.entries()]) {
    const leavesAt = whenOver(ledger, id, topUp);
    if (leavesAt <= clock) ledger.setTopUp(id, undefined);
    else next = Math.min(next, leavesAt);
  }
  topUps.lookAt = next;
}

/** When it leaves; while leases live that were granted from it, only the end of one can tell. */
function whenOver({ slots, month, clock }: Ledger, topUpId: string, topUp: StoredTopUp): number {
  if (topUp.kind === 'LARGER_MONTH') {
    const isOver =
      (topUp.month ?? '') < month.key || (topUp.endedAt !== undefined && addedToMonth(topUp) === 0);
    return isOver ? clock : month.end;
  }
  const ended = topUp.endedAt ?? endOf(topUp);
  if (ended > clock) return ended;
  return slots.ofTopUp(topUpId).leases > 0 ? Number.POSITIVE_INFINITY : (topUp.settleUntil ?? 0);
}

export function viewOfTopUp(ledger: Ledger, topUpId: string, topUp: StoredTopUp): TopUpView {
  const { kind, tokens, reason, addedAt, aiId, teamId, expiresAt, month, spent = 0, takenBack = 0 } = topUp;
  const { reserved } = ledger.slots.ofTopUp(topUpId);
  const ended = endedAt(ledger, topUp);
  return {
    ...{ topUpId, kind, tokens, reason, addedAt, spent, reserved, takenBack },
    available: kind === 'OVER_CAPS' && ended === undefined ? leftOf(topUp, { reserved }) : 0,
    ...(aiId === undefined ? {} : { aiId }),
    ...(teamId === undefined ? {} : { teamId }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(month === undefined ? {} : { month }),
    ...(ended === undefined ? {} : { endedAt: ended }),
  };
}
