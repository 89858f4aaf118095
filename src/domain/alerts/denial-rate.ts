import type { Ledger } from '../ledger/ledger.js';
import type { ReportDenialsRequest } from '../model/requests.js';
import type { StoredDenialRate } from '../model/state.js';

/** A replica that denies many reports so once a minute, one that does not reports nothing: so long the last report counts. */
const REPORT_LASTS_MS = 150_000;

/** What one replica counts of its own: denials write nothing, so it says so in a commit of its own. */
export function reportDenials(ledger: Ledger, { epoch, perMinute }: ReportDenialsRequest): void {
  if (epoch === ledger.epoch) ledger.setDenialRate({ at: ledger.clock, perMinute });
}

/** A report that is over leaves the state, and its condition with it. */
export function endDenialRate(ledger: Ledger): void {
  const { denialRate, clock } = ledger;
  // After ResetClock it may stand in the future.
  const isOver = denialRate !== undefined && (reportEndsAt(denialRate) <= clock || denialRate.at > clock);
  if (isOver) ledger.setDenialRate(undefined);
}

export function reportEndsAt(rate: StoredDenialRate | undefined): number {
  return rate === undefined ? Number.POSITIVE_INFINITY : rate.at + REPORT_LASTS_MS;
}
