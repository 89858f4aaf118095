import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What happens to traffic: it passes; answers are swallowed; or the line is cut as soon as a request has passed. */
export type Line = 'open' | 'silent' | 'cut-after-request';

/** Stands between a client and a server, as a network that fails. */
export class CutProxy {
  line: Line = 'open';
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(host: string, port: number): Promise<CutProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new CutProxy(server, address.port);
    server.on('connection', (client) => proxy.join(client, connect(port, host)));
    return proxy;
  }

  /** Nobody gets through any more. */
  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await once(this.server, 'close');
  }

  private join(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        this.sockets.delete(socket);
      });
    }
    client.on('data', (request) => {
      const cut = this.line === 'cut-after-request';
      upstream.write(request, () => cut && client.destroy());
    });
    upstream.on('data', (answer) => {
      if (this.line === 'open') client.write(answer);
    });
  }
}
