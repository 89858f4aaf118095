import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What happens to traffic. `open`: it passes. `silent`: answers are swallowed. `stalled`: nothing passes, in either direction,
 * until the line changes. `cut-after-request`: the line is cut as soon as a request has passed. `lose-one`: one answer is
 * swallowed, and all is well again. `slow`: every answer comes late. `cut`: nobody gets a connection.
 */
export type Line = 'open' | 'silent' | 'stalled' | 'cut-after-request' | 'lose-one' | 'slow' | 'cut';

const SLOW_MS = 150;

/** Stands between a client and a server, as a network that fails. */
export class FaultyProxy {
  private current: Line = 'open';
  private readonly sockets = new Set<Socket>();
  private held: (() => void)[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(host: string, port: number): Promise<FaultyProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new FaultyProxy(server, address.port);
    server.on('connection', (client) => proxy.join(client, connect(port, host)));
    return proxy;
  }

  /** Before a MongoDB server; `uri` leads through the proxy. */
  static async beforeMongo(uri: string): Promise<{ proxy: FaultyProxy; uri: string }> {
    const [, user = '', host = '', port = '27017', rest = ''] =
      /^mongodb:\/\/([^@/]*@)?([^:,/?]+)(?::(\d+))?[^/?]*(.*)$/.exec(uri) ?? [];
    const proxy = await FaultyProxy.start(host, Number(port));
    const through = new URL(`mongodb://${user}127.0.0.1:${proxy.port}${rest}`);
    through.searchParams.set('directConnection', 'true');
    through.searchParams.delete('replicaSet');
    return { proxy, uri: through.href };
  }

  get line(): Line {
    return this.current;
  }

  set line(line: Line) {
    this.current = line;
    if (line === 'cut') for (const socket of this.sockets) socket.destroy();
    if (line !== 'stalled') for (const pass of this.held.splice(0)) pass();
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
      socket.on('close', () => this.sockets.delete(socket));
    }
    upstream.on('close', () => client.destroy());
    // What a client sent before it gave up still arrives, however late: that is what a stalled line does.
    client.on('close', () => this.pass(() => upstream.end()));
    if (this.current === 'cut') client.destroy();
    client.on('data', (request) => this.pass(() => this.send(request, client, upstream)));
    upstream.on('data', (answer) => this.pass(() => this.answer(answer, client)));
  }

  private pass(send: () => void): void {
    if (this.current === 'stalled') this.held.push(send);
    else send();
  }

  private send(request: Buffer, client: Socket, upstream: Socket): void {
    const cut = this.current === 'cut-after-request';
    upstream.write(request, () => cut && client.destroy());
  }

  private answer(answer: Buffer, client: Socket): void {
    if (this.current === 'slow') setTimeout(() => client.write(answer), SLOW_MS);
    else if (this.current === 'lose-one') this.current = 'open';
    else if (this.current !== 'silent') client.write(answer);
  }
}
