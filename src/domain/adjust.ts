import { book, canCount, standsUnder } from './accounts.js';
import { retentionStart } from './calendar.js';
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
import type { Table } from './table.js';
import { UNKNOWN } from './types.js';
import { calendarDay, dayWindow, monthOfDay } from './windows.js';

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
  if (!ledger.tables.days.has(day) && !evidence.days.has(day)) {
    return { kind: 'unknown', receiptIds: [], days: [day] };
  }
  const figures = figuresOf(ledger, day, evidence.days.get(day));
  const { ofAi, ofModel } = figures;
  const names = { aiId: standsUnder(ofAi, request.aiId), model: standsUnder(ofModel, request.model) };
  const available = availableFor(figures, names);
  if (available + request.tokens < 0)
    return refused({ reason: 'BELOW_ZERO', available, of: whose(day, request) });
  if (request.tokens > 0 && !fits(ledger, figures.total, request.tokens)) {
    return refused({ reason: 'AMOUNT_OVERFLOW', field: 'tokens' });
  }
  const refusal = outboxRefusal(ledger);
  if (refusal !== undefined) return refused(refusal);
  bringBackDay(ledger, windowOf(ledger, day), evidence.days.get(day));
  if (request.tokens > 0) add(ledger, day, request);
  else take(ledger, day, names, -request.tokens);
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

/** Nobody can correct the future, nor what is no longer kept. */
function notToBeChanged(
  { today, clock }: Ledger,
  day: string,
  retentionMonths: number | undefined,
): OutcomeOf['adjust'] | undefined {
  const first = retentionMonths === undefined ? '' : retentionStart(clock, retentionMonths);
  if (day >= first && day <= today.day) return undefined;
  const description =
    day < first
      ? `${day} is before the retention: usage is kept from ${first} on; name that or a later day`
      : `${day} is in the future; name today or an earlier day`;
  return refused({ reason: 'INVALID_FIELD', violations: [{ field: 'day', description }] });
}

function windowOf({ zone, month }: Ledger, day: string) {
  return monthOfDay(day) === month.key ? dayWindow(zone, month, day) : calendarDay(zone, day);
}

function fits(ledger: Ledger, total: number, tokens: number): boolean {
  return canCount(ledger, tokens) && Number.isSafeInteger(total + tokens);
}

/** Under which an adjustment downwards takes; undefined: whoever has most. */
interface Names {
  readonly aiId: string | undefined;
  readonly model: string | undefined;
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
  const of = (table: Table<number>) => (name: string) => table.get(`${day} ${name}`);
  return { total: totals.total, ofAi: of(tables.dayAis), ofModel: of(tables.dayModels) };
}

/** What an adjustment downwards can take: of one AI, of one model, or of both at most the lesser. */
function availableFor({ total, ofAi, ofModel }: DayFigures, { aiId, model }: Names): number {
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
function take(ledger: Ledger, day: string, names: Names, tokens: number): void {
  const { tables } = ledger;
  const ais = parts(tables.ofDay(tables.dayAis, day), names.aiId, tokens);
  const models = parts(tables.ofDay(tables.dayModels, day), names.model, tokens);
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
