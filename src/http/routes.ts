import type { Log } from '../platform/log.js';
import { type Answer, errorAnswer } from './answer.js';
import { distributionRoute, type GetDistribution } from './distribution-route.js';
import { failureAnswer } from './error-answers.js';

export interface RouteOptions {
  /** Shown when a request names no budget. */
  readonly defaultBudget: string;
  readonly getDistribution: GetDistribution;
  /** The store answers and this copy is not stopping. */
  readonly ready: () => boolean;
  readonly log: Log;
}

const DISTRIBUTION = '/api/token-usage/distribution';
const PATHS = [DISTRIBUTION, '/healthz', '/readyz'];
const METHODS = ['GET', 'HEAD'];

/** Answers one request by its method and target. Never throws. */
export async function route(method: string, target: string, options: RouteOptions): Promise<Answer> {
  const [path = '', ...query] = target.split('?');
  if (!PATHS.includes(path)) {
    return errorAnswer(404, 'NOT_FOUND', `There is nothing here. Served are: ${PATHS.join(', ')}.`);
  }
  if (!METHODS.includes(method)) {
    const headers = { allow: METHODS.join(', ') };
    return errorAnswer(405, 'METHOD_NOT_ALLOWED', 'Only GET and HEAD are answered here.', { headers });
  }
  if (path === '/healthz') return { status: 200, body: { status: 'alive' } };
  if (path === '/readyz') return readiness(options.ready);
  try {
    const parameters = new URLSearchParams(query.join('?'));
    return await distributionRoute(parameters, options.defaultBudget, options.getDistribution);
  } catch (error) {
    const answer = failureAnswer(error);
    if (answer !== undefined) return answer;
    options.log.error({ path, err: error }, 'HTTP request failed');
    return errorAnswer(500, 'INTERNAL', 'The service failed to answer; its log says why.');
  }
}

function readiness(ready: () => boolean): Answer {
  if (ready()) return { status: 200, body: { status: 'ready' } };
  return errorAnswer(
    503,
    'NOT_READY',
    'The service cannot decide now: its store does not answer, or it is stopping.',
  );
}
