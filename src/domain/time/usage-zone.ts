import type { UsageDay } from '../model/state.js';

/**
 * Whose calendar past usage is named in: that of its time. A budget may have moved to another zone since, whose midnights are
 * others. Documents from before this was kept follow the budget's present zone, the only one that is known of them.
 */
export function zoneOfDay({ zone }: Pick<UsageDay, 'zone'>, present: string): string {
  return zone ?? present;
}

/** A zone changes with a month, so that one day tells of all. */
export function zoneOfMonth(days: readonly Pick<UsageDay, 'zone'>[], present: string): string {
  return days.find(({ zone }) => zone !== undefined)?.zone ?? present;
}
