import type { Access } from '../../../src/access/access.js';
import { readPolicy } from '../../../src/config/policy-shape.js';
import { createDashboard } from '../../../src/http/dashboard/dashboard.js';
import { PROCESS_SCHEDULER } from '../../../src/platform/scheduler.js';
import type { TlsFiles } from '../../../src/platform/tls-files.js';
import { collectedLog } from '../../support/collected-log.js';
import { FakeDoor } from '../../support/fake-door.js';
import { FakeTime } from '../../support/fake-time.js';
import { startServer } from '../../support/http-server.js';

/** The door of tests, which knows days, too. */
export class DashboardDoor extends FakeDoor {
  override usageDays(): never {
    return Promise.resolve([]) as never;
  }
}

/** A server with a dashboard in front of a door that has ready answers. */
export async function startDashboard({
  access,
  tls,
  time = new FakeTime('2026-11-24T12:00:00Z'),
}: {
  access?: Access;
  tls?: TlsFiles;
  time?: FakeTime;
} = {}) {
  const door = new DashboardDoor();
  const log = collectedLog();
  const dashboard = createDashboard({
    ...{ door, access, time, scheduler: PROCESS_SCHEDULER, log, readPolicy, version: '1.2.3' },
  });
  const server = await startServer({ dashboard, ...(access && { access }), ...(tls && { tls }) });
  return { ...server, door, time, dashboardLog: log };
}

export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown> & {
    readonly error?: { readonly code: string; readonly message: string; readonly field?: string };
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
