import type {
  AcquireSlotRequest,
  AcquireSlotResponse,
  GetAvailabilityRequest,
  GetAvailabilityResponse,
  GetLeaseRequest,
  GetLeaseResponse,
  RenewSlotRequest,
  RenewSlotResponse,
} from '../../gen/budgetarbiter/v1/budget_service.js';
import { answered } from '../failures/request-error.js';
import { readAcquire, readAvailability, readGetLease, readRenew } from '../read/slot-requests.js';
import type { UnaryHandler } from '../service.js';
import { denialMessage, optionalDenial } from '../write/denial.js';
import { leaseMessage } from '../write/lease.js';
import { windowMessage } from '../write/window.js';

export const acquireSlot: UnaryHandler<AcquireSlotRequest, AcquireSlotResponse> = async (
  message,
  caller,
  { servicePort, ids, session, validForMs },
) => {
  const { budgetId, request, waitMs: wanted } = readAcquire(message, ids, session);
  // What was shown may run out while the call waits: then it is answered, and the next has to show something new.
  const waitMs = validForMs === undefined ? wanted : Math.min(wanted, Math.max(0, validForMs()));
  const outcome = answered(
    waitMs > 0
      ? await servicePort.acquireWaiting(budgetId, request, waitMs, caller)
      : await servicePort.submit(budgetId, request, caller),
  );
  if (outcome.kind === 'denied') {
    return { outcome: { $case: 'denied', value: denialMessage(outcome.denial) } };
  }
  const { lease, replayed, wouldDeny, availableTokens } = outcome;
  const grant = {
    lease: leaseMessage(lease),
    replayed,
    wouldDeny: optionalDenial(wouldDeny),
    availableTokens,
  };
  return { outcome: { $case: 'granted', value: grant } };
};

export const renewSlot: UnaryHandler<RenewSlotRequest, RenewSlotResponse> = async (
  message,
  caller,
  { servicePort, session },
) => {
  const request = readRenew(message, session);
  const { lease, raiseDenied } = answered(await servicePort.submit(request.lease.budgetId, request, caller));
  return { lease: leaseMessage(lease), raiseDenied: optionalDenial(raiseDenied) };
};

export const getLease: UnaryHandler<GetLeaseRequest, GetLeaseResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readGetLease(message);
  const { lease } = answered(await servicePort.submit(budgetId, request, caller));
  return { lease: leaseMessage(lease) };
};

export const getAvailability: UnaryHandler<GetAvailabilityRequest, GetAvailabilityResponse> = async (
  message,
  caller,
  { servicePort },
) => {
  const { budgetId, request } = readAvailability(message);
  const outcome = answered(await servicePort.submit(budgetId, request, caller));
  const { availableTokens, denial, team } = outcome;
  const teamWindows = (team?.windows ?? []).map(windowMessage);
  return { availableTokens, denial: optionalDenial(denial), teamId: team?.teamId, teamWindows };
};
