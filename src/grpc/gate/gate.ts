import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { errorResponse } from '../../api/failures/error-details.js';
import { failureOf } from '../../api/failures/status.js';
import { TransportError } from '../../api/failures/transport-error.js';
import { ArbiterError } from '../../arbiter/service-port.js';
import { type CallerAddresses, keyOf, NO_PROXIES } from '../../platform/caller-addresses.js';
import type { Log } from '../../platform/log.js';
import { PeerCounts } from '../../platform/peer-address.js';
import { readProxyHeaders } from '../../platform/proxy-entrance.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../../platform/scheduler.js';
import { Arrivals } from './arrivals.js';
import { Backpressure } from './backpressure.js';
import { Connection } from './connection.js';
import { GATE_LIMITS, type GateLimits } from './gate-limits.js';
import { forgetStreamsSoon } from './stream-table.js';

const SWEEP_MS = 1_000;
const RETRY_MS = 1_000;
const TOO_MANY = 'the server has too many calls under way; ask again shortly';
const UNREAD = 'read the answers of this connection before you ask for more';
const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
const HEALTH_WATCH = '/grpc.health.v1.Health/Watch';

export interface GateOptions {
  readonly limits?: Partial<GateLimits>;
  readonly scheduler?: Scheduler;
  /** Who is believed about whom. Absent: nobody. */
  readonly addresses?: CallerAddresses | undefined;
  readonly log: Log;
  /** Paths of methods whose clients send more than one message. */
  readonly conversations: readonly string[];
  /** Told of every call that is refused. */
  readonly onRefused?: (() => void) | undefined;
}

/**
 * Ours, since grpc-js bounds neither connections nor calls nor the time that a client takes: stands before it, counts them, and
 * refuses what is too much before anything is computed for it.
 */
export class Gate {
  private readonly limits: GateLimits;
  private readonly scheduler: Scheduler;
  private readonly addresses: CallerAddresses;
  private readonly log: Log;
  private readonly conversations: ReadonlySet<string>;
  private readonly onRefused: (() => void) | undefined;
  private readonly connections = new Map<ServerHttp2Session, Connection>();
  private readonly byKey = new Map<string, Connection>();
  private readonly callsOf = new PeerCounts();
  private readonly watchesOf = new PeerCounts();
  private readonly arrivals: Arrivals;
  private readonly refusal = refusalHeaders(full(TOO_MANY));
  private readonly choked = refusalHeaders(full(UNREAD));
  private readonly wordy: OutgoingHttpHeaders;
  private readonly backpressure: Backpressure;
  private cancelSweep: (() => void) | undefined;
  private watches = 0;
  /** Calls under way. */
  calls = 0;

  constructor(options: GateOptions) {
    const { limits, scheduler = PROCESS_SCHEDULER, addresses = NO_PROXIES, log, conversations } = options;
    this.onRefused = options.onRefused;
    this.limits = { ...GATE_LIMITS, ...limits };
    this.scheduler = scheduler;
    this.addresses = addresses;
    this.log = log;
    this.conversations = new Set(conversations);
    const cutOff = (socket: Socket) => this.byKey.get(keyOf(socket))?.cutOff() ?? false;
    this.arrivals = new Arrivals(this.limits, addresses, cutOff);
    const { refusalsPerSecond, calls } = this.limits;
    const roomy = () => this.calls < calls / 4;
    this.backpressure = new Backpressure(refusalsPerSecond, scheduler, roomy);
    const wordy = `metadata of more than ${this.limits.metadataBytes} bytes is not taken`;
    this.wordy = refusalHeaders(new TransportError('METADATA_TOO_LARGE', wordy));
  }

