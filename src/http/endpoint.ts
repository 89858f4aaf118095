import type { IncomingMessage } from 'node:http';
import type { AccessRule } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';
import type { HttpResponse } from './response.js';

/** One thing that is served over HTTP. */
export interface Endpoint {
  /** A path, with `{name}` for any one part; or everything below a path, if it ends with `/*`. */
  readonly path: string;
  /** HEAD comes with GET. */
  readonly methods: readonly ('GET' | 'POST')[];
  /** `open`: asked without credentials. */
  readonly access: 'open' | AccessRule;
  /** Absent: the cookie of a browser's login counts for nothing. */
  readonly cookie?: CookieUse;
  /** Asked every few seconds by machines, so that its traces would be most of all traces: it leaves none. */
  readonly untraced?: true;
  readonly answer: (call: HttpCall) => HttpResponse | Promise<HttpResponse>;
  /** How it tells what went wrong, if not as the others do. */
  readonly failed?: (error: unknown) => HttpResponse;
}

/**
 * Where the cookie of a browser's login shows who calls. `reading`: a page of ours asks by what cannot carry a header, such as
 * a stream of events, and changes nothing by it; `calling`: the request must prove that a page of ours sent it.
 */
export type CookieUse = 'reading' | 'calling';

/** One request, as an endpoint sees it. */
export interface HttpCall {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Absent: no credentials are configured, and everybody may do everything. */
  readonly principal?: Principal | undefined;
  /** What showed who calls, if it was the cookie of a login. */
  readonly login?: { readonly id: string; readonly csrf: string };
  /** Whether what showed who calls still holds, for answers that go on. */
  readonly stillIn: () => boolean;
  /** Throws an `AccessError` where the endpoint's rule does not let the caller near this budget. */
  readonly maySee: (budgetId: string) => void;
  /** The request's body. Throws a `TransportError` if it is larger than `maxBytes`. */
  readonly body: (maxBytes: number) => Promise<Buffer>;
}

export function find(endpoints: readonly Endpoint[], path: string): Endpoint | undefined {
  return endpoints.find(({ path: own }) => matches(own, path));
}

export function matches(own: string, path: string): boolean {
  if (own.endsWith('/*')) return path.startsWith(own.slice(0, -1));
  if (!own.includes('{')) return path === own;
  const parts = path.split('/');
  const owns = own.split('/');
  return (
    parts.length === owns.length &&
    owns.every((part, index) => (part.startsWith('{') ? parts[index] !== '' : parts[index] === part))
  );
}
