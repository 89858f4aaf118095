import { status } from '@grpc/grpc-js';
import type { Usage } from '../gen/budgetarbiter/v1/budget.js';
import {
  RecordUsageRequest,
  ReleaseRequest,
  Unreported as Wire,
} from '../gen/budgetarbiter/v1/budget_service.js';
import { CallFailure } from '../transport/call-failure.js';
import type { Transport } from '../transport/transport.js';
import type { Settlement, Unreported } from './settlement.js';

const WIRE = {
  FREE: Wire.UNREPORTED_FREE,
  PRESUME: Wire.UNREPORTED_PRESUME,
  UNUSED: Wire.UNREPORTED_UNUSED,
} as const;

/**
 * One try, with the ids of all tries. Throws a `CallFailure` where the outcome is unknown, or the service refuses it. Resolves to what
 * the lease was charged in all, where the service says so.
 */
export async function settleOnce(transport: Transport, settlement: Settlement): Promise<number | undefined> {
  const { lease, usages, unreported } = settlement;
  const leaseId = 'leaseId' in lease ? lease.leaseId : await granted(transport, settlement, lease.requestId);
  if (leaseId === undefined) {
    const isSpent = 'isSpent' in lease && lease.isSpent;
    for (const usage of isSpent ? usages : []) await bookUnleased(transport, settlement, usage);
    return undefined;
  }
  // UNUSED goes without usage, and says so of a failed call that spent nothing, too.
  const isApart = unreported === undefined || unreported === 'UNUSED';
  const last = isApart ? undefined : usages.at(-1);
  let charged: number | undefined;
  for (const usage of last === undefined ? usages : usages.slice(0, -1)) {
    charged = await book(transport, settlement, leaseId, usage);
  }
  if (unreported === undefined) return charged;
  return (await release(transport, settlement, { leaseId, unreported, usage: last })) ?? charged;
}

/** The lease that the request was granted, if it was: its answer may have been lost. */
async function granted(
  transport: Transport,
  { budgetId, aiId }: Settlement,
  requestId: string,
): Promise<string | undefined> {
  const request = { key: { $case: 'request', value: { budgetId, aiId, requestId } } } as const;
  try {
    return (await transport.getLease(request, budgetId)).lease?.leaseId;
  } catch (error) {
    if (isCode(error, status.NOT_FOUND)) return undefined;
    throw error;
  }
}

async function book(
  transport: Transport,
  of: Settlement,
  leaseId: string,
  usage: Usage,
): Promise<number | undefined> {
  const subject = { $case: 'leaseId', value: leaseId } as const;
  const request = RecordUsageRequest.fromPartial({ subject, usage });
  try {
    return (await transport.record(request, { budgetId: of.budgetId, leaseId })).lease?.usedTokens;
  } catch (error) {
    if (!isCode(error, status.NOT_FOUND)) throw error;
    await bookUnleased(transport, of, usage);
    return undefined;
  }
}

/** Of a lease that is forgotten, or never was. Its usage id is the same, so it is booked once. */
async function bookUnleased(
  transport: Transport,
  { budgetId, aiId }: Settlement,
  usage: Usage,
): Promise<void> {
  const subject = { $case: 'unleased', value: { budgetId, aiId } } as const;
  await transport.record(RecordUsageRequest.fromPartial({ subject, usage }), { budgetId, leaseId: '' });
}

interface Giving {
  readonly leaseId: string;
  readonly unreported: Unreported;
  readonly usage: Usage | undefined;
}

async function release(transport: Transport, of: Settlement, giving: Giving): Promise<number | undefined> {
  const { leaseId, unreported, usage } = giving;
  const request = ReleaseRequest.fromPartial({ leaseId, usage, unreported: WIRE[unreported] });
  try {
    return (await transport.release(request, { budgetId: of.budgetId, leaseId })).usedTokens;
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    if (error.reason === 'USAGE_REPORTED') {
      return release(transport, of, { ...giving, unreported: 'FREE' });
    }
    // Refused so, nothing of its usage is booked.
    if (
      ['LEASE_NOT_FOUND', 'SESSION_TAKEN_UP', 'ID_REUSED', 'BUDGET_NOT_FOUND'].includes(error.reason ?? '')
    ) {
      return usage === undefined ? undefined : book(transport, of, leaseId, usage);
    }
    // Over for long, with nothing to report: there is nothing left to give back.
    if (error.reason === 'LEASE_CLOSED' && usage === undefined) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: status): boolean {
  return error instanceof CallFailure && error.code === code;
}
