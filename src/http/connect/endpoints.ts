import { PERMISSIONS } from '../../access/permissions.js';
import { BUDGET_ADMIN_SERVICE } from '../../api/budget-admin-service.js';
import { BUDGET_SERVICE } from '../../api/budget-service.js';
import { audited } from '../../api/entrance.js';
import { toldFailure } from '../../api/failures/call-failure.js';
import type { Services } from '../../api/service.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { Endpoint } from '../endpoint.js';
import { connectEndpoints, unservedEndpoint } from './connect-endpoints.js';
import { openApiEndpoint } from './openapi-endpoint.js';
import { readEndpoints } from './read-endpoints.js';
import { type UnaryRpc, unaryRpcs } from './unary-rpc.js';

export interface RpcEndpointOptions extends Services {
  /** Read when a request names no budget. */
  readonly defaultBudget: string;
  readonly scheduler: Scheduler;
}

const SERVICES = ['budgetarbiter.v1.BudgetService', 'budgetarbiter.v1.BudgetAdminService'];

/** The API over HTTP: every unary method, pages that read, and what describes them. */
export function rpcEndpoints(options: RpcEndpointOptions): Endpoint[] {
  const rpcs = apiRpcs(options);
  return [
    ...connectEndpoints(rpcs, options.scheduler),
    ...SERVICES.map((service) =>
      unservedEndpoint(service, PERMISSIONS.http, rpcs, (error) => toldFailure(error, service, options)),
    ),
    ...readEndpoints(rpcs, options.defaultBudget),
    openApiEndpoint(options.access !== undefined),
  ];
}

function apiRpcs(services: Services): UnaryRpc[] {
  return [
    ...unaryRpcs(BUDGET_SERVICE, PERMISSIONS.BudgetService, services),
    ...unaryRpcs(BUDGET_ADMIN_SERVICE, PERMISSIONS.BudgetAdminService, audited(services)),
  ];
}
