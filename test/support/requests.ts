import { parseLeaseId } from '../../src/domain/model/lease-id.js';
import type { Granted, Outcome } from '../../src/domain/model/outcomes.js';
import type {
  AcquireRequest,
  LeaseRef,
  RecordRequest,
  RecordUnleasedRequest,
  ReleaseRequest,
} from '../../src/domain/model/requests.js';
import type { TokenCounts, UsageReport } from '../../src/domain/model/types.js';

let made = 0;

/** One of its own unless it has an id. */
export function acquire(aiId: string, more: Partial<AcquireRequest> = {}): AcquireRequest {
  const requestId = more.requestId ?? `made-${++made}`;
  const requestIdMade = more.requestId === undefined;
  return {
    kind: 'acquire',
    aiId,
    requestId,
    requestIdMade,
    fingerprint: requestId,
    nonce: `n${++made}`,
    ...more,
  };
}

/** The lease of a grant; anything else fails the test. */
export function leaseOf(outcome: Outcome): LeaseRef {
  if (outcome.kind !== 'granted') throw new Error(`not granted: ${JSON.stringify(outcome)}`);
  return refOf(outcome);
}

export function refOf({ lease }: Pick<Granted, 'lease'>): LeaseRef {
  const ref = parseLeaseId(lease.leaseId);
  if (ref === undefined) throw new Error(`not a lease id: ${lease.leaseId}`);
  return ref;
}

/** Tokens by kind; what is not named is 0. */
export function counts(some: Partial<TokenCounts>): TokenCounts {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0, total: 0, ...some };
}

/** The same content has the same fingerprint. */
export function usage(
  usageId: string,
  total: number,
  model = 'm',
  more: Pick<UsageReport, 'calls'> & { readonly failed?: boolean } = {},
): UsageReport & { readonly usageId: string } {
  const fingerprint = [total, model, ...Object.values(more)].join('/');
  return {
    usageId,
    tokens: counts({ total }),
    model,
    requestType: '',
    failed: false,
    errorMessage: '',
    ...more,
    fingerprint,
  };
}

export function record(lease: LeaseRef, usageId: string, tokens: number): RecordRequest {
  return { kind: 'record', lease, usage: usage(usageId, tokens) };
}

export function recordUnleased(aiId: string, usageId: string, tokens: number): RecordUnleasedRequest {
  return { kind: 'record-unleased', aiId, usage: usage(usageId, tokens) };
}

export function release(lease: LeaseRef, report?: UsageReport): ReleaseRequest {
  return { kind: 'release', lease, ...(report && { usage: report }) };
}
