/** Ids of receipts, unique in a budget. Those of leases sort by fence, so that they can be listed in order. */

const ZEROS = '0'.repeat(16);

export function leaseReceiptId(epoch: number, fence: number): string {
  const digits = String(fence);
  return `${leaseReceiptPrefix(epoch)}${ZEROS.slice(digits.length)}${digits}`;
}

export function leaseReceiptPrefix(epoch: number): string {
  return `${epoch}:l:`;
}

/** An AI id has no spaces. */
export function usageReceiptId(epoch: number, aiId: string, usageId: string): string {
  return `${epoch}:u:${aiId} ${usageId}`;
}

export function topUpReceiptId(epoch: number, topUpId: string): string {
  return `${epoch}:t:${topUpId}`;
}

export function adjustmentReceiptId(epoch: number, adjustmentId: string): string {
  return `${epoch}:a:${adjustmentId}`;
}
