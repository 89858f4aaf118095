import type { HourTotal } from '../model/state.js';

/** What is known of when a day's tokens were spent. */
export interface KnownHours {
  readonly known: readonly { readonly start: number; readonly tokens: number }[];
  readonly unknown: number;
}

/** Adjustments are counted in some hour, since windows want one; when what they bring in was spent, they do not say. */
export function knownHours(hours: readonly HourTotal[]): KnownHours {
  let unknown = 0;
  const known = hours.map(({ start, tokens, adjusted = 0 }) => {
    const brought = Math.min(tokens, Math.max(0, adjusted));
    unknown += brought;
    return { start, tokens: tokens - brought };
  });
  return { known, unknown };
}
