import type { IncomingMessage } from 'node:http';
import type { Access } from '../access/access.js';
import type { Log } from '../platform/log.js';
import { type Answer, errorAnswer } from './answer.js';
import { distributionRoute, type GetDistribution } from './distribution-route.js';
import { enter } from './entrance.js';
import { failureAnswer } from './error-answers.js';

export interface RouteOptions {
  /** Shown when a request names no budget. */
  readonly defaultBudget: string;
  readonly getDistribution: GetDistribution;
  /** The store answers and this copy is not stopping. */
  readonly ready: () => boolean;
  readonly log: Log;
  /** Who may see what. Absent: no credentials are configured, and everybody may see everything. */
  readonly access?: Access | undefined;
}

const DISTRIBUTION = '/api/token-usage/distribution';
/** Whoever looks after the process asks these, without credentials. */
const OPEN = ['/healthz', '/readyz'];
const PATHS = [DISTRIBUTION, ...OPEN];
const METHODS = ['GET', 'HEAD'];

/** Answers one request by its method and target. Never throws. */
export async function route(request: IncomingMessage, options: RouteOptions): Promise<Answer> {
  const { method = '', url = '' } = request;
  const [path = '', ...query] = url.split('?');
  try {
    // What there is beside the health checks, only those learn who may see it.
    const maySee = OPEN.includes(path) ? undefined : await enter(options.access, request, path);
    const wrong = wrongTarget(method, path);
    if (wrong !== undefined) return wrong;
    if (path === '/healthz') return { status: 200, body: { status: 'alive' } };
    if (path === '/readyz') return readiness(options.ready);
    const parameters = new URLSearchParams(query.join('?'));
    return await distributionRoute(parameters, options.defaultBudget, (budgetId, asked) => {
      maySee?.(budgetId);
      return options.getDistribution(budgetId, asked);
    });
  } catch (error) {
    const answer = failureAnswer(error);
    if (answer !== undefined) return answer;
    options.log.error({ path, err: error }, 'HTTP request failed');
    return errorAnswer(500, 'INTERNAL', 'The service failed to answer; its log says why.');
  }
}

function wrongTarget(method: string, path: string): Answer | undefined {
  if (!PATHS.includes(path)) {
    return errorAnswer(404, 'NOT_FOUND', `There is nothing here. Served are: ${PATHS.join(', ')}.`);
  }
  if (METHODS.includes(method)) return undefined;
  const headers = { allow: METHODS.join(', ') };
  return errorAnswer(405, 'METHOD_NOT_ALLOWED', 'Only GET and HEAD are answered here.', { headers });
}

function readiness(ready: () => boolean): Answer {
  if (ready()) return { status: 200, body: { status: 'ready' } };
  return errorAnswer(
    503,
    'NOT_READY',
    'The service cannot decide now: its store does not answer, or it is stopping.',
  );
}
