import { BUDGET_ID_PATTERN } from './field-limits.js';
import type { LeaseRef } from './requests.js';

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

/** `budget:epoch:fence:nonce`. Opaque to callers; every later call needs nothing else. */
export function formatLeaseId(budgetId: string, epoch: number, fence: number, nonce: string): string {
  return `${budgetId}:${epoch}:${fence}:${nonce}`;
}

const LEASE_ID = new RegExp(
  `^(${BUDGET_ID_PATTERN}):(${FENCE_PATTERN}):(${FENCE_PATTERN}):[A-Za-z0-9_-]{1,32}$`,
);

/** The parts of a lease id, or undefined for a string that this service never made. */
export function parseLeaseId(leaseId: string): LeaseRef | undefined {
  const [, budgetId, epochDigits, fenceDigits] = LEASE_ID.exec(leaseId) ?? [];
  const [epoch, fence] = [fenceOf(epochDigits), fenceOf(fenceDigits)];
  if (budgetId === undefined || epoch === undefined || fence === undefined) return undefined;
  return { leaseId, budgetId, epoch, fence };
}
