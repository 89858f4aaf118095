import type { Server, Socket } from 'node:net';
import { type CallerAddresses, keyOf } from '../../platform/caller-addresses.js';
import { PeerCounts } from '../../platform/peer-address.js';

interface Arrival {
  readonly socket: Socket;
  seconds: number;
}

export interface ArrivalLimits {
  readonly connectionsPerAddress: number;
  readonly newConnectionsPerSecond: number;
  readonly helloSeconds: number;
}

/**
 * Connections from their first packet on. With TLS, HTTP/2 hears of one only after its handshake, which a client that says
 * nothing never makes: it would keep its place for ever, and nobody would count it.
 */
export class Arrivals {
  private readonly counts = new PeerCounts();
  /** Opened since the last sweep, closed ones included. */
  private opened = new PeerCounts();
  /** Without a session yet, by the peer's address and port. */
  private readonly silent = new Map<string, Arrival>();

  constructor(
    private readonly limits: ArrivalLimits,
    private readonly addresses: CallerAddresses,
    /** Ends the session of a connection that is one too many; false if it has none. */
    private readonly cutOff: (socket: Socket) => boolean,
  ) {}

  watch(server: Server): void {
    server.prependListener('connection', (socket: Socket) => this.arrive(socket));
  }

  private arrive(socket: Socket): void {
    const peer = this.addresses.peerOf(socket);
    const key = keyOf(socket);
    this.silent.set(key, { socket, seconds: 0 });
    socket.once('close', () => {
      this.counts.add(peer, -1);
      if (this.silent.get(key)?.socket === socket) this.silent.delete(key);
    });
    const { connectionsPerAddress, newConnectionsPerSecond } = this.limits;
    const [count, opened] = [this.counts.add(peer, 1), this.opened.add(peer, 1)];
    // A proxy's are those of many; what each of them may is counted call by call.
    if (this.addresses.isShared(socket)) return;
    if (count <= connectionsPerAddress && opened <= newConnectionsPerSecond) return;
    // Not before others have seen it: they would set up what is gone already.
    setImmediate(() => {
      if (!this.cutOff(socket)) socket.destroy();
    });
  }

  /** It speaks HTTP/2; what becomes of it now is for its session to watch. */
  spoke(socket: Socket): void {
    this.silent.delete(keyOf(socket));
  }

  /** Once a second. */
  sweep(): void {
    this.opened = new PeerCounts();
    for (const arrival of this.silent.values()) {
      arrival.seconds += 1;
      if (arrival.seconds > this.limits.helloSeconds) arrival.socket.destroy();
    }
  }
}
