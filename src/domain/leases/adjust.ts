import { book, canCount, standsUnder } from '../ledger/accounts.js';
import { type DayFigures, figuresOfOpen, restOf } from '../ledger/day-rest.js';
import { findReceipt, unknownReceipts } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { outboxRefusal } from '../ledger/outbox.js';
import { bringBackDay, returningBytes } from '../ledger/returning-days.js';
import type { OutcomeOf, Unknown } from '../model/outcomes.js';
import { adjustmentReceiptId } from '../model/receipt-id.js';
import { refused } from '../model/refused.js';
import type { AdjustRequest, Evidence } from '../model/requests.js';
import type { BookedAdjustment } from '../model/state.js';
import { UNKNOWN } from '../model/types.js';
import { dayIn, daysInMonth, firstDayKept } from '../time/calendar.js';
import { monthOfDay } from '../time/windows.js';
import { putReceipt } from './closing.js';
import { isOf } from './presumed.js';
import { mayBePresumed, takeAway } from './take-away.js';

/** Corrects a wrong report, or brings in what was spent before; once per adjustment id. */
export function adjust(
  ledger: Ledger,
  request: AdjustRequest,
  evidence: Evidence,
  retentionMonths?: number,
): OutcomeOf['adjust'] | Unknown {
  const receiptId = adjustmentReceiptId(ledger.epoch, request.adjustmentId);
  const receipt = findReceipt(ledger, receiptId, evidence);
  if (receipt === 'unknown') return unknownReceipts(receiptId);
  if (receipt !== undefined) return replay(request, receipt.body as BookedAdjustment);
  const day = request.day ?? ledger.today.day;
  const wrong = notToBeChanged(ledger, day, retentionMonths);
  if (wrong !== undefined) return wrong;
  const needed = request.tokens > 0 ? countedWith(ledger, day) : [day];
  const unknown = needed.filter((one) => !isKnown(ledger, one, evidence));
  if (unknown.length > 0) return { kind: 'unknown', receiptIds: [], days: unknown };
  const figures = figuresOf(ledger, day, evidence);
  const available = availableFor(figures, request);
  if (available + request.tokens < 0)
    return refused({ reason: 'BELOW_ZERO', available, of: whose(day, request) });
  if (request.tokens > 0 && !fits(ledger, day, evidence, request.tokens)) {
    return refused({ reason: 'AMOUNT_OVERFLOW', field: 'tokens' });
  }
  const refusal = outboxRefusal(ledger, returningBytes(ledger, day, evidence));
  if (refusal !== undefined) return refused(refusal);
  bringBackDay(ledger, day, evidence);
  const taken =
    request.tokens > 0 ? add(ledger, day, request) : takeAway(ledger, day, request, -request.tokens);
  const dayTotal = ledger.tables.days.get(day)?.total ?? 0;
  const ofPresumed = taken > 0 ? { presumedTokens: taken } : {};
  const { fingerprint } = request;
  putReceipt(ledger, receiptId, { kind: 'adjustment', fingerprint, day, dayTotal, ...ofPresumed });
  return { kind: 'adjusted', day, dayTotal, replayed: false };
}

function replay(request: AdjustRequest, before: BookedAdjustment): OutcomeOf['adjust'] {
  if (before.fingerprint !== request.fingerprint) {
    return refused({ reason: 'ID_REUSED', field: 'adjustment_id', id: request.adjustmentId });
  }
  return { kind: 'adjusted', day: before.day, dayTotal: before.dayTotal, replayed: true };
}

/** Nobody can correct the future, nor what is no longer kept: both by the budget's own calendar. */
function notToBeChanged(
  { today, month }: Ledger,
  day: string,
  retentionMonths: number | undefined,
): OutcomeOf['adjust'] | undefined {
  const first = retentionMonths === undefined ? '' : firstDayKept(month.key, retentionMonths);
  if (day >= first && day <= today.day) return undefined;
  const description =
    day < first
      ? `${day} is before the retention: usage is kept from ${first} on; name that or a later day`
      : `${day} is in the future; name today or an earlier day`;
  return refused({ reason: 'INVALID_FIELD', violations: [{ field: 'day', description }] });
}

/** The days whose sum grows with this one's: of the current month it is kept in the state, of a past one it is theirs. */
function countedWith({ month }: Ledger, day: string): string[] {
  const key = monthOfDay(day);
  if (key === month.key) return [day];
  return Array.from({ length: daysInMonth(key) }, (_, at) => dayIn(key, at + 1));
}

function isKnown({ tables }: Ledger, day: string, evidence: Evidence): boolean {
  return tables.days.has(day) || evidence.days.has(day);
}

function fits(ledger: Ledger, day: string, evidence: Evidence, tokens: number): boolean {
  let total = 0;
  for (const one of countedWith(ledger, day)) {
    total += ledger.tables.days.get(one)?.total ?? evidence.days.get(one)?.total ?? 0;
  }
  return canCount(ledger, tokens, total);
}

/** Nobody knows the hour of an earlier day: it goes to the first. Nothing of it is presumed. */
function add(ledger: Ledger, day: string, { tokens, aiId = UNKNOWN, model = UNKNOWN }: AdjustRequest): 0 {
  const isToday = day === ledger.today.day;
  const hourStart = isToday ? ledger.hour.start : (ledger.tables.days.get(day)?.start ?? 0);
  book(ledger, { day, hourStart, aiId, model, tokens });
  return 0;
}

const EMPTY_DAY: DayFigures = {
  total: 0,
  hours: [],
  ais: new Map(),
  models: new Map(),
  presumedBy: new Map(),
};

/** What a day counts, in the state or in its document: a refused adjustment brings no day back. */
function figuresOf(ledger: Ledger, day: string, evidence: Evidence): DayFigures {
  if (ledger.tables.days.has(day)) return figuresOfOpen(ledger, day);
  return evidence.days.get(day) ?? EMPTY_DAY;
}

/** What an adjustment downwards can take: what is presumed of whom it names, and of the rest the least of AI and model. */
function availableFor(figures: DayFigures, request: AdjustRequest): number {
  const { aiId, model } = request;
  let presumed = 0;
  if (mayBePresumed(request)) {
    for (const one of figures.presumedBy.values()) if (isOf(figures.ais, one, aiId)) presumed += one.tokens;
  }
  const { total, ais, models } = restOf(figures);
  const rest = Math.min(
    total,
    aiId === undefined ? total : (ais.get(standsUnder(ais, aiId)) ?? 0),
    model === undefined ? total : (models.get(standsUnder(models, model)) ?? 0),
  );
  return presumed + Math.max(0, rest);
}

function whose(day: string, { aiId, model }: AdjustRequest): string {
  return [day, aiId, model].filter((part) => part !== undefined).join(', ');
}
