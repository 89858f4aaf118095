import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { PeerCounts, peerOf } from '../platform/peer-address.js';
import { type Answer, errorAnswer } from './answer.js';
import type { HttpLimits } from './http-limits.js';

export const BUSY: Answer = errorAnswer(
  503,
  'BUSY',
  'The service has too many requests under way; ask again shortly.',
  {
    headers: { 'retry-after': '1' },
  },
);

/** Counts connections, and requests under way until their answers are taken. */
export class Turnstile {
  private requests = 0;
  private readonly requestsOf = new PeerCounts();
  private readonly connectionsOf = new PeerCounts();
  private readonly ofConnection = new WeakMap<Socket, number>();

  constructor(private readonly limits: HttpLimits) {}

  /** From the first packet on, before a handshake that may never come. */
  watch(server: Pick<Server, 'prependListener' | 'maxConnections'>): void {
    server.maxConnections = this.limits.connections;
    server.prependListener('connection', (socket: Socket) => {
      const peer = peerOf(socket.remoteAddress);
      socket.once('close', () => this.connectionsOf.add(peer, -1));
      if (this.connectionsOf.add(peer, 1) <= this.limits.connectionsPerAddress) return;
      // Not before others have seen it: they would set up what is gone already.
      setImmediate(() => socket.destroy());
    });
  }

  /** Whether a request may be worked on. */
  enter(socket: Socket, response: ServerResponse, isHealthCheck: boolean): boolean {
    const { requests, requestsPerAddress, requestsPerConnection, healthChecks } = this.limits;
    const peer = peerOf(socket.remoteAddress);
    const more = isHealthCheck ? healthChecks : 0;
    const own = this.ofConnection.get(socket) ?? 0;
    const full =
      this.requests >= requests + more ||
      this.requestsOf.of(peer) >= requestsPerAddress + more ||
      own >= requestsPerConnection;
    if (full) return false;
    this.requests += 1;
    this.requestsOf.add(peer, 1);
    this.ofConnection.set(socket, own + 1);
    response.once('close', () => {
      this.requests -= 1;
      this.requestsOf.add(peer, -1);
      this.ofConnection.set(socket, (this.ofConnection.get(socket) ?? 1) - 1);
    });
    return true;
  }
}
