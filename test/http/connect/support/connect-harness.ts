import { type RpcEndpointOptions, rpcEndpoints } from '../../../../src/http/connect/endpoints.js';
import type { HttpLimits } from '../../../../src/http/http-limits.js';
import { PROCESS_SCHEDULER } from '../../../../src/platform/scheduler.js';
import { collectedLog } from '../../../support/collected-log.js';
import { FakePort } from '../../../support/fake-port.js';
import { startServer } from '../../../support/http-server.js';
import { READY_ANSWERS } from '../../../support/ready-answers.js';

export const BUDGETS = '/budgetarbiter.v1.BudgetService';
export const ADMIN = '/budgetarbiter.v1.BudgetAdminService';

/** What came back, with the headers that matter. */
export interface Came {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** Of an answer or error that is JSON. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface ConnectHarness {
  readonly servicePort: FakePort;
  readonly port: number;
  readonly url: string;
  readonly log: ReturnType<typeof collectedLog>;
  post(path: string, body: string | Uint8Array | object, headers?: Record<string, string>): Promise<Came>;
  get(path: string, headers?: Record<string, string>): Promise<Came>;
}

/** A real HTTP server with a fake service port behind it. */
export async function startConnect(
  options: Partial<RpcEndpointOptions> = {},
  limits: Partial<HttpLimits> = {},
): Promise<ConnectHarness> {
  const servicePort = new FakePort();
  const log = collectedLog();
  const rpcs = rpcEndpoints({
    ...{ servicePort, log, defaultBudget: 'anthropic', scheduler: PROCESS_SCHEDULER },
    ...READY_ANSWERS,
    ...options,
  });
  const { port, url } = await startServer({
    rpcs,
    limits,
    ...(options.access && { access: options.access }),
  });
  return {
    ...{ servicePort, port, url, log },
    post: (path, body, headers = {}) => {
      const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
      const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
      return fetch(url + path, { ...init, body: Buffer.from(sent) }).then(came);
    },
    get: (path, headers = {}) => fetch(url + path, { headers }).then(came),
  };
}

async function came(response: Response): Promise<Came> {
  const bytes = Buffer.from(await response.arrayBuffer());
  const type = response.headers.get('content-type');
  return {
    ...{ status: response.status, type, headers: response.headers, bytes },
    json: type?.startsWith('application/json') ? JSON.parse(bytes.toString()) : {},
  };
}
