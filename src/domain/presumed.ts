import { book, moveModel } from './accounts.js';
import type { Ledger } from './ledger.js';
import type { ClosedLease } from './state.js';
import { OTHER, UNKNOWN } from './types.js';

/**
 * Tokens that a lease had reserved and not reported when it ended. They stand in the day, hour and AI of its grant, under the
 * model `(unknown)`. An operator may have corrected these figures since, so no more is taken from them than they still hold.
 */

/** Of late tokens, those that turn out to be what was presumed: they change only their model. Says how many. */
export function settlePresumed(
  ledger: Ledger,
  { lease, presumed }: ClosedLease,
  model: string,
  late: number,
): number {
  const { day, hourStart, aiId } = lease;
  const totals = ledger.tables.days.get(day);
  // A day that has left the state takes nothing more: its total is right as it is.
  if (totals === undefined) return Math.min(late, presumed);
  const unknown = ledger.tables.dayModels.get(`${day} ${UNKNOWN}`) ?? 0;
  const tokens = Math.min(late, presumed, totals.presumed, unknown);
  if (tokens > 0) moveModel(ledger, { day, hourStart, aiId, model, tokens, presumed: -tokens }, UNKNOWN);
  return tokens;
}

/** Takes presumed tokens out again. Says how many. */
export function freePresumed(ledger: Ledger, { lease, presumed }: ClosedLease): number {
  const { day, hourStart, aiId } = lease;
  const { tables } = ledger;
  const totals = tables.days.get(day);
  if (totals === undefined) return 0;
  const hour = totals.hours.find(({ start }) => start === hourStart)?.tokens ?? 0;
  const ofAi = tables.dayAis.get(`${day} ${aiId}`) ?? tables.dayAis.get(`${day} ${OTHER}`) ?? 0;
  const unknown = tables.dayModels.get(`${day} ${UNKNOWN}`) ?? 0;
  const tokens = Math.min(presumed, totals.presumed, hour, ofAi, unknown);
  if (tokens > 0) book(ledger, { day, hourStart, aiId, model: UNKNOWN, tokens: -tokens, presumed: -tokens });
  return tokens;
}
