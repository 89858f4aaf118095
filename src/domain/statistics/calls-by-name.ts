import type { UsageDay } from '../model/state.js';
import type { CallCount } from '../model/types.js';

export const NO_CALLS: CallCount = { calls: 0, failedCalls: 0 };

/** Calls by name over several days. */
export function callsByName(
  days: Iterable<UsageDay>,
  namesOf: (day: UsageDay) => UsageDay['aiCalls'],
): Map<string, CallCount> {
  const sums = new Map<string, CallCount>();
  for (const day of days)
    for (const [name, calls] of namesOf(day) ?? []) sums.set(name, sumOfCalls([sums.get(name), calls]));
  return sums;
}

/** Absent ones are none. */
export function sumOfCalls(counts: readonly (Partial<CallCount> | undefined)[]): CallCount {
  return counts.reduce<CallCount>(
    (sum, { calls = 0, failedCalls = 0 } = NO_CALLS) => ({
      calls: sum.calls + calls,
      failedCalls: sum.failedCalls + failedCalls,
    }),
    NO_CALLS,
  );
}
