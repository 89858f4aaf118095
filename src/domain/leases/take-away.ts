import { book, standsUnder } from '../ledger/accounts.js';
import { restOfOpen } from '../ledger/day-rest.js';
import type { Ledger } from '../ledger/ledger.js';
import type { AdjustRequest } from '../model/requests.js';
import { UNKNOWN } from '../model/types.js';
import { takePresumed } from './presumed.js';

/**
 * What an adjustment downwards takes away, and in which order. A correction that names an AI, or the model `(unknown)`, is about
 * what was presumed: that goes first, of the leases of that AI or of all, and the rest after it. One that names neither is about
 * the day: what is presumed goes last. One that names another model takes nothing that is presumed.
 */
type Whose = Pick<AdjustRequest, 'aiId' | 'model'>;

/** Presumed tokens stand under no model of which anybody knows. */
export function mayBePresumed({ model }: Whose): boolean {
  return model === undefined || model === UNKNOWN;
}

/** Takes tokens that are there out of a day in the state. Says how many of them were presumed. */
export function takeAway(ledger: Ledger, day: string, whose: Whose, tokens: number): number {
  const { aiId, model } = whose;
  const before = ledger.tables.days.get(day)?.presumed ?? 0;
  const named = aiId !== undefined || model !== undefined;
  let left = tokens;
  if (named && mayBePresumed(whose)) left -= takePresumed(ledger, day, aiId, left);
  left -= takeRest(ledger, day, whose, left);
  if (!named) left -= takePresumed(ledger, day, undefined, left);
  if (left > 0) throw new Error(`the figures of ${day} do not add up`);
  return before - (ledger.tables.days.get(day)?.presumed ?? 0);
}

/** Takes from the latest hours, and from the AIs and models with the most tokens where none is named. Says how much. */
function takeRest(ledger: Ledger, day: string, { aiId, model }: Whose, tokens: number): number {
  const rest = restOfOpen(ledger, day);
  const ais = parts(rest.ais, aiId && standsUnder(rest.ais, aiId), tokens);
  const models = parts(rest.models, model && standsUnder(rest.models, model), tokens);
  const hours = rest.hours
    .filter((hour) => hour.tokens > 0)
    .map(({ start, tokens: has }) => ({ start, tokens: has }));
  let left = tokens;
  // Each step takes the least that all three sides still have, so that their sums stay equal.
  while (left > 0) {
    const [ofAi, ofModel, hour] = [ais[0], models[0], hours.at(-1)];
    if (ofAi === undefined || ofModel === undefined || hour === undefined) break;
    const step = Math.min(left, ofAi.tokens, ofModel.tokens, hour.tokens);
    const presumed = ofModel.name === UNKNOWN ? -presumedByNoLease(ledger, day, step) : 0;
    book(ledger, {
      day,
      hourStart: hour.start,
      aiId: ofAi.name,
      model: ofModel.name,
      tokens: -step,
      presumed,
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

function parts(figures: ReadonlyMap<string, number>, only: string | undefined, tokens: number): Part[] {
  if (only !== undefined) return [{ name: only, tokens }];
  return [...figures]
    .map(([name, has]) => ({ name, tokens: has }))
    .filter((part) => part.tokens > 0)
    .sort((a, b) => b.tokens - a.tokens || (a.name < b.name ? -1 : 1));
}

/** What format 1 presumed stands under `(unknown)` beside adjustments that named no model: those go first. */
function presumedByNoLease({ tables }: Ledger, day: string, step: number): number {
  const presumed = tables.days.get(day)?.presumed ?? 0;
  const unknown = tables.dayModels.get(`${day} ${UNKNOWN}`) ?? 0;
  return Math.max(0, step - Math.max(0, unknown - presumed));
}
