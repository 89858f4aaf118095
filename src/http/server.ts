import {
  createServer,
  type Server as HttpOnly,
  type IncomingMessage,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { createServer as createTlsServer, type Server as HttpsOnly } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { NO_PROXIES } from '../platform/caller-addresses.js';
import { readProxyHeaders } from '../platform/proxy-entrance.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../platform/scheduler.js';
import { listenFailure } from '../platform/start-error.js';
import type { TlsFiles, TlsMaterial } from '../platform/tls-files.js';
import type { Endpoint } from './endpoint.js';
import { isHealthCheck } from './health-endpoints.js';
import { BUSY, HttpGate } from './http-gate.js';
import { HTTP_LIMITS, type HttpLimits } from './http-limits.js';
import { observed } from './observed-route.js';
import { hasBody } from './request-body.js';
import { Content, errorResponse, type HttpResponse, Stream } from './response.js';
import { endpointsOf, type RouteOptions, route } from './routes.js';

export interface HttpServerOptions extends RouteOptions {
  readonly address: { readonly host: string; readonly port: number; readonly text: string };
  /** Absent: without TLS. */
  readonly tls?: TlsFiles | undefined;
  readonly scheduler?: Scheduler | undefined;
  /** Other bounds than those of production, for tests. */
  readonly limits?: Partial<HttpLimits> | undefined;
}

type Server = HttpOnly | HttpsOnly;

export interface HttpServer {
  /** Resolves with the port, which the system chose if it was 0. Throws a `StartError` naming HTTP_ADDRESS. */
  start(): Promise<number>;
  /** Takes no new connections, lets requests under way be answered, and cuts off what is left after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/** Requests are a line and a few headers: what is larger or slower than this is not for us. */
const LIMITS = {
  // The longest authorization header, as over gRPC, and room for the others.
  maxHeaderSize: 18 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};
const MAX_SILENCE_MS = 30_000;
/** A client may show a certificate or a token: who shows neither is turned away by the route. */
const TLS_LIMITS = { minVersion: 'TLSv1.2', handshakeTimeout: 10_000, rejectUnauthorized: false } as const;

const JSON_TYPE = 'application/json; charset=utf-8';
const COMMON_HEADERS = {
  'content-type': JSON_TYPE,
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // What is no page says nothing else: a browser that is led here must neither run, frame, embed nor pass on anything.
  'content-security-policy':
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { address } = options;
  const server = openServer(options.tls);
  // A client that does not read its answer is let go.
  server.timeout = MAX_SILENCE_MS;
  const { addresses = NO_PROXIES, scheduler = PROCESS_SCHEDULER, log } = options;
  const gate = new HttpGate({ ...HTTP_LIMITS, ...options.limits }, addresses);
  gate.watch(server);
  readProxyHeaders(server, { addresses, scheduler, log });
  const endpoints = endpointsOf(options);
  const answer = (request: IncomingMessage, response: ServerResponse) =>
    void respond(request, response, endpoints, options, server, gate);
  server.on('request', answer);
  // Who waits to be told to go on is told so by the endpoint that wants a body.
  server.on('checkContinue', answer);
  server.on('clientError', refuseMalformed);
  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error) => reject(listenFailure('HTTP_ADDRESS', address.text, error)));
        server.listen({ host: address.host, port: address.port }, () => {
          server.removeAllListeners('error');
          server.on('error', (error) => options.log.error({ err: error }, 'HTTP server failed'));
          resolve((server.address() as AddressInfo).port);
        });
      }),
    stop: (timeoutMs) => {
      options.dashboard?.close();
      return stop(server, timeoutMs);
    },
  };
}

function openServer(tls: TlsFiles | undefined): Server {
  if (tls === undefined) return createServer(LIMITS);
  const server = createTlsServer({
    ...LIMITS,
    ...TLS_LIMITS,
    ...context(tls.current),
    requestCert: tls.asksClients,
  });
  const stop = tls.onChange((material) => server.setSecureContext({ ...TLS_LIMITS, ...context(material) }));
  return server.once('close', stop);
}

function context({ cert, key, clientCa }: TlsMaterial) {
  return { cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  endpoints: readonly Endpoint[],
  options: RouteOptions,
  server: Server,
  gate: HttpGate,
): Promise<void> {
  const admitted = gate.enter(request, response, isHealthCheck(request.url));
  const answering = () => route(request, response, endpoints, options);
  const answer = admitted ? await observed(request, endpoints, options, answering) : BUSY;
  // A body that nobody read would have to be taken in before the next request on this connection.
  const close = (hasBody(request) && !request.complete) || !server.listening;
  send(request, response, answer, close ? { connection: 'close' } : {});
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers }: HttpResponse,
  connection: Readonly<Record<string, string>>,
): void {
  if (body instanceof Stream) {
    response.writeHead(status, { ...COMMON_HEADERS, 'content-type': body.type, ...headers, ...connection });
    if (request.method === 'HEAD') response.end();
    else body.write(response);
    return;
  }
  const { type, bytes } =
    body instanceof Content ? body : Content.text(JSON_TYPE, `${JSON.stringify(body)}\n`);
  response.writeHead(status, {
    ...{ ...COMMON_HEADERS, 'content-type': type, ...headers },
    ...{ 'content-length': bytes.length, ...connection },
  });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** Not HTTP, too large, or too slow: answered in the same form as everything else. */
function refuseMalformed(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = malformed(error.code);
  const text = `${JSON.stringify(body)}\n`;
  const headers = { ...COMMON_HEADERS, 'content-length': Buffer.byteLength(text), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`);
}

function malformed(code: string | undefined): HttpResponse {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return errorResponse(
        431,
        'TOO_LARGE',
        `Request line and headers may have ${LIMITS.maxHeaderSize} bytes.`,
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return errorResponse(408, 'TOO_SLOW', 'The request did not arrive in time.');
    default:
      return errorResponse(400, 'MALFORMED_REQUEST', 'This is not an HTTP/1.1 request.');
  }
}

function stop(server: Server, timeoutMs: number): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    server.closeIdleConnections();
  });
}
