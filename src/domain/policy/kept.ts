import type { Span } from '../time/windows.js';
import { ceilDiv } from './pacing.js';

/**
 * What a window keeps of its cap for the teams that are guaranteed a part of it. Unspent tokens can be lent, spent ones cannot be
 * taken back: so all of it is kept through the first half of the window, and melts through the second.
 *
 * What melts while a team takes nothing has lapsed: else it would be kept again for a team that comes late, at the cost of another
 * one. What has neither been taken nor lapsed is promised to the team, whatever the others do: the sum of what is promised never
 * rises by more than others give back, so that all of it is always there.
 */

export type Lending = 'GRADUAL' | 'NEVER';

/** A window that keeps. */
export interface Keeping extends Span {
  readonly lending: Lending;
}

/** A team's part of the window's cap, and what it has taken: spent + reserved. */
export interface Guaranteed {
  readonly guaranteed: number;
  readonly taken: number;
}

/** Of what is guaranteed, what has not melted at a moment, rounded up. */
export function unmelted(guaranteed: number, { start, end, lending }: Keeping, at: number): number {
  const twiceLeft = 2 * (end - at);
  return lending === 'NEVER' ? guaranteed : partOf(guaranteed, twiceLeft, end - start);
}

/** So much of a whole length of tokens, rounded up; all of them where that is longer. */
export function partOf(tokens: number, part: number, length: number): number {
  if (part >= length) return tokens;
  const product = tokens * part;
  if (Number.isSafeInteger(product)) return ceilDiv(product, length);
  // Whole lengths and the rest apart, so that no product is too large to be exact.
  const whole = Math.floor(tokens / length);
  return whole * part + ceilDiv((tokens - whole * length) * part, length);
}

/** What others must leave for a team. */
export function kept({ guaranteed, taken }: Guaranteed, window: Keeping, at: number): number {
  const untaken = guaranteed - taken;
  return untaken <= 0 ? 0 : Math.min(untaken, unmelted(guaranteed, window, at));
}

/** What a team may still take, whatever is kept for others. */
export function promised(team: Guaranteed, lapsed: number, window: Keeping, at: number): number {
  const open = team.guaranteed - team.taken - lapsed;
  return open <= 0 ? 0 : Math.min(open, unmelted(team.guaranteed, window, at));
}

/** What has lapsed once a team takes something: all that melted before it, of what it had not taken. */
export function lapsedBy(team: Guaranteed, lapsed: number, window: Keeping, at: number): number {
  return Math.max(lapsed, team.guaranteed - team.taken - unmelted(team.guaranteed, window, at));
}

/** The first moment from `from` on at which no more than so much is kept for some teams; undefined if the window ends before. */
export function firstMoment(
  teams: readonly Guaranteed[],
  atMost: number,
  window: Keeping,
  from: number,
): number | undefined {
  const admits = (at: number) => sumKept(teams, window, at) <= atMost;
  let [low, high] = [from, window.end - 1];
  if (!admits(high)) return undefined;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (admits(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

export function sumKept(teams: readonly Guaranteed[], window: Keeping, at: number): number {
  let sum = 0;
  for (const team of teams) sum += kept(team, window, at);
  return sum;
}

/** The most that a team may ask for: what the window has room for beside what is kept for others, or what is promised to it anyway. */
export function freeOf(room: number, keptForOthers: number, promisedToIt: number): number {
  return Math.max(room - keptForOthers, promisedToIt);
}
