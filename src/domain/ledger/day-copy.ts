import type { HourTotal, StoredDay } from '../model/state.js';
import type { Writable } from '../model/types.js';

/** The form of a day that this commit will carry. Until then it is nobody else's, so all that it books changes it in place. */
export interface ChangingDay extends Writable<Omit<StoredDay, 'hours'>> {
  readonly hours: Writable<HourTotal>[];
}

/** A day as it was, to be changed. Field by field: every commit that books makes one, and spreads would make it many times dearer. */
export function copyOf(day: StoredDay): ChangingDay {
  const copy: ChangingDay = {
    start: day.start,
    end: day.end,
    total: day.total,
    presumed: day.presumed,
    late: day.late,
    hours: ownHours(day.hours),
    changedAt: day.changedAt,
    settleUntil: day.settleUntil,
  };
  const { topped, calls, failedCalls, zone, refused, unit } = day;
  if (topped !== undefined) copy.topped = topped;
  if (calls !== undefined) copy.calls = calls;
  if (failedCalls !== undefined) copy.failedCalls = failedCalls;
  if (zone !== undefined) copy.zone = zone;
  if (refused !== undefined) copy.refused = refused;
  if (unit !== undefined) copy.unit = unit;
  return copy;
}

/** A copy that a day in the state may change. */
export function ownHours(hours: readonly HourTotal[]): Writable<HourTotal>[] {
  return hours.map(({ start, tokens, adjusted, topped }) => {
    const hour: Writable<HourTotal> = { start, tokens };
    if (adjusted !== undefined) hour.adjusted = adjusted;
    if (topped) hour.topped = topped;
    return hour;
  });
}
