import type { Caller, ServicePort } from '../../arbiter/service-port.js';
import type { LeaseView } from '../../domain/model/types.js';
import type {
  ListLeasesRequest,
  ListLeasesResponse,
  RevokeLeaseRequest,
  RevokeLeaseResponse,
} from '../../gen/budgetarbiter/v1/budget_admin_service.js';
import { answered } from '../failures/request-error.js';
import { pageToken } from '../page-token.js';
import { readRevoke } from '../read/budget-requests.js';
import { type LeasesPage, readListLeases } from '../read/list-requests.js';
import type { UnaryHandler } from '../service.js';
import { leaseMessage } from '../write/lease.js';

export const listLeases: UnaryHandler<ListLeasesRequest, ListLeasesResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const page = readListLeases(message);
  const found = await leasesOfPage(page, servicePort, caller);
  const shown = found.slice(0, page.size);
  const last = shown.at(-1);
  const more = found.length > shown.length && last !== undefined;
  return {
    leases: shown.map(leaseMessage),
    nextPageToken: more ? pageToken(page.query, keyOf(last)) : '',
  };
};

/** One lease more than the page holds, if there is one. */
async function leasesOfPage(
  page: LeasesPage,
  servicePort: ServicePort,
  caller: Caller,
): Promise<LeaseView[]> {
  const { snapshot } = answered(await servicePort.submit(page.budgetId, { kind: 'get-snapshot' }, caller));
  const inLive = page.part === 'live';
  const live = inLive ? liveAfter(snapshot.liveLeases, page.afterFence) : [];
  const wanted = page.size + 1 - live.length;
  if (!page.includeClosed || wanted <= 0) return live;
  const closed = await servicePort.closedLeases(snapshot, inLive ? 0 : page.afterFence, wanted);
  return [...live, ...closed];
}

function liveAfter(leases: readonly LeaseView[], fence: number): LeaseView[] {
  return leases.filter((lease) => lease.fence > fence).sort((a, b) => a.fence - b.fence);
}

function keyOf(lease: LeaseView): string {
  return `${lease.status === 'LIVE' ? 'live' : 'closed'}:${lease.fence}`;
}

export const revokeLease: UnaryHandler<RevokeLeaseRequest, RevokeLeaseResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const request = readRevoke(message);
  const { lease } = answered(await servicePort.submit(request.lease.budgetId, request, caller));
  return { lease: leaseMessage(lease) };
};