  /** Puts itself before the listeners that grpc-js has on its server. */
  guard(server: Http2Server): void {
    server.maxConnections = this.limits.connections;
    server.updateSettings({
      maxConcurrentStreams: this.limits.callsPerConnection,
    });
    this.arrivals.watch(server);
    server.prependListener('session', (session: ServerHttp2Session) => this.connect(session));
    const behind = server.listeners('stream');
    server.removeAllListeners('stream');
    server.on(
      'stream',
      (call: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]) => {
        if (!this.admit(call, headers, raw)) return;
        for (const listener of behind) listener.call(server, call, headers, flags, raw);
      },
    );
    const { addresses, scheduler, log } = this;
    readProxyHeaders(server, { addresses, scheduler, log });
    if (this.cancelSweep === undefined) this.sweepLater();
  }

  stop(): void {
    this.cancelSweep?.();
    this.backpressure.stop();
  }

  private sweepLater(): void {
    this.cancelSweep = this.scheduler.after(SWEEP_MS, () => {
      for (const connection of this.connections.values()) connection.sweep();
      this.cutOffUnread();
      this.arrivals.sweep();
      this.sweepLater();
    });
  }

  /** What each connection may leave unread is too much for the memory when many do. */
  private cutOffUnread(): void {
    const { unreadBytesInAll } = this.limits;
    const connections = [...this.connections.values()].filter(({ unread }) => unread > 0);
    let unread = connections.reduce((sum, connection) => sum + connection.unread, 0);
    if (unread <= unreadBytesInAll) return;
    for (const connection of connections.sort((a, b) => b.unread - a.unread)) {
      if (unread <= unreadBytesInAll) return;
      unread -= connection.unread;
      connection.cutOff();
    }
  }

  private connect(session: ServerHttp2Session): void {
    const { socket } = session;
    const connection = new Connection(session, this.addresses, this.limits, this.scheduler.random());
    const key = keyOf(socket);
    forgetStreamsSoon(session);
    this.arrivals.spoke(socket);
    this.connections.set(session, connection);
    this.byKey.set(key, connection);
    session.once('close', () => {
      this.connections.delete(session);
      if (this.byKey.get(key) === connection) this.byKey.delete(key);
      this.backpressure.leave(connection);
    });
  }

  /** Whether a call may go on to its handler; one that may not is answered. */
  private admit(
    call: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): boolean {
    const path = String(headers[':path']);
    const connection = call.session && this.connections.get(call.session as ServerHttp2Session);
    if (connection === undefined) {
      call.on('error', () => {});
      call.close(constants.NGHTTP2_REFUSED_STREAM);
      return false;
    }
    const address = connection.callerOf(headers['x-forwarded-for']);
    const refused = this.refusalOf(connection, address, path, rawHeaders);
    if (refused !== undefined) {
      refuse(call, refused);
      this.onRefused?.();
      this.backpressure.refused(connection);
      return false;
    }
    this.calls += 1;
    this.count(address, path, 1);
    connection.open(call, this.conversations.has(path));
    call.once('close', () => {
      this.calls -= 1;
      this.count(address, path, -1);
      connection.close(call);
    });
    return true;
  }

  private count(address: string, path: string, difference: 1 | -1): void {
    this.callsOf.add(address, difference);
    if (path !== HEALTH_WATCH) return;
    this.watches += difference;
    this.watchesOf.add(address, difference);
  }

  private refusalOf(
    connection: Connection,
    address: string,
    path: string,
    rawHeaders: readonly string[],
  ): OutgoingHttpHeaders | undefined {
    const { calls, callsPerAddress, callsPerConnection, healthChecks } = this.limits;
    if (connection.choked) return this.choked;
    if (sizeOf(rawHeaders) > this.limits.metadataBytes) return this.wordy;
    const more = path === HEALTH_CHECK ? healthChecks : 0;
    const full =
      this.calls >= calls + more ||
      this.callsOf.of(address) >= callsPerAddress + more ||
      connection.size >= callsPerConnection ||
      (path === HEALTH_WATCH && this.isWatchedEnough(address));
    return full ? this.refusal : undefined;
  }

  /** Nobody who watches the health needs credentials, and a watch has no end. */
  private isWatchedEnough(address: string): boolean {
    const { healthWatches, healthWatchesPerAddress } = this.limits;
    return this.watches >= healthWatches || this.watchesOf.of(address) >= healthWatchesPerAddress;
  }
}

/** The end of the call is all that is sent. Nobody reads what its client still sends, so Node closes the stream. */
function refuse(call: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
  call.on('error', () => {});
  call.respond(headers, { endStream: true });
}

/** As HTTP/2 counts them, so that nobody makes thousands of empty ones. */
function sizeOf(rawHeaders: readonly string[]): number {
  let size = 16 * rawHeaders.length;
  for (const text of rawHeaders) size += text.length;
  return size;
}

function full(message: string): ArbiterError {
  return new ArbiterError('QUEUE_FULL', message, RETRY_MS);
}

/** Made once: a refusal must cost next to nothing. */
function refusalHeaders(error: ArbiterError | TransportError): OutgoingHttpHeaders {
  const failure = failureOf(error);
  if (failure === undefined) throw new Error(`there is no status for ${error.message}`);
  const { code, details, metadata } = errorResponse(failure);
  return {
    ':status': constants.HTTP_STATUS_OK,
    'content-type': 'application/grpc+proto',
    'grpc-status': code,
    'grpc-message': encodeURI(details ?? ''),
    ...metadata?.toHttp2Headers(),
  };
}
