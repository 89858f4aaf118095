import { book, canCount } from './accounts.js';
import { dayIn, daysInMonth } from './calendar.js';
import { putReceipt } from './closing.js';
import { findReceipt, unknownReceipts } from './lease-lookup.js';
import type { Ledger } from './ledger.js';
import { outboxRefusal } from './outbox.js';
import type { OutcomeOf, Unknown } from './outcomes.js';
import { adjustmentReceiptId } from './receipt-id.js';
import { refused } from './refused.js';
import type { AdjustRequest, Evidence } from './requests.js';
import { bringBackDay } from './returning-days.js';
import type { BookedAdjustment, HourTotal, UsageDay } from './state.js';
import { usageDayBytes } from './state-size.js';
import { UNKNOWN } from './types.js';
import { calendarDay, dayWindow, monthOfDay } from './windows.js';

/** Corrects a wrong report, or brings in what was spent before; once per adjustment id. */
export function adjust(
  ledger: Ledger,
  request: AdjustRequest,
  evidence: Evidence,
): OutcomeOf['adjust'] | Unknown {
  const receiptId = adjustmentReceiptId(ledger.epoch, request.adjustmentId);
  const receipt = findReceipt(ledger, receiptId, evidence);
  if (receipt === 'unknown') return unknownReceipts(receiptId);
  if (receipt !== undefined) return replay(request, receipt.body as BookedAdjustment);
  const day = request.day ?? ledger.today.day;
  if (day > ledger.today.day) return futureDay(day);
  const needed = request.tokens > 0 ? countedWith(ledger, day) : [day];
  const unknown = needed.filter((one) => !isKnown(ledger, one, evidence));
  if (unknown.length > 0) return { kind: 'unknown', receiptIds: [], days: unknown };
  const document = evidence.days.get(day);
  const figures = figuresOf(ledger, day, document);
  const available = availableFor(figures, request);
  if (available + request.tokens < 0)
    return refused({ reason: 'BELOW_ZERO', available, of: whose(day, request) });
  if (request.tokens > 0 && !fits(ledger, day, evidence, request.tokens)) {
    return refused({ reason: 'AMOUNT_OVERFLOW', field: 'tokens' });
  }
  const refusal = outboxRefusal(ledger, ledger.tables.days.has(day) ? 0 : usageDayBytes(document));
  if (refusal !== undefined) return refused(refusal);
  bringBackDay(ledger, windowOf(ledger, day), document);
  if (request.tokens > 0) add(ledger, day, request);
  else take(ledger, day, request, -request.tokens);
  const dayTotal = ledger.tables.days.get(day)?.total ?? 0;
  putReceipt(ledger, receiptId, { kind: 'adjustment', fingerprint: request.fingerprint, day, dayTotal });
  return { kind: 'adjusted', day, dayTotal, replayed: false };
}

function replay(request: AdjustRequest, before: BookedAdjustment): OutcomeOf['adjust'] {
  if (before.fingerprint !== request.fingerprint) {
    return refused({ reason: 'ID_REUSED', field: 'adjustment_id', id: request.adjustmentId });
  }
  return { kind: 'adjusted', day: before.day, dayTotal: before.dayTotal, replayed: true };
}

function futureDay(day: string): OutcomeOf['adjust'] {
  const description = `${day} is in the future; name today or an earlier day`;
  return refused({ reason: 'INVALID_FIELD', violations: [{ field: 'day', description }] });
}

