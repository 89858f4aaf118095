import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type CallerAddresses, NO_PROXIES } from '../platform/caller-addresses.js';
import { PeerCounts } from '../platform/peer-address.js';
import type { HttpLimits } from './http-limits.js';
import { errorResponse, type HttpResponse } from './response.js';

export const BUSY: HttpResponse = errorResponse(
  503,
  'BUSY',
  'The service has too many requests under way; ask again shortly.',
  {
    headers: { 'retry-after': '1' },
  },
);

interface UnderWay {
  requests: number;
  /** Of whom: behind a proxy, of several. */
  readonly of: PeerCounts;
}

/** Counts connections, and requests under way until their answers are taken. */
export class HttpGate {
  private requests = 0;
  private readonly requestsOf = new PeerCounts();
  private readonly connectionsOf = new PeerCounts();
  private readonly ofConnection = new WeakMap<Socket, UnderWay>();
  /** One too many of an address: what came with their first packet is not worked on. */
  private readonly turnedAway = new WeakSet<Socket>();

  constructor(
    private readonly limits: HttpLimits,
    private readonly addresses: CallerAddresses = NO_PROXIES,
  ) {}

  /** From the first packet on, before a handshake that may never come. */
  watch(server: Pick<Server, 'prependListener' | 'maxConnections'>): void {
    server.maxConnections = this.limits.connections;
    server.prependListener('connection', (socket: Socket) => {
      const peer = this.addresses.peerOf(socket);
      socket.once('close', () => this.connectionsOf.add(peer, -1));
      const count = this.connectionsOf.add(peer, 1);
      // A proxy's are those of many; what each of them may is counted request by request.
      if (count <= this.limits.connectionsPerAddress || this.addresses.isShared(socket)) return;
      this.turnedAway.add(socket);
      // Not before others have seen it: they would set up what is gone already.
      setImmediate(() => socket.destroy());
    });
  }

  /** Whether a request may be worked on. */
  enter({ socket, headers }: IncomingMessage, response: ServerResponse, isHealthCheck: boolean): boolean {
    if (this.turnedAway.has(socket)) return false;
    const { requests, requestsPerAddress, requestsPerConnection, healthChecks } = this.limits;
    const peer = this.addresses.callerOf(socket, headers['x-forwarded-for']?.toString());
    const more = isHealthCheck ? healthChecks : 0;
    const own = this.ofConnection.get(socket) ?? this.follow(socket);
    const full =
      this.requests >= requests + more ||
      this.requestsOf.of(peer) >= requestsPerAddress + more ||
      own.requests >= requestsPerConnection;
    if (full) return false;
    this.count(own, peer, 1);
    response.once('close', () => {
      if (own.of.of(peer) > 0) this.count(own, peer, -1);
    });
    return true;
  }

  /** With a connection go all its requests: Node closes no response but the first of those that were sent ahead. */
  private follow(socket: Socket): UnderWay {
    const own = { requests: 0, of: new PeerCounts() };
    this.ofConnection.set(socket, own);
    socket.once('close', () => {
      for (const [peer, count] of own.of.all()) this.count(own, peer, -count);
    });
    return own;
  }

  private count(own: UnderWay, peer: string, difference: number): void {
    own.requests += difference;
    own.of.add(peer, difference);
    this.requests += difference;
    this.requestsOf.add(peer, difference);
  }
}
