import { RECEIPT_MEMORY_MS } from '../model/limits.js';

/**
 * What tidying remembers of time. A clock that is wrong looks like one that is right; what cannot be wrong is how long somebody
 * has been running. So nothing is removed by what a clock says now, only by what it has said for days.
 */
export interface TidyMark {
  /** Rises by one with every change: a change is a compare-and-swap on it. */
  readonly revision: number;
  /** What the clock said when this was written. */
  readonly at: number;
  /** This moment has passed: it was reached in the time that the service really ran, or the clock stood beyond it for days. 0: none is known. */
  readonly horizon: number;
  /** The clock is beyond the horizon. `to`: how far it will be believed once the service has run for `ranMs` of `LEAP_WAIT_MS`. */
  readonly leap?: { readonly to: number; readonly ranMs: number };
  /** An operator has said at this moment that the clock is right. */
  readonly vouchedFor?: number;
  readonly lastCut?: Cut & { readonly at: number };
  /** The highest of the deleted budgets that were removed: who begins anew begins above them. */
  readonly numbers?: Numbers;
}

/** What rises in a budget for as long as anybody knows of it. */
export interface Numbers {
  readonly epoch: number;
  readonly fence: number;
  readonly revision: number;
}

/** Usage of days before `dayBefore` (`YYYY-MM-DD`) goes, and receipts of what happened before `receiptsBefore`. */
export interface Cut {
  readonly dayBefore: string;
  readonly receiptsBefore: number;
}

/**
 * A leap of the clock, be it a downtime or a mistake, is believed after so long. No less than receipts are known: what was
 * booked under a clock that was behind has then been known for as long, too.
 */
export const LEAP_WAIT_MS = RECEIPT_MEMORY_MS;

/** A day's start lies up to 14 hours from that of UTC, and where a zone was changed, a month begins by as much later. */
const ZONES_MS = 48 * 3_600_000;
/** For what was booked while the clock stood still for some minutes, since it was not trusted. */
const RECEIPTS_MARGIN_MS = 3_600_000;

/** The mark after the service has run for `ranMs` since `mark`, with a clock that says `now` and is trusted. */
export function markAfter(mark: TidyMark | undefined, now: number, ranMs: number): TidyMark {
  if (mark === undefined) return { revision: 1, at: now, horizon: 0, leap: { to: now, ranMs: 0 } };
  const { leap: before, ...rest } = mark;
  let horizon = mark.horizon === 0 ? 0 : Math.min(now, mark.horizon + ranMs);
  // Never beyond the clock: where it was set back, that much is not believed any more.
  let leap = before && { to: Math.min(now, before.to + ranMs), ranMs: before.ranMs + ranMs };
  if (leap !== undefined && leap.ranMs >= LEAP_WAIT_MS) {
    horizon = Math.max(horizon, leap.to);
    leap = undefined;
  }
  // What leapt later waits for itself.
  if (horizon < now) leap ??= { to: now, ranMs: 0 };
  else leap = undefined;
  return { ...rest, revision: mark.revision + 1, at: now, horizon, ...(leap === undefined ? {} : { leap }) };
}

/** What may be removed. An operator's word is for usage alone: it does not make receipts older than they are. */
export function cutBy({ horizon, vouchedFor = 0 }: TidyMark, now: number, retentionMonths: number): Cut {
  const passed = Math.min(now, horizon);
  const usageUntil = Math.min(now, Math.max(horizon, vouchedFor));
  return {
    dayBefore: retentionStart(usageUntil - ZONES_MS, retentionMonths),
    receiptsBefore: passed - RECEIPT_MEMORY_MS - RECEIPTS_MARGIN_MS,
  };
}

/** How long the service must still run until what the clock says now is believed; 0 if it is. */
export function leapWaitMs({ leap }: TidyMark): number {
  return leap === undefined ? 0 : Math.max(0, LEAP_WAIT_MS - leap.ranMs);
}

/** The first day that is kept, `YYYY-MM-DD`. */
export function retentionStart(now: number, months: number): string {
  const date = new Date(Math.max(0, now));
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1));
  return first.getTime() < 0 ? '1970-01-01' : first.toISOString().slice(0, 10);
}

/** Above everything that either has handed out. */
export function highest(a: Numbers | undefined, b: Numbers): Numbers {
  return {
    epoch: Math.max(a?.epoch ?? 0, b.epoch),
    fence: Math.max(a?.fence ?? 0, b.fence),
    revision: Math.max(a?.revision ?? 0, b.revision),
  };
}
