import { alertKey, overrunAlert, unpricedModelAlert } from '../alerts/alerts.js';
import { book, canCount, type Entry, openDay } from '../ledger/accounts.js';
import { noteLapsed } from '../ledger/kept-windows.js';
import { viewOfClosed, viewOfLive } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { bookTopUp, toppedOf } from '../ledger/top-ups.js';
import type { Refusal } from '../model/outcomes.js';
import type { ClosedLease, StoredLease } from '../model/state.js';
import { type CallCount, type LeaseView, UNSPECIFIED, type UsageReport } from '../model/types.js';
import { addCharge, chargeOf, type TokenCharge } from '../policy/token-charge.js';
import { putClosed, raiseOnce } from './closing.js';
import { settlePresumed } from './presumed.js';

/** How a report was counted. */
export interface Booked {
  readonly chargedTokens: number;
  /** Above the reservation. */
  readonly overrunTokens: number;
  readonly late: boolean;
  /** Its model lacks weights of its own, where others have them. */
  readonly unpriced?: true;
}

const NOTHING = { tokens: 0, roundedUp: 0 };

/** What a report counts by the policy's weights for its model. */
export function chargeFor({ weights }: Ledger, usage: UsageReport): TokenCharge {
  return chargeOf(usage.tokens, weights.of(usage.model));
}

/** Why a report cannot be booked as it stands; undefined if it can. */
export function reportRefusal(ledger: Ledger, charge: TokenCharge, used = 0): Refusal | undefined {
  const amount = charge.whole + (charge.millionths > 0 ? 1 : 0);
  const limit = ledger.policy.maxReportTokens || ledger.policy.monthlyLimit;
  if (amount > limit) return { reason: 'REPORT_TOO_LARGE', charge: amount, limit, unit: ledger.policy.unit };
  if (canCount(ledger, amount) && Number.isSafeInteger(used + amount)) return undefined;
  return { reason: 'AMOUNT_OVERFLOW', field: 'usage.tokens' };
}

/**
 * Books a report on a live lease: up to its reservation in the windows of the grant, the overrun in those of now. Its calls count
 * once, where its first tokens do; without any, in the day of the grant.
 */
export function bookOnLive(
  ledger: Ledger,
  lease: StoredLease,
  usage: UsageReport,
  charge: TokenCharge,
): Booked & { readonly lease: StoredLease } {
  const after = charged(ledger, lease, charge);
  const chargedTokens = after.used - lease.used;
  const within = Math.min(chargedTokens, Math.max(0, lease.reserved - lease.used));
  const overrunTokens = chargedTokens - within;
  const { aiId, day, hourStart } = lease;
  const [model, calls] = [modelOf(usage), callsOf(usage)];
  if (within > 0 || (overrunTokens === 0 && calls !== undefined)) {
    book(ledger, { day, hourStart, aiId, model, tokens: within, topped: toppedOf(lease, within), calls });
    bookTopUp(ledger, lease, within);
  }
  if (overrunTokens > 0) {
    bookNow(ledger, { aiId, model, tokens: overrunTokens, calls: within > 0 ? undefined : calls });
    tellOverrun(ledger, viewOfLive(ledger, after), after, overrunTokens);
  }
  ledger.setLease(lease.fence, after);
  const booked = { chargedTokens, overrunTokens, late: false, lease: after };
  return isPriced(ledger, usage, chargedTokens) ? booked : { ...booked, unpriced: true };
}

