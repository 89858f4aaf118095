import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access/access.js';
import { PERMISSIONS } from '../access/permissions.js';
import { type FailureSink, toldFailure } from '../api/failures/call-failure.js';
import type { Dashboard } from './dashboard/dashboard.js';
import { distributionEndpoint, type GetDistribution } from './distribution-route.js';
import { type Endpoint, find } from './endpoint.js';
import { enter } from './entrance.js';
import { failureResponse } from './error-responses.js';
import { healthEndpoints } from './health-endpoints.js';
import { refuseMisdirected } from './host-check.js';
import { type MetricsPage, metricsEndpoint } from './metrics-endpoint.js';
import type { Observing } from './observed-route.js';
import { readBody } from './request-body.js';
import { errorResponse, type HttpResponse } from './response.js';
import { type ExportUsage, usageExportEndpoint } from './usage-export-route.js';

export interface RouteOptions extends Observing, FailureSink {
  /** Shown when a request names no budget. */
  readonly defaultBudget: string;
  readonly getDistribution: GetDistribution;
  /** Absent: usage is not handed out as a file. */
  readonly exportUsage?: ExportUsage | undefined;
  /** The store answers and this replica is not stopping. */
  readonly ready: () => boolean;
  /** What Prometheus reads. Absent: there is none. */
  readonly metrics?: MetricsPage | undefined;
  /** Who may see what. Absent: no credentials are configured, and everybody may see everything. */
  readonly access?: Access | undefined;
  /** What the API's methods are called at. */
  readonly rpcs?: readonly Endpoint[];
  readonly dashboard?: Dashboard | undefined;
}

/** Everything that is served over HTTP. */
export function endpointsOf(options: RouteOptions): Endpoint[] {
  const { defaultBudget, getDistribution, exportUsage, ready, metrics, dashboard, rpcs = [] } = options;
  return [
    distributionEndpoint(defaultBudget, getDistribution),
    ...(exportUsage === undefined ? [] : [usageExportEndpoint(defaultBudget, exportUsage)]),
    ...(metrics === undefined ? [] : [metricsEndpoint(metrics)]),
    ...healthEndpoints(ready),
    ...(dashboard?.endpoints ?? []),
    ...rpcs,
  ];
}

/** Answers one request by its path and method. Never throws. */
export async function route(
  request: IncomingMessage,
  response: ServerResponse,
  endpoints: readonly Endpoint[],
  options: RouteOptions,
): Promise<HttpResponse> {
  const [path = '', ...query] = (request.url ?? '').split('?');
  const endpoint = find(endpoints, path);
  try {
    const { access, dashboard } = options;
    // What is not there, only those learn who may see what is.
    const wanted = endpoint ?? { access: PERMISSIONS.http };
    if (access === undefined && wanted.access !== 'open') refuseMisdirected(request);
    const entered = await enter({ access, logins: dashboard?.logins }, request, wanted, path);
    if (endpoint === undefined) return nothingHere(endpoints);
    if (!isServed(endpoint, request.method)) return wrongMethod(endpoint);
    return await endpoint.answer({
      ...{ request, path, ...entered },
      query: new URLSearchParams(query.join('?')),
      body: (maxBytes) => readBody(request, response, maxBytes),
    });
  } catch (error) {
    if (endpoint?.failed !== undefined) return endpoint.failed(error);
    return failureResponse(toldFailure(error, endpoint?.path ?? '', options));
  }
}

function nothingHere(endpoints: readonly Endpoint[]): HttpResponse {
  const whole = endpoints.filter(({ path }) => path.endsWith('/*'));
  const shown = endpoints.filter((one) => whole.includes(one) || find(whole, one.path) === undefined);
  const paths = shown.map(({ path }) => path);
  return errorResponse(404, 'NOT_FOUND', `There is nothing here. Served are: ${paths.join(', ')}.`);
}

function isServed({ methods }: Endpoint, method: string | undefined): boolean {
  return methods.some((own) => own === method || (own === 'GET' && method === 'HEAD'));
}

function wrongMethod({ methods }: Endpoint): HttpResponse {
  const served = methods.flatMap((own) => (own === 'GET' ? [own, 'HEAD'] : [own]));
  const message = `Only ${served.join(' and ')} ${served.length > 1 ? 'are' : 'is'} answered here.`;
  return errorResponse(405, 'METHOD_NOT_ALLOWED', message, { headers: { allow: served.join(', ') } });
}
