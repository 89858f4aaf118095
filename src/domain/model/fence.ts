/**
 * What a fence looks like where it stands in a text: the number of a grant, a safe integer from 1. After a restore it has 16
 * digits (`restored.ts`), the most that it can have. Epochs are written the same.
 */
export const FENCE_PATTERN = '[1-9]\\d{0,15}';

/** The number that a text of this pattern says; undefined for one that no grant ever had. */
export function fenceOf(digits: string | undefined): number | undefined {
  const fence = Number(digits);
  return Number.isSafeInteger(fence) ? fence : undefined;
}
