import type { LeaseStatus, LeaseView } from '../../domain/model/types.js';
import { type Lease, LeaseState } from '../../gen/budgetarbiter/v1/budget.js';
import { durationMessage, optionalDate } from './time.js';

const STATES: { readonly [S in LeaseStatus]: LeaseState } = {
  LIVE: LeaseState.LEASE_STATE_LIVE,
  RELEASED: LeaseState.LEASE_STATE_RELEASED,
  EXPIRED: LeaseState.LEASE_STATE_EXPIRED,
  REVOKED: LeaseState.LEASE_STATE_REVOKED,
};

export function leaseMessage(lease: LeaseView): Lease {
  const left = lease.status === 'LIVE' ? Math.max(0, lease.expiresAt - lease.asOf) : 0;
  return {
    leaseId: lease.leaseId,
    fence: lease.fence,
    requestId: lease.requestId,
    budgetId: lease.budgetId,
    aiId: lease.aiId,
    state: STATES[lease.status],
    reservedTokens: lease.reservedTokens,
    usedTokens: lease.usedTokens,
    presumedTokens: lease.presumedTokens,
    grantedAt: new Date(lease.grantedAt),
    expiresAt: new Date(lease.expiresAt),
    expiresIn: durationMessage(left),
    renewableUntil: new Date(lease.renewableUntil),
    labels: lease.labels,
    closedAt: optionalDate(lease.closedAt),
    reportedAt: optionalDate(lease.reportedAt),
    sessionId: lease.sessionId,
    topUpId: lease.topUpId,
    teamId: lease.teamId,
    model: lease.model,
  };
}
