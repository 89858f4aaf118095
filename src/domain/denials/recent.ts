import type { MinuteDenials, RuleDenials } from './denials.js';
import { MINUTE_MS } from './denials.js';
import { mergedRules } from './merged.js';

/** So far back a denial is a thing of now: AIs that are refused come again within minutes. */
export const RECENT_MS = 5 * MINUTE_MS;

/** What was refused of late, as far as one replica knows, or all of them. */
export interface RecentDenials {
  readonly minutes: readonly MinuteDenials[];
  /** Each rule that refused, with its last; the counts are of the hour and those before. */
  readonly rules: readonly RuleDenials[];
  /** AIs that were refused, as many as are told by name, and how many there were. */
  readonly ais: readonly string[];
  readonly aiCount: number;
}

export const NOTHING_RECENT: RecentDenials = { minutes: [], rules: [], ais: [], aiCount: 0 };

/** Of several replicas. An AI may ask each of them: those that are not told by name are not added up. */
export function mergedRecent(parts: readonly RecentDenials[]): RecentDenials {
  const byStart = new Map<number, MinuteDenials>();
  for (const minute of parts.flatMap(({ minutes }) => minutes)) {
    const { denied = 0, wouldDeny = 0 } = byStart.get(minute.start) ?? {};
    const sum = { denied: denied + minute.denied, wouldDeny: wouldDeny + minute.wouldDeny };
    byStart.set(minute.start, { start: minute.start, ...sum });
  }
  const ais = [...new Set(parts.flatMap((part) => part.ais))].sort();
  return {
    minutes: [...byStart.values()].sort((a, b) => a.start - b.start),
    rules: mergedRules(parts),
    ais,
    aiCount: Math.max(ais.length, ...parts.map(({ aiCount }) => aiCount)),
  };
}
