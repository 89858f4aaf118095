import * as gen from '../gen/budgetarbiter/v1/budget_service.js';
import { acquireSlot, getAvailability, getLease, renewSlot } from './handlers/slots.js';
import { getDistribution, recordUsage, release } from './handlers/usage.js';
import { type Method, unary } from './service.js';

const service = gen.BudgetServiceService;

/** `budgetarbiter.v1.BudgetService`: each method, what it takes and gives, and who answers. */
export const BUDGET_SERVICE: Readonly<Record<keyof typeof service, Method>> = {
  acquireSlot: unary(service.acquireSlot, gen.AcquireSlotRequest, gen.AcquireSlotResponse, acquireSlot),
  renewSlot: unary(service.renewSlot, gen.RenewSlotRequest, gen.RenewSlotResponse, renewSlot),
  recordUsage: unary(service.recordUsage, gen.RecordUsageRequest, gen.RecordUsageResponse, recordUsage),
  release: unary(service.release, gen.ReleaseRequest, gen.ReleaseResponse, release),
  session: { path: service.session.path, session: true },
  getLease: unary(service.getLease, gen.GetLeaseRequest, gen.GetLeaseResponse, getLease),
  getAvailability: unary(
    service.getAvailability,
    gen.GetAvailabilityRequest,
    gen.GetAvailabilityResponse,
    getAvailability,
  ),
  getDistribution: unary(
    service.getDistribution,
    gen.GetDistributionRequest,
    gen.GetDistributionResponse,
    getDistribution,
  ),
};
