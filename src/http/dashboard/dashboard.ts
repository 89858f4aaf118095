import type { Access } from '../../access/access.js';
import { Logins } from '../../access/logins.js';
import { PERMISSIONS } from '../../access/permissions.js';
import { type FailureSink, toldFailure } from '../../api/failures/call-failure.js';
import type { ServicePort } from '../../arbiter/service-port.js';
import type { TimeSources } from '../../platform/clock.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { connectError } from '../connect/connect-error.js';
import type { Endpoint, HttpCall } from '../endpoint.js';
import type { HttpResponse } from '../response.js';
import { assetEndpoints } from './assets.js';
import { LiveBudgets } from './live-budgets.js';
import { SignIns } from './login-endpoints.js';
import { OpenPages } from './open-pages.js';
import { POLICY_FORM } from './policy-form.js';
import * as reads from './read-endpoints.js';
import { type Visitor, visitorOf } from './visitors.js';

export interface DashboardOptions extends FailureSink {
  readonly servicePort: ServicePort;
  readonly access: Access | undefined;
  readonly time: TimeSources;
  readonly scheduler: Scheduler;
  readonly version: string;
}

/** The page for operators, and what it reads beside the API. What it does, it does by the API's own methods. */
export interface Dashboard {
  readonly endpoints: readonly Endpoint[];
  /** Of those who have signed in. */
  readonly logins: Logins;
  /** Ends the streams of open pages. */
  close(): void;
}

type Read = (call: HttpCall, visitor: Visitor) => HttpResponse | Promise<HttpResponse>;

export function createDashboard(options: DashboardOptions): Dashboard {
  const { servicePort, access, time, scheduler, log } = options;
  const logins = new Logins(time);
  const signIns = new SignIns({ ...options, logins });
  const pages = new OpenPages(log);
  const live = { budgets: new LiveBudgets(servicePort, log), pages, scheduler, now: () => time.wall() };
  /** A page reads one form of errors, whichever endpoint tells them. */
  const told = (name: string) => {
    const path = `/dashboard/${name}`;
    return { path, failed: (error: unknown) => connectError(toldFailure(error, path, options)) };
  };
  const reading = (name: string, read: Read): Endpoint => ({
    ...{ ...told(name), methods: ['GET'], access: PERMISSIONS.http, cookie: 'reading' },
    answer: (call) => read(call, visitorOf(call, access, servicePort)),
  });
  return {
    endpoints: [
      ...assetEndpoints(),
      { ...told('session'), methods: ['GET'], access: 'open', answer: (call) => signIns.session(call) },
      { ...told('sign-in'), methods: ['POST'], access: 'open', answer: (call) => signIns.signIn(call) },
      {
        ...{ ...told('sign-out'), methods: ['POST'], access: PERMISSIONS.http, cookie: 'calling' },
        answer: (call) => signIns.signOut(call),
      },
      reading('budgets', (call, visitor) => reads.watchBudgets(call, visitor, live)),
      reading('budget', (call, visitor) => reads.watchBudget(call, visitor, live)),
      reading('month', reads.month),
      reading('operable', reads.operable),
      reading('scope', reads.scope),
      reading('policy-form', () => ({ status: 200, body: POLICY_FORM })),
    ],
    logins,
    close: () => pages.close(),
  };
}
