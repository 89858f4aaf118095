import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { ArbiterError } from '../arbiter/door.js';
import { PROCESS_SCHEDULER, type Scheduler } from '../platform/scheduler.js';
import { Connection } from './connection.js';
import { errorResponse } from './error-details.js';
import { GATE_LIMITS, type GateLimits } from './gate-limits.js';
import { SlowLane } from './slow-lane.js';
import { failureOf } from './status.js';

const SWEEP_MS = 1_000;
const RETRY_MS = 1_000;
const TOO_MANY = 'the server has too many calls under way; ask again shortly';
const UNREAD = 'read the answers of this connection before you ask for more';
const HEALTH_CHECK = '/grpc.health.v1.Health/Check';

export interface GateOptions {
  readonly limits?: Partial<GateLimits>;
  readonly scheduler?: Scheduler;
  /** Paths of methods whose clients send more than one message. */
  readonly conversations: readonly string[];
  /** Told of every call that is refused. */
  readonly onRefused?: (() => void) | undefined;
}

/**
 * Stands before grpc-js, which bounds neither connections nor calls nor the time that a client takes: counts them, and refuses
 * what is too much before anything is computed for it.
 */
export class Gate {
  private readonly limits: GateLimits;
  private readonly scheduler: Scheduler;
  private readonly conversations: ReadonlySet<string>;
  private readonly onRefused: (() => void) | undefined;
  private readonly connections = new Map<ServerHttp2Session, Connection>();
  private readonly callsOf = new Map<string, number>();
  private readonly connectionsOf = new Map<string, number>();
  private readonly refusal = refusalHeaders(TOO_MANY);
  private readonly choked = refusalHeaders(UNREAD);
  private readonly wordy: OutgoingHttpHeaders;
  private readonly slowLane: SlowLane;
  private cancelSweep: (() => void) | undefined;
  /** Calls under way. */
  calls = 0;

  constructor({ limits, scheduler = PROCESS_SCHEDULER, conversations, onRefused }: GateOptions) {
    this.onRefused = onRefused;
    this.limits = { ...GATE_LIMITS, ...limits };
    this.scheduler = scheduler;
    this.conversations = new Set(conversations);
    const { refusalsPerSecond, calls } = this.limits;
    const roomy = () => this.calls < calls / 4;
    this.slowLane = new SlowLane(refusalsPerSecond, scheduler, roomy);
    this.wordy = refusalHeaders(
      `metadata of more than ${this.limits.metadataBytes} bytes is not taken`,
      false,
    );
  }

  /** Puts itself before the listeners that grpc-js has on its server. */
  guard(server: Http2Server): void {
    server.maxConnections = this.limits.connections;
    server.updateSettings({
      maxConcurrentStreams: this.limits.callsPerConnection,
    });
    server.prependListener('session', (session: ServerHttp2Session) => this.connect(session));
    const behind = server.listeners('stream');
    server.removeAllListeners('stream');
    server.on(
      'stream',
      (call: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: string[]) => {
        if (!this.admit(call, String(headers[':path']), raw)) return;
        for (const listener of behind) listener.call(server, call, headers, flags, raw);
      },
    );
    if (this.cancelSweep === undefined) this.sweepLater();
  }

  stop(): void {
    this.cancelSweep?.();
    this.slowLane.stop();
  }

  private sweepLater(): void {
    this.cancelSweep = this.scheduler.after(SWEEP_MS, () => {
      for (const connection of this.connections.values()) connection.sweep();
      this.sweepLater();
    });
  }

  private connect(session: ServerHttp2Session): void {
    const address = session.socket.remoteAddress ?? '';
    const connection = new Connection(session, address, this.limits);
    this.connections.set(session, connection);
    const count = add(this.connectionsOf, address, 1);
    session.once('close', () => {
      this.connections.delete(session);
      this.slowLane.leave(connection);
      add(this.connectionsOf, address, -1);
    });
    if (count > this.limits.connectionsPerAddress) setImmediate(() => connection.cutOff());
  }

  /** Whether a call may go on to its handler; one that may not is answered. */
  private admit(call: ServerHttp2Stream, path: string, rawHeaders: readonly string[]): boolean {
    const connection = call.session && this.connections.get(call.session as ServerHttp2Session);
    if (connection === undefined) {
      call.on('error', () => {});
      call.close(constants.NGHTTP2_REFUSED_STREAM);
      return false;
    }
    const refused = this.refusalOf(connection, path, rawHeaders);
    if (refused !== undefined) {
      refuse(call, refused);
      this.onRefused?.();
      this.slowLane.refused(connection);
      return false;
    }
    this.calls += 1;
    add(this.callsOf, connection.address, 1);
    connection.open(call, this.conversations.has(path));
    call.once('close', () => {
      this.calls -= 1;
      add(this.callsOf, connection.address, -1);
      connection.close(call);
    });
    return true;
  }

  private refusalOf(
    connection: Connection,
    path: string,
    rawHeaders: readonly string[],
  ): OutgoingHttpHeaders | undefined {
    const { calls, callsPerAddress, callsPerConnection, healthChecks } = this.limits;
    if (connection.choked) return this.choked;
    if (sizeOf(rawHeaders) > this.limits.metadataBytes) return this.wordy;
    const more = path === HEALTH_CHECK ? healthChecks : 0;
    const ofAddress = this.callsOf.get(connection.address) ?? 0;
    const full =
      this.calls >= calls + more ||
      ofAddress >= callsPerAddress + more ||
      connection.size >= callsPerConnection;
    return full ? this.refusal : undefined;
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

/** Made once: a refusal must cost next to nothing. */
function refusalHeaders(message: string, passes = true): OutgoingHttpHeaders {
  const failure = failureOf(new ArbiterError('QUEUE_FULL', message, RETRY_MS));
  if (failure === undefined) throw new Error('a full queue has no status');
  const { retryAfterMs, ...forGood } = failure;
  const { code, details, metadata } = errorResponse(passes ? failure : forGood);
  return {
    ':status': constants.HTTP_STATUS_OK,
    'content-type': 'application/grpc+proto',
    'grpc-status': code,
    'grpc-message': encodeURI(details ?? ''),
    ...metadata?.toHttp2Headers(),
  };
}

/** Adds to a count, and forgets one that is zero. */
function add(counts: Map<string, number>, key: string, difference: number): number {
  const count = (counts.get(key) ?? 0) + difference;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
  return count;
}
