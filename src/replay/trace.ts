import type { PolicyFields } from '../domain/model/policy.js';

/**
 * What was asked of a budget, one thing a line, in the order of time. Moments and lengths are whole microseconds: the digits below
 * a millisecond, which no decision looks at, keep the order in which things happened within one.
 */
export type TraceEntry = AskedSlot | SpentUnleased | SetPolicy;

interface At {
  /** Microseconds since 1970 UTC. */
  readonly at: number;
}

/** One request for a slot as it was asked, or would have been. */
export interface AskedSlot extends At {
  readonly kind: 'slot';
  readonly aiId: string;
  /** That it asks for; empty: it does not say. */
  readonly model: string;
  /** That its usage names, where that is another. */
  readonly usedModel?: string;
  /** What it spends if it is granted; absent: what it reserves. */
  readonly tokens?: number;
  readonly estimate?: number;
  /** Where caps refuse the whole, so much is enough. */
  readonly atLeast?: number;
  /** From its grant until its slot is given back. */
  readonly took: number;
  /** How long it stays for a slot. */
  readonly waitMs: number;
  /** What became of it when it was recorded. */
  readonly recorded?: 'granted' | 'denied';
}

/** Tokens that were spent without a slot. */
export interface SpentUnleased extends At {
  readonly kind: 'unleased';
  readonly aiId: string;
  readonly model: string;
  readonly tokens: number;
}

/** The policy in force from then on, as it was recorded. */
export interface SetPolicy extends At {
  readonly kind: 'policy';
  readonly fields: PolicyFields;
}

/** Read anew for each replay. */
export type Trace = AsyncIterable<TraceEntry>;

export const MICROS_PER_MS = 1_000;
export const MICROS_PER_SECOND = 1_000_000;

export function millisOf(micros: number): number {
  return Math.floor(micros / MICROS_PER_MS);
}
