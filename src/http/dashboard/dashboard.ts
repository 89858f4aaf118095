import type { Access } from '../../access/access.js';
import { Sessions } from '../../access/sessions.js';
import type { Door } from '../../arbiter/door.js';
import type { TimeSources } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { Scheduler } from '../../platform/scheduler.js';
import { type Answer, errorAnswer } from '../answer.js';
import type { Endpoint, HttpCall } from '../endpoint.js';
import * as actions from './action-endpoints.js';
import { assetEndpoints } from './assets.js';
import { InputError, inputAnswer } from './changes.js';
import { LiveBudgets } from './live-budgets.js';
import { OpenPages } from './open-pages.js';
import * as reads from './read-endpoints.js';
import { session, signIn, signOut } from './session-endpoints.js';
import { type Visitor, Visitors } from './visitors.js';

export interface DashboardOptions {
  readonly door: Door;
  readonly access: Access | undefined;
  readonly time: TimeSources;
  readonly scheduler: Scheduler;
  readonly log: Log;
  readonly readPolicy: actions.ReadPolicy;
  readonly version: string;
}

/** The page for operators, and what it asks for. */
export interface Dashboard {
  readonly endpoints: readonly Endpoint[];
  /** Ends the streams of open pages. */
  close(): void;
}

type ForVisitor = (call: HttpCall, visitor: Visitor) => Answer | Promise<Answer>;

export function createDashboard(options: DashboardOptions): Dashboard {
  const { door, access, time, scheduler, log, readPolicy, version } = options;
  const visitors = new Visitors(access, new Sessions(time), door, log);
  const pages = new OpenPages(log);
  const live = { budgets: new LiveBudgets(door, log), pages, scheduler, now: () => time.wall() };
  const putPolicy: Parameters<typeof actions.audited>[2] = (call, visitor, tellRefused) =>
    actions.putPolicy(call, visitor, tellRefused, readPolicy);
  const at = (method: 'GET' | 'POST', name: string, answer: Endpoint['answer']): Endpoint => ({
    path: `/dashboard/${name}`,
    methods: [method],
    // Everybody reaches the endpoint; it finds out itself who asks, since a cookie counts here and nowhere else.
    access: 'open',
    answer: (call) => told(() => answer(call)),
  });
  const known = (method: 'GET' | 'POST', name: string, answer: ForVisitor): Endpoint =>
    at(method, name, async (call) => answer(call, await visitors.of(call.request)));
  return {
    endpoints: [
      ...assetEndpoints(),
      at('GET', 'session', (call) => session(call, visitors, version)),
      at('POST', 'sign-in', (call) =>
        access === undefined ? nobodyToBe() : signIn(call, visitors, access, version),
      ),
      at('POST', 'sign-out', (call) => signOut(call, visitors)),
      known('GET', 'budgets', (call, visitor) => reads.watchBudgets(call, visitor, live)),
      known('GET', 'budget', (call, visitor) => reads.watchBudget(call, visitor, live)),
      known('GET', 'month', reads.month),
      known('GET', 'policy', reads.policy),
      known('POST', 'pause', actions.audited('pause', log, actions.pause)),
      known('POST', 'resume', actions.audited('resume', log, actions.resume)),
      known('POST', 'revoke', actions.audited('revoke', log, actions.revoke)),
      known('POST', 'policy-preview', (call, visitor) => actions.preview(call, visitor, readPolicy)),
      known('POST', 'put-policy', actions.audited('put-policy', log, putPolicy)),
    ],
    close: () => pages.close(),
  };
}

async function told(answer: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof InputError) return inputAnswer(error);
    throw error;
  }
}

function nobodyToBe(): Answer {
  const message = 'No credentials are configured here: there is nothing to sign in to.';
  return errorAnswer(409, 'NO_CREDENTIALS', message);
}
