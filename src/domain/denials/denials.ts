import type { Blocker, Rule } from '../model/types.js';

/**
 * Who was refused, by which rules, and when: what is kept of denials, which write nothing to their budget.
 *
 * `denied`: requests that were answered with a denial. `wouldDeny`: grants of a budget in mode OBSERVE that its rules would have
 * refused. A request that several rules refuse counts once for its AI, and once for each of the rules.
 */
export interface DenialCount {
  readonly denied: number;
  readonly wouldDeny: number;
}

/** What one rule refused one AI. */
export interface PairDenials extends DenialCount {
  readonly rule: Rule;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** What one AI was refused. */
export interface AiDenials extends DenialCount {
  readonly lastAt: number;
  /** It may have been refused so many times more: it was not among those that are counted by name all the time. */
  readonly uncounted: number;
  readonly rules: readonly PairDenials[];
}

/** The last that a rule refused. */
export interface LastDenial {
  readonly at: number;
  readonly aiId: string;
  /** It was granted all the same: in mode OBSERVE. */
  readonly wouldDeny: boolean;
  readonly blocker: Blocker;
}

/** What one rule refused, all AIs together. */
export interface RuleDenials extends DenialCount {
  readonly rule: Rule;
  readonly firstAt: number;
  readonly last: LastDenial;
}

/** A minute, by its first moment. */
export interface MinuteDenials extends DenialCount {
  readonly start: number;
}

/** What was refused in an hour, or in a day, as far as one writer knows, or all of them. */
export interface DenialSpan extends DenialCount {
  readonly start: number;
  readonly end: number;
  readonly rules: readonly RuleDenials[];
  readonly ais: ReadonlyMap<string, AiDenials>;
  /** An AI that is not in `ais` was refused no more than this. */
  readonly floor: number;
}

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** Hours are those of UTC, so that a change of a budget's zone changes no count. */
export function hourOf(at: number): number {
  return Math.floor(at / HOUR_MS) * HOUR_MS;
}

/** The latest of what several writers, or several hours, know of one rule. */
export function latestOf(a: LastDenial, b: LastDenial): LastDenial {
  return b.at > a.at ? b : a;
}
