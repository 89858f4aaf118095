import type { Endpoint } from './endpoint.js';
import { errorResponse, type HttpResponse } from './response.js';

const HEALTH = '/healthz';
const READINESS = '/readyz';

/** Whoever looks after the process asks these, without credentials. */
export function healthEndpoints(ready: () => boolean): Endpoint[] {
  const open = { methods: ['GET'], access: 'open', untraced: true } as const;
  return [
    { path: HEALTH, ...open, answer: () => ({ status: 200, body: { status: 'alive' } }) },
    { path: READINESS, ...open, answer: () => readiness(ready()) },
  ];
}

function readiness(ready: boolean): HttpResponse {
  if (ready) return { status: 200, body: { status: 'ready' } };
  return errorResponse(
    503,
    'NOT_READY',
    'The service cannot decide now: its store does not answer, or it is stopping.',
  );
}

export function isHealthCheck(url: string | undefined): boolean {
  return url === HEALTH || url === READINESS;
}
