import { book, canCount, standsUnder } from '../ledger/accounts.js';
import { tokensOf } from '../ledger/counts.js';
import { type DayFigures, figuresOfOpen, restOf, restOfOpen } from '../ledger/day-rest.js';
import { findReceipt, unknownReceipts } from '../ledger/lease-lookup.js';
import type { Ledger } from '../ledger/ledger.js';
import { outboxRefusal } from '../ledger/outbox.js';
import { bringBackDay, returningBytes } from '../ledger/returning-days.js';
import { type NeedsLookup, type OutcomeOf, refused } from '../model/outcomes.js';
import { adjustmentReceiptId } from '../model/receipt-id.js';
import type { AdjustRequest, Evidence } from '../model/requests.js';
import type { BookedAdjustment } from '../model/state.js';
import { UNKNOWN } from '../model/types.js';
import { dayIn, daysInMonth, firstDayKept, monthOfDay } from '../time/calendar.js';
import { putReceipt } from './closing.js';
import { isOf, takePresumed } from './presumed.js';

/** Corrects a wrong report, or brings in what was spent before; once per adjustment id. */
export function adjust(
  ledger: Ledger,
  request: AdjustRequest,
  evidence: Evidence,
  retentionMonths?: number,
): OutcomeOf['adjust'] | NeedsLookup {
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
    return refused({ reason: 'BELOW_ZERO', available, of: whose(day, request), unit: ledger.policy.unit });
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
  book(ledger, { day, hourStart, aiId, model, tokens, adjusted: true });
  return 0;
}

const EMPTY_DAY: DayFigures = {
  total: 0,
  hours: [],
  ais: new Map(),
  models: new Map(),
  toppedAis: new Map(),
  toppedModels: new Map(),
  presumedBy: new Map(),
};

/** What a day counts, in the state or in its document: a refused adjustment brings no day back. */
function figuresOf(ledger: Ledger, day: string, evidence: Evidence): DayFigures {
  if (ledger.tables.days.has(day)) return figuresOfOpen(ledger, day);
  return evidence.days.get(day) ?? EMPTY_DAY;
}

/** What an adjustment downwards can take: what is presumed of whom it names, and of the rest the least of AI and model. */
function availableFor(figures: DayFigures, request: AdjustRequest): number {
  const { aiId } = request;
  let presumed = 0;
  if (mayBePresumed(request)) {
    for (const one of figures.presumedBy.values()) if (isOf(figures.ais, one, aiId)) presumed += one.tokens;
  }
  return presumed + restFor(figures, request, false) + restFor(figures, request, true);
}

function restFor(figures: DayFigures, { aiId, model }: Whose, isTopped: boolean): number {
  const { total, ais, models } = restOf(figures, isTopped);
  const rest = Math.min(
    total,
    aiId === undefined ? total : (ais.get(standsUnder(figures.ais, aiId)) ?? 0),
    model === undefined ? total : (models.get(standsUnder(figures.models, model)) ?? 0),
  );
  return Math.max(0, rest);
}

function whose(day: string, { aiId, model }: AdjustRequest): string {
  return [day, aiId, model].filter((part) => part !== undefined).join(', ');
}

/**
 * What an adjustment downwards takes away, and in which order. A correction that names an AI, or the model `(unknown)`, is about
 * what was presumed: that goes first, of the leases of that AI or of all, and the rest after it. One that names neither is about
 * the day: what is presumed goes last. One that names another model takes nothing that is presumed.
 */
type Whose = Pick<AdjustRequest, 'aiId' | 'model'>;

/** Presumed tokens stand under no model of which anybody knows. */
function mayBePresumed({ model }: Whose): boolean {
  return model === undefined || model === UNKNOWN;
}

/** Takes tokens that are there out of a day in the state. Says how many of them were presumed. */
function takeAway(ledger: Ledger, day: string, whose: Whose, tokens: number): number {
  const before = ledger.tables.days.get(day)?.presumed ?? 0;
  const left = takeOf(ledger, day, whose, takeOf(ledger, day, whose, tokens, false), true);
  if (left > 0) throw new Error(`the figures of ${day} do not add up`);
  return before - (ledger.tables.days.get(day)?.presumed ?? 0);
}

/** The same of what came from top-ups, or of what did not, which goes before it. Says how much is still to be taken. */
function takeOf(ledger: Ledger, day: string, whose: Whose, tokens: number, isTopped: boolean): number {
  const { aiId, model } = whose;
  const named = aiId !== undefined || model !== undefined;
  let left = tokens;
  if (named && mayBePresumed(whose)) left -= takePresumed(ledger, day, aiId, left, isTopped);
  left -= takeRest(ledger, day, whose, left, isTopped);
  if (!named) left -= takePresumed(ledger, day, undefined, left, isTopped);
  return left;
}

/** Takes from the latest hours, and from the AIs and models with the most tokens where none is named. Says how much. */
function takeRest(
  ledger: Ledger,
  day: string,
  { aiId, model }: Whose,
  tokens: number,
  isTopped: boolean,
): number {
  const rest = restOfOpen(ledger, day, isTopped);
  const { ais: namedAis, models: namedModels } = ledger.tables.accountsOf(day);
  const ais = parts(rest.ais, aiId && standsUnder(namedAis, aiId));
  const models = parts(rest.models, model && standsUnder(namedModels, model));
  const hours = rest.hours
    .filter((hour) => hour.tokens > 0)
    .map(({ start, tokens: has }) => ({ start, tokens: has }));
  let left = tokens;
  // Each step takes the least that all three sides still have, so that their sums stay equal.
  while (left > 0) {
    const [ofAi, ofModel, hour] = [ais[0], models[0], hours.at(-1)];
    if (ofAi === undefined || ofModel === undefined || hour === undefined) break;
    const step = Math.min(left, ofAi.tokens, ofModel.tokens, hour.tokens);
    const mayBe = ofModel.name === UNKNOWN && !isTopped;
    const presumed = mayBe ? -presumedByNoLease(ledger, day, step) : 0;
    book(ledger, {
      day,
      hourStart: hour.start,
      aiId: ofAi.name,
      model: ofModel.name,
      tokens: -step,
      presumed,
      topped: isTopped ? -step : 0,
      adjusted: !isTopped,
    });
    for (const part of [ofAi, ofModel, hour]) part.tokens -= step;
    if (ofAi.tokens === 0) ais.shift();
    if (ofModel.tokens === 0) models.shift();
    if (hour.tokens === 0) hours.pop();
    left -= step;
  }
  return tokens - left;
}

interface Part {
  readonly name: string;
  tokens: number;
}

function parts(figures: ReadonlyMap<string, number>, only: string | undefined): Part[] {
  return [...figures]
    .map(([name, has]) => ({ name, tokens: has }))
    .filter((part) => part.tokens > 0 && (only === undefined || part.name === only))
    .sort((a, b) => b.tokens - a.tokens || (a.name < b.name ? -1 : 1));
}

/** What format 1 presumed stands under `(unknown)` beside adjustments that named no model: those go first. */
function presumedByNoLease({ tables }: Ledger, day: string, step: number): number {
  const presumed = tables.days.get(day)?.presumed ?? 0;
  const unknown = tokensOf(tables.dayModels.get(`${day} ${UNKNOWN}`));
  return Math.max(0, step - Math.max(0, unknown - presumed));
}
