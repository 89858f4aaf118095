import type { Access } from '../../access/access.js';
import { PERMISSIONS } from '../../access/permissions.js';
import { Sessions } from '../../access/sessions.js';
import { type FailureSink, toldFailure } from '../../api/failures/call-failure.js';
import type { Door } from '../../arbiter/door.js';
import type { TimeSources } from '../../platform/clock.js';
import type { Scheduler } from '../../platform/scheduler.js';
import type { Answer } from '../answer.js';
import { connectError } from '../connect/connect-error.js';
import type { Endpoint, HttpCall } from '../endpoint.js';
import { assetEndpoints } from './assets.js';
import { LiveBudgets } from './live-budgets.js';
import { OpenPages } from './open-pages.js';
import { POLICY_FORM } from './policy-form.js';
import * as reads from './read-endpoints.js';
import { SignIns } from './session-endpoints.js';
import { type Visitor, visitorOf } from './visitors.js';

export interface DashboardOptions extends FailureSink {
  readonly door: Door;
  readonly access: Access | undefined;
  readonly time: TimeSources;
  readonly scheduler: Scheduler;
  readonly version: string;
}

/** The page for operators, and what it reads beside the API. What it does, it does by the API's own methods. */
export interface Dashboard {
  readonly endpoints: readonly Endpoint[];
  /** Of those who have signed in. */
  readonly sessions: Sessions;
  /** Ends the streams of open pages. */
  close(): void;
}

type Read = (call: HttpCall, visitor: Visitor) => Answer | Promise<Answer>;

export function createDashboard(options: DashboardOptions): Dashboard {
  const { door, access, time, scheduler, log } = options;
  const sessions = new Sessions(time);
  const signIns = new SignIns({ ...options, sessions });
  const pages = new OpenPages(log);
  const live = { budgets: new LiveBudgets(door, log), pages, scheduler, now: () => time.wall() };
  /** A page reads one form of errors, whichever endpoint tells them. */
  const told = (name: string) => {
    const path = `/dashboard/${name}`;
    return { path, failed: (error: unknown) => connectError(toldFailure(error, path, options)) };
  };
  const reading = (name: string, read: Read): Endpoint => ({
    ...{ ...told(name), methods: ['GET'], access: PERMISSIONS.http, cookie: 'reading' },
    answer: (call) => read(call, visitorOf(call, access, door)),
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
      reading('policy-form', () => ({ status: 200, body: POLICY_FORM })),
    ],
    sessions,
    close: () => pages.close(),
  };
}
