import type { HourTotal, UsageDay } from '../model/state.js';
import { UNKNOWN } from '../model/types.js';
import { standsUnder } from './accounts.js';
import type { Ledger } from './ledger.js';

/** What a day counts, in the state or in its usage document. */
export type DayFigures = Pick<
  UsageDay,
  'total' | 'hours' | 'ais' | 'models' | 'presumedBy' | 'topped' | 'toppedAis' | 'toppedModels'
>;

/**
 * What a day counts beside what it presumes of its leases: reports, corrections, and what format 1 presumed. Its hours, AIs and
 * models add up to the same as long as nothing takes from one side what another has left to a lease. What came from top-ups is one
 * such rest, all else another.
 */
export interface DayRest {
  readonly total: number;
  /** Those of an hour that leases share are in it: they may be taken from any. */
  readonly hours: readonly HourTotal[];
  readonly ais: ReadonlyMap<string, number>;
  readonly models: ReadonlyMap<string, number>;
}

export function restOf(figures: DayFigures, isTopped: boolean): DayRest {
  const { total, hours, ais, models } = isTopped ? toppedOnly(figures) : withoutTopped(figures);
  let presumed = 0;
  const ofAis = new Map(ais);
  const ofHours = new Map(hours.map(({ start, tokens }) => [start, tokens]));
  for (const { aiId, hourStart, tokens, topped } of figures.presumedBy.values()) {
    if ((topped === true) !== isTopped) continue;
    presumed += tokens;
    const name = standsUnder(figures.ais, aiId);
    ofAis.set(name, (ofAis.get(name) ?? 0) - tokens);
    if (hourStart !== undefined) ofHours.set(hourStart, (ofHours.get(hourStart) ?? 0) - tokens);
  }
  const ofModels = new Map(models);
  if (presumed > 0) ofModels.set(UNKNOWN, (models.get(UNKNOWN) ?? 0) - presumed);
  return {
    total: total - presumed,
    hours: Array.from(ofHours, ([start, tokens]) => ({ start, tokens })),
    ais: ofAis,
    models: ofModels,
  };
}

function toppedOnly({ topped = 0, hours, toppedAis, toppedModels }: DayFigures): DayRest {
  const ofHours = hours.map(({ start, topped: tokens = 0 }) => ({ start, tokens }));
  return { total: topped, hours: ofHours, ais: toppedAis, models: toppedModels };
}

function withoutTopped(figures: DayFigures): DayRest {
  const { total, topped = 0, hours, ais, models, toppedAis, toppedModels } = figures;
  if (topped === 0) return figures;
  return {
    total: total - topped,
    hours: hours.map(({ start, tokens, topped: ofHour = 0 }) => ({ start, tokens: tokens - ofHour })),
    ais: less(ais, toppedAis),
    models: less(models, toppedModels),
  };
}

function less(all: ReadonlyMap<string, number>, part: ReadonlyMap<string, number>): Map<string, number> {
  return new Map(Array.from(all, ([name, tokens]) => [name, tokens - (part.get(name) ?? 0)]));
}

/** The figures of a day in the state; it must be there. */
export function figuresOfOpen({ tables }: Ledger, day: string): DayFigures {
  const { total = 0, topped = 0, hours = [] } = tables.days.get(day) ?? {};
  const [ais, models] = [tables.ofDay(tables.dayAis, day), tables.ofDay(tables.dayModels, day)];
  const toppedAis = tables.toppedOfDay(tables.toppedAis, day);
  const toppedModels = tables.toppedOfDay(tables.toppedModels, day);
  return { total, topped, hours, ais, models, toppedAis, toppedModels, presumedBy: tables.presumedBy(day) };
}

export function restOfOpen(ledger: Ledger, day: string, isTopped: boolean): DayRest {
  return restOf(figuresOfOpen(ledger, day), isTopped);
}
