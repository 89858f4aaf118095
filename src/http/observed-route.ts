import type { IncomingMessage } from 'node:http';
import type { HttpObserver } from '../api/observers.js';
import type { CallSpan, Tracing } from '../platform/tracing.js';
import { type Endpoint, find } from './endpoint.js';
import type { HttpResponse } from './response.js';

export interface Observing {
  /** Told how every request ends. */
  readonly observer?: HttpObserver | undefined;
  /** Absent where nobody collects traces. */
  readonly tracing?: Tracing | undefined;
}

/** Answers a request in the trace that its sender names, and tells how long that took. */
export function observed(
  request: IncomingMessage,
  endpoints: readonly Endpoint[],
  { observer, tracing }: Observing,
  answer: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const endpoint = find(endpoints, (request.url ?? '').split('?')[0] ?? '');
  // Where nothing is served anybody may make up any path.
  const path = endpoint?.path ?? '';
  const timed = observer === undefined ? answer : () => timedAnswer(path, observer, answer);
  if (tracing === undefined || endpoint === undefined || endpoint.untraced) return timed();
  const method = request.method ?? '';
  const incoming = {
    name: `${method} ${path}`,
    attributes: { 'http.request.method': method, 'http.route': path },
    header: (name: string) => request.headers[name]?.toString(),
  };
  return tracing.incoming(incoming, async (span) => {
    const given = await timed();
    endSpan(span, given.status);
    return given;
  });
}

async function timedAnswer(
  path: string,
  observer: HttpObserver,
  answer: () => Promise<HttpResponse>,
): Promise<HttpResponse> {
  const since = observer.monotonic();
  const given = await answer();
  observer.ended(path, given.status, observer.monotonic() - since);
  return given;
}

function endSpan(span: CallSpan, status: number): void {
  span.end({ 'http.response.status_code': status }, status >= 500 ? String(status) : undefined);
}
