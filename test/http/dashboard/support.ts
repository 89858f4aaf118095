import type { Access } from '../../../src/access/access.js';
import { rpcEndpoints } from '../../../src/http/connect/endpoints.js';
import { createDashboard } from '../../../src/http/dashboard/dashboard.js';
import { PROCESS_SCHEDULER } from '../../../src/platform/scheduler.js';
import type { TlsFiles } from '../../../src/platform/tls-files.js';
import { collectedLog } from '../../support/collected-log.js';
import { FakePort } from '../../support/fake-port.js';
import { FakeTime } from '../../support/fake-time.js';
import { startServer } from '../../support/http-server.js';
import { READY_ANSWERS } from '../../support/ready-answers.js';

export const ADMIN = '/budgetarbiter.v1.BudgetAdminService';
export const PAUSE = `${ADMIN}/PauseBudget`;

/** The service port of tests, which knows days, too. */
export class DashboardPort extends FakePort {
  override usageDays(): never {
    return Promise.resolve([]) as never;
  }
}

/** A server with a dashboard and the API in front of a service port that has ready answers. */
export async function startDashboard({
  access,
  tls,
  time = new FakeTime('2026-11-24T12:00:00Z'),
}: {
  access?: Access;
  tls?: TlsFiles;
  time?: FakeTime;
} = {}) {
  const servicePort = new DashboardPort();
  const log = collectedLog();
  const ids = { nonce: () => 'nonce-1', requestId: () => 'made-1', copyId: () => 'copy-1' };
  const shared = { servicePort, access, log, ids, scheduler: PROCESS_SCHEDULER };
  const dashboard = createDashboard({ ...shared, time, version: '1.2.3' });
  const rpcs = rpcEndpoints({
    ...{ ...shared, defaultBudget: 'anthropic' },
    ...READY_ANSWERS,
  });
  const server = await startServer({ dashboard, rpcs, ...(access && { access }), ...(tls && { tls }) });
  return { ...server, servicePort, time, dashboardLog: log };
}

/** Signs a browser in, and says what its page sends with a call. */
export async function signedIn(url: string, token: string, more: Record<string, string> = {}) {
  const { body } = await ask(`${url}/dashboard/session`);
  const page = { origin: url, 'x-csrf-token': String(body['csrf']), ...more };
  const told = await ask(`${url}/dashboard/sign-in`, posted({ token }, page));
  const cookie = (told.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const headers = { origin: url, cookie, 'x-csrf-token': String(told.body['csrf']) };
  return { ...told, setCookie: told.headers.get('set-cookie'), cookie, headers };
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & {
    readonly code?: string;
    readonly message?: string;
    readonly details?: readonly { readonly type: string; readonly debug: Record<string, unknown> }[];
  };
}

export async function ask(url: string, init: RequestInit = {}): Promise<Told> {
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : {},
  };
}

export function posted(body: unknown, headers: Record<string, string>): RequestInit {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: text };
}