function windowOf({ zone, month }: Ledger, day: string) {
  return monthOfDay(day) === month.key ? dayWindow(zone, month, day) : calendarDay(zone, day);
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

/** What a day counts, in the state or in its document: a refused adjustment brings no day back. */
interface DayFigures {
  readonly total: number;
  readonly ofAi: (aiId: string) => number | undefined;
  readonly ofModel: (model: string) => number | undefined;
}

function figuresOf({ tables }: Ledger, day: string, document: UsageDay | undefined): DayFigures {
  const totals = tables.days.get(day);
  if (totals === undefined) {
    const ofAi = (aiId: string) => document?.ais.get(aiId);
    return { total: document?.total ?? 0, ofAi, ofModel: (model) => document?.models.get(model) };
  }
  const ofAi = (aiId: string) => tables.dayAis.get(`${day} ${aiId}`);
  return { total: totals.total, ofAi, ofModel: (model) => tables.dayModels.get(`${day} ${model}`) };
}

/** What an adjustment downwards can take: of one AI, of one model, or of both at most the lesser. */
function availableFor({ total, ofAi, ofModel }: DayFigures, { aiId, model }: AdjustRequest): number {
  return Math.min(
    total,
    aiId === undefined ? total : (ofAi(aiId) ?? 0),
    model === undefined ? total : (ofModel(model) ?? 0),
  );
}

function whose(day: string, { aiId, model }: AdjustRequest): string {
  return [day, aiId, model].filter((part) => part !== undefined).join(', ');
}

/** Nobody knows the hour of an earlier day: it goes to the first. */
function add(ledger: Ledger, day: string, { tokens, aiId = UNKNOWN, model = UNKNOWN }: AdjustRequest): void {
  const isToday = day === ledger.today.day;
  const hourStart = isToday ? ledger.hour.start : (ledger.tables.days.get(day)?.start ?? 0);
  book(ledger, { day, hourStart, aiId, model, tokens });
}

/** Takes from the latest hours, and from the AIs and models with the most tokens where none is named. */
function take(ledger: Ledger, day: string, request: AdjustRequest, tokens: number): void {
  const { tables } = ledger;
  const ais = parts(tables.ofDay(tables.dayAis, day), request.aiId, tokens);
  const models = parts(tables.ofDay(tables.dayModels, day), request.model, tokens);
  const hours = latestFirst(tables.days.get(day)?.hours ?? []);
  // Each step takes the least that all three sides still have, so that their sums stay equal.
  for (let left = tokens; left > 0; ) {
    const [ai, model, hour] = [ais[0], models[0], hours[0]];
    if (ai === undefined || model === undefined || hour === undefined) {
      throw new Error(`the figures of ${day} do not add up`);
    }
    const step = Math.min(left, ai.tokens, model.tokens, hour.tokens);
    const presumed = model.name === UNKNOWN ? -presumedPart(ledger, day, step) : 0;
    const [aiId, hourStart] = [ai.name, Number(hour.name)];
    book(ledger, { day, hourStart, aiId, model: model.name, tokens: -step, presumed });
    for (const side of [ais, models, hours]) takePart(side, step);
    left -= step;
  }
}

interface Part {
  readonly name: string;
  tokens: number;
}

function parts(figures: ReadonlyMap<string, number>, only: string | undefined, tokens: number): Part[] {
  if (only !== undefined) return [{ name: only, tokens }];
  return [...figures]
    .map(([name, has]) => ({ name, tokens: has }))
    .filter((part) => part.tokens > 0)
    .sort((a, b) => b.tokens - a.tokens || (a.name < b.name ? -1 : 1));
}

function latestFirst(hours: readonly HourTotal[]): Part[] {
  return hours
    .map(({ start, tokens }) => ({ name: String(start), tokens }))
    .filter((part) => part.tokens > 0)
    .reverse();
}

function takePart(side: Part[], step: number): void {
  const first = side[0];
  if (first === undefined) return;
  first.tokens -= step;
  if (first.tokens === 0) side.shift();
}

/** Presumed tokens stand under `(unknown)`, beside adjustments that named no model: those go first. */
function presumedPart({ tables }: Ledger, day: string, step: number): number {
  const presumed = tables.days.get(day)?.presumed ?? 0;
  const unknown = tables.dayModels.get(`${day} ${UNKNOWN}`) ?? 0;
  return Math.max(0, step - Math.max(0, unknown - presumed));
}
