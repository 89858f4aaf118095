import type { Outcome } from '../domain/model/outcomes.js';

/** An ordinary commit takes less: a client that counts from its asking has allowed for it, and sees round figures. */
const WORTH_TELLING_MS = 1_000;

/**
 * An outcome as it is at its answer, `ageMs` after the decision. A lease has that much less time left then; a caller that was
 * told more would hold its slot longer than it has it, above all where a commit's outcome had to be found by looking.
 */
export function aged(outcome: Outcome, ageMs: number): Outcome {
  if (ageMs < WORTH_TELLING_MS || !('lease' in outcome)) return outcome;
  const { lease } = outcome;
  return { ...outcome, lease: { ...lease, asOf: lease.asOf + Math.floor(ageMs) } };
}
