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

/**
 * Each service, and how many of its calls are carried at once. Together fewer than all requests under way: AIs that wait for a
 * slot keep no operator from acting, and neither keeps anybody from pages and probes.
 */
const SERVICES = [
  { service: 'budgetarbiter.v1.BudgetService', most: 128 },
  { service: 'budgetarbiter.v1.BudgetAdminService', most: 64 },
] as const;

/** The API over HTTP: every unary method, pages that read, and what describes them. */
export function rpcEndpoints(options: RpcEndpointOptions): Endpoint[] {
  const rpcs = apiRpcs(options);
  return [
    ...SERVICES.flatMap(({ service, most }) => {
      const own = rpcs.filter(({ path }) => path.startsWith(`/${service}/`));
      return [
        ...connectEndpoints(own, most, options.scheduler),
        unservedEndpoint(service, PERMISSIONS.http, own, (error) => toldFailure(error, service, options)),
      ];
    }),
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
