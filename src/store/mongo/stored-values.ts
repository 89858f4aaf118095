import type { Receipt, Section, SectionValues, StoredLease } from '../../domain/model/state.js';

/**
 * Values are stored as they are, but for labels, whose names callers make: they become a list of pairs, since older servers
 * refuse a `.` or a `$` in a field's name, at any depth.
 */
type StoredLabels = readonly (readonly [string, string])[];

export function toStoredValue(section: Section, value: SectionValues[Section]): unknown {
  if (section === 'leases') return packLease(value as StoredLease);
  if (section === 'outbox') return packReceipt(value as Receipt);
  return value;
}

export function fromStoredValue(section: Section, value: unknown): unknown {
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
