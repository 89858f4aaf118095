import type { StoredCount } from '../model/state.js';
import type { CallCount } from '../model/types.js';

/** Tokens of an AI or model in a day, with its calls: one entry, since a commit carries its name with it. */

export function tokensOf(count: StoredCount | undefined): number {
  return typeof count === 'object' ? count[0] : (count ?? 0);
}

/** Undefined where there are none. */
export function callsOf(count: StoredCount | undefined): CallCount | undefined {
  return typeof count === 'object' ? { calls: count[1], failedCalls: count[2] } : undefined;
}

export function countOf(tokens: number, calls: CallCount | undefined): StoredCount {
  return calls === undefined ? tokens : [tokens, calls.calls, calls.failedCalls];
}

/** With so much more. */
export function countedOn(
  before: StoredCount | undefined,
  tokens: number,
  calls: CallCount | undefined,
): StoredCount {
  return countOf(tokensOf(before) + tokens, sumOfCalls(callsOf(before), calls));
}

export function sumOfCalls(one: CallCount | undefined, other: CallCount | undefined): CallCount | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { calls: one.calls + other.calls, failedCalls: one.failedCalls + other.failedCalls };
}
