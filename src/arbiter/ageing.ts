import type { Outcome } from '../domain/outcomes.js';

/**
 * An outcome as it is at its answer, `ageMs` after the decision. A lease has that much less time left then; a caller that was
 * told more would hold its slot longer than it has it, above all where a commit's outcome had to be found by looking.
 */
export function aged(outcome: Outcome, ageMs: number): Outcome {
  const byMs = Math.floor(ageMs);
  if (byMs <= 0 || !('lease' in outcome)) return outcome;
  const { lease } = outcome;
  return { ...outcome, lease: { ...lease, asOf: lease.asOf + byMs } };
}