/** Books a report on a closed lease: first out of what was presumed of it; only the excess is new, in the windows of now. */
export function bookLate(
  ledger: Ledger,
  closed: ClosedLease,
  usage: UsageReport,
  charge: TokenCharge,
): Booked & { readonly closed: ClosedLease } {
  const { lease } = closed;
  const after = charged(ledger, lease, charge);
  const chargedTokens = after.used - lease.used;
  const [model, calls] = [modelOf(usage), callsOf(usage)];
  const moved = settlePresumed(ledger, closed, { model, tokens: chargedTokens, calls });
  const excess = chargedTokens - moved;
  const overrunTokens = chargedTokens - Math.min(chargedTokens, Math.max(0, lease.reserved - lease.used));
  // What was free again had been reserved all the same: from a top-up it came then, and stays out of windows.
  const topped = toppedOf(lease, Math.max(0, excess - overrunTokens));
  const { aiId } = lease;
  const late = { late: excess, topped, calls: moved > 0 ? undefined : calls };
  bookNow(ledger, { aiId, model, tokens: excess, ...late });
  bookTopUp(ledger, lease, topped);
  const updated = { ...closed, lease: after, presumed: closed.presumed - moved };
  if (overrunTokens > 0) tellOverrun(ledger, viewOfClosed(ledger, updated), after, overrunTokens);
  putClosed(ledger, updated);
  const booked = { chargedTokens, overrunTokens, late: true, closed: updated };
  return isPriced(ledger, usage, chargedTokens) ? booked : { ...booked, unpriced: true };
}

/** Books a report that has no lease, in the windows of now. */
export function bookUnleased(ledger: Ledger, aiId: string, usage: UsageReport, charge: TokenCharge): Booked {
  const chargedTokens = addCharge(NOTHING, charge).tokens;
  bookNow(ledger, { aiId, model: modelOf(usage), tokens: chargedTokens, calls: callsOf(usage) });
  const booked = { chargedTokens, overrunTokens: 0, late: false };
  return isPriced(ledger, usage, chargedTokens) ? booked : { ...booked, unpriced: true };
}

/** A model without weights of its own is charged by those of all, which may be far from its price: somebody should hear of it. */
function isPriced(ledger: Ledger, usage: UsageReport, tokens: number): boolean {
  if (!ledger.weights.lacks(usage.model)) return true;
  const { tables, month } = ledger;
  const model = modelOf(usage);
  const key = alertKey({ rule: 'UNPRICED_MODEL', windowStart: month.start, model });
  if (!tables.alerts.has(key) && modelsToldOf(ledger) < MOST_UNPRICED)
    raiseOnce(ledger, unpricedModelAlert(ledger, model, tokens));
  return false;
}

/** Callers make up the names of models: so many are told of in a month. */
const MOST_UNPRICED = 20;

function modelsToldOf({ tables, month }: Ledger): number {
  let told = 0;
  for (const { rule, windowStart, epoch } of tables.alerts.values()) {
    if (rule === 'UNPRICED_MODEL' && windowStart === month.start && epoch === undefined) told += 1;
  }
  return told;
}

function tellOverrun(ledger: Ledger, view: LeaseView, lease: StoredLease, tokens: number): void {
  ledger.note({ kind: 'overrun', at: ledger.clock, lease: view, tokens });
  raiseOnce(ledger, overrunAlert(ledger, lease, tokens));
}

/** The windows of now are those of the decision's moment. Nothing opens no day. */
function bookNow(ledger: Ledger, entry: Omit<Entry, 'day' | 'hourStart'>): void {
  if (entry.tokens === 0 && entry.calls === undefined) return;
  openDay(ledger, ledger.today);
  if (entry.tokens > 0) noteLapsed(ledger, entry.aiId);
  const { today, hour } = ledger;
  book(ledger, { ...entry, day: today.day, hourStart: hour.start });
}

/** The charge of a lease is rounded up once, on its cumulative sum. */
function charged({ clock }: Ledger, lease: StoredLease, charge: TokenCharge): StoredLease {
  const sum = addCharge({ tokens: lease.used, roundedUp: lease.roundedUp }, charge);
  return { ...lease, used: sum.tokens, roundedUp: sum.roundedUp, reportedAt: clock };
}

function modelOf({ model }: UsageReport): string {
  return model === '' ? UNSPECIFIED : model;
}

/** Undefined where the report is about none. */
function callsOf({ calls = 1, failed }: UsageReport): CallCount | undefined {
  return calls === 0 ? undefined : { calls, failedCalls: failed ? calls : 0 };
}
