import type { Ledger } from '../ledger/ledger.js';
import type { Standing } from '../ledger/standing.js';
import type { Blocker } from '../model/types.js';
import {
  type AdmissionCap,
  type Asker,
  aiDailyCap,
  type Demand,
  dailyCap,
  hourlyCap,
  monthlyCap,
} from './rules/caps.js';
import { keptInDay, keptInHour } from './rules/kept-for-others.js';
import { scopeCap } from './rules/scope-cap.js';

/** Every cap of admission, in the order in which they are checked. A new one is one entry here, for all that is below. */
const CAPS: readonly AdmissionCap[] = [
  ...[hourlyCap, scopeCap('TEAM', 'HOUR'), scopeCap('MODEL', 'HOUR'), keptInHour],
  ...[dailyCap, scopeCap('TEAM', 'DAY'), scopeCap('MODEL', 'DAY'), aiDailyCap, keptInDay],
  ...[monthlyCap, scopeCap('TEAM', 'MONTH'), scopeCap('MODEL', 'MONTH')],
];

/** Those of a policy without teams and models: every decision asks all of them. */
const CAPS_OF_ALL: readonly AdmissionCap[] = [hourlyCap, dailyCap, aiDailyCap, monthlyCap];

function capsOf({ scopes }: Ledger): readonly AdmissionCap[] {
  return scopes === undefined ? CAPS_OF_ALL : CAPS;
}

/** Adds why caps refuse; nothing if all of them admit. */
export function addCapBlockers(
  blockers: Blocker[],
  ledger: Ledger,
  standing: Standing,
  asker: Asker,
  demand: Demand,
): void {
  for (const cap of capsOf(ledger)) {
    const blocker = cap.refuses(ledger, standing, asker, demand);
    if (blocker !== undefined) blockers.push(blocker);
  }
}

/** What all caps leave for whoever asks, whether or not they may ask now: the most that no cap refuses. 0 if there is none. */
export function roomFor(ledger: Ledger, standing: Standing, asker: Asker): number {
  let least = Number.POSITIVE_INFINITY;
  for (const cap of capsOf(ledger)) {
    const leaves = cap.leaves(ledger, standing, asker);
    if (leaves < least) least = leaves;
  }
  return Math.max(0, least);
}
