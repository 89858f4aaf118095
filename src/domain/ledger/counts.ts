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
  more: CallCount | undefined,
): StoredCount {
  if (typeof before !== 'object') return countOf((before ?? 0) + tokens, more);
  const [had, calls, failedCalls] = before;
  return [had + tokens, calls + (more?.calls ?? 0), failedCalls + (more?.failedCalls ?? 0)];
}
