import type { Blocker } from '../model/types.js';

/** One rule may refuse in several windows: it has refused the request once. Makes nothing new, as it is asked on the way of every denial. */
export function isRepeatedRule(blockers: readonly Blocker[], index: number): boolean {
  for (let before = 0; before < index; before += 1)
    if (blockers[before]?.rule === blockers[index]?.rule) return true;
  return false;
}
