import type { Receipt, Section, SectionValues, StoredLease, StoredRequest } from '../../domain/state.js';

/**
 * Values are stored as they are, but for two. Remembered requests become texts. Labels, whose names callers make, become a list
 * of pairs, since older servers refuse a `.` or a `$` in a field's name, at any depth.
 */
type StoredLabels = readonly (readonly [string, string])[];

export function toStoredValue(section: Section, value: SectionValues[Section]): unknown {
  if (section === 'requests') return packRequest(value as StoredRequest);
  if (section === 'leases') return packLease(value as StoredLease);
  if (section === 'outbox') return packReceipt(value as Receipt);
  return value;
}

export function fromStoredValue(section: Section, value: unknown): unknown {
  if (section === 'requests') return unpackRequest(value as string);
  if (section === 'leases') return unpackLease(value);
  if (section === 'outbox') return unpackReceipt(value as Receipt);
  return value;
}

export function packReceipt<R extends Pick<Receipt, 'body'>>(receipt: R): R {
  const { body } = receipt;
  if (body.kind !== 'lease') return receipt;
  return { ...receipt, body: { ...body, lease: packLease(body.lease) } };
}

export function unpackReceipt<R extends Pick<Receipt, 'body'>>(receipt: R): R {
  const { body } = receipt;
  if (body.kind !== 'lease') return receipt;
  return { ...receipt, body: { ...body, lease: unpackLease(body.lease) } };
}

function packLease(lease: StoredLease): unknown {
  const { labels, ...rest } = lease;
  return labels ? { ...rest, labels: Object.entries(labels) } : rest;
}

function unpackLease(stored: unknown): StoredLease {
  const { labels, ...rest } = stored as Omit<StoredLease, 'labels'> & { readonly labels?: StoredLabels };
  return labels ? { ...rest, labels: Object.fromEntries(labels) } : rest;
}

/** They are most of a busy budget's document, which the server rewrites with every commit: 16 to an AI, as one text each. */
function packRequest({ fence, at, leaseId, fingerprint }: StoredRequest): string {
  return `${fence} ${at} ${leaseId} ${fingerprint}`;
}

function unpackRequest(stored: string): StoredRequest {
  const [fence = '', at = '', leaseId = ''] = stored.split(' ', 3);
  const fingerprint = stored.slice(fence.length + at.length + leaseId.length + 3);
  return { leaseId, fence: Number(fence), fingerprint, at: Number(at) };
}
