import type { HourTotal, UsageDay } from '../model/state.js';
import { UNKNOWN } from '../model/types.js';
import { standsUnder } from './accounts.js';
import type { Ledger } from './ledger.js';

/** What a day counts, in the state or in its usage document. */
export type DayFigures = Pick<UsageDay, 'total' | 'hours' | 'ais' | 'models' | 'presumedBy'>;

/**
 * What a day counts beside what it presumes of its leases: reports, corrections, and what format 1 presumed. Its hours, AIs and
 * models add up to the same as long as nothing takes from one side what another has left to a lease.
 */
export interface DayRest {
  readonly total: number;
  /** Those of an hour that leases share are in it: they may be taken from any. */
  readonly hours: readonly HourTotal[];
  readonly ais: ReadonlyMap<string, number>;
  readonly models: ReadonlyMap<string, number>;
}

export function restOf({ total, hours, ais, models, presumedBy }: DayFigures): DayRest {
  let presumed = 0;
  const ofAis = new Map(ais);
  const ofHours = new Map(hours.map(({ start, tokens }) => [start, tokens]));
  for (const { aiId, hourStart, tokens } of presumedBy.values()) {
    presumed += tokens;
    const name = standsUnder(ais, aiId);
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

/** The figures of a day in the state; it must be there. */
export function figuresOfOpen({ tables }: Ledger, day: string): DayFigures {
  const { total = 0, hours = [] } = tables.days.get(day) ?? {};
  const [ais, models] = [tables.ofDay(tables.dayAis, day), tables.ofDay(tables.dayModels, day)];
  return { total, hours, ais, models, presumedBy: tables.presumedBy(day) };
}

export function restOfOpen(ledger: Ledger, day: string): DayRest {
  return restOf(figuresOfOpen(ledger, day));
}
