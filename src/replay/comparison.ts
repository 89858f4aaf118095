import type { Outcome } from './report.js';

/** Who gets more or less under the candidate than under the policy in force. */
export interface Shift {
  readonly aiId: string;
  readonly before: number;
  readonly after: number;
}

/** So many of each are named. */
const MOST_NAMED = 5;

/** Those whose granted tokens change most: gains and losses, each largest first. */
export function shiftsOf(current: Outcome, candidate: Outcome): { gains: Shift[]; losses: Shift[] } {
  const before = new Map(current.byAi.map(({ aiId, granted }) => [aiId, granted.tokens]));
  const after = new Map(candidate.byAi.map(({ aiId, granted }) => [aiId, granted.tokens]));
  const shifts = [...new Set([...before.keys(), ...after.keys()])]
    .map((aiId) => ({ aiId, before: before.get(aiId) ?? 0, after: after.get(aiId) ?? 0 }))
    .sort((a, b) => a.after - a.before - (b.after - b.before));
  return {
    gains: shifts
      .filter((shift) => shift.after > shift.before)
      .reverse()
      .slice(0, MOST_NAMED),
    losses: shifts.filter((shift) => shift.after < shift.before).slice(0, MOST_NAMED),
  };
}

/** How far the replay under the policy in force is from what was recorded. */
export interface SelfCheck {
  /** Requests whose outcome the trace says, and how many of them came out otherwise. */
  readonly recorded: number;
  readonly otherwise: number;
  /** Tokens by what the trace says was used, where it says so, and by the replay. */
  readonly recordedTokens?: number;
  readonly replayedTokens?: number;
}

/** In words, for a person. */
export function selfCheckText({ recorded, otherwise, recordedTokens, replayedTokens }: SelfCheck): string {
  if (recorded > 0 && otherwise === 0)
    return `the policy in force reproduces all ${recorded.toLocaleString('en-US')} recorded outcomes`;
  if (recorded > 0) {
    const share = ((otherwise / recorded) * 100).toFixed(1);
    return `under the policy in force ${otherwise} of ${recorded} recorded outcomes differ (${share}%)`;
  }
  if (recordedTokens === undefined || replayedTokens === undefined || recordedTokens === 0)
    return 'the trace does not say what became of its requests: nothing to check against';
  const off = Math.abs(replayedTokens - recordedTokens) / recordedTokens;
  return `the policy in force grants ${(off * 100).toFixed(1)}% ${replayedTokens < recordedTokens ? 'less' : 'more'} than what was recorded`;
}

/** What no replay can know. */
export const CANNOT_KNOW = [
  'what was refused and not recorded: receipts and usage documents have only what was granted, so a looser policy looks no better than the present one where demand was already cut',
  'how AIs would adapt: they ask here as they asked then, at the same moments, whatever they are answered',
] as const;

/** Nor what the days before it were like, where nobody says. */
export const NO_DAYS_BEFORE =
  'what the days before took: under EVEN its first days go by no experience, as those of a new budget';
