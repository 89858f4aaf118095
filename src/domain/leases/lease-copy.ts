import type { StoredLease } from '../model/state.js';
import type { Writable } from '../model/types.js';

/**
 * A lease as it was, to be changed. Field by field: every report makes one, leases have many shapes, and a spread is then four
 * times as dear.
 */
export function copyOf(lease: StoredLease): Writable<StoredLease> {
  const copy: Writable<StoredLease> = {
    leaseId: lease.leaseId,
    fence: lease.fence,
    aiId: lease.aiId,
    requestId: lease.requestId,
    fingerprint: lease.fingerprint,
    reserved: lease.reserved,
    used: lease.used,
    roundedUp: lease.roundedUp,
    grantedAt: lease.grantedAt,
    expiresAt: lease.expiresAt,
    renewableUntil: lease.renewableUntil,
    ttlMs: lease.ttlMs,
    day: lease.day,
    hourStart: lease.hourStart,
  };
  const { previousGrantAt, labels, model, session, topUpId, reportedAt, renewed } = lease;
  if (previousGrantAt !== undefined) copy.previousGrantAt = previousGrantAt;
  if (labels !== undefined) copy.labels = labels;
  if (model !== undefined) copy.model = model;
  if (session !== undefined) copy.session = session;
  if (topUpId !== undefined) copy.topUpId = topUpId;
  if (reportedAt !== undefined) copy.reportedAt = reportedAt;
  if (renewed !== undefined) copy.renewed = renewed;
  return copy;
}
