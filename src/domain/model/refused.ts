import type { Refusal, Refused } from './outcomes.js';

export function refused(refusal: Refusal): Refused {
  return { kind: 'refused', refusal };
}
