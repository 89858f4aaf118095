import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { credentials } from '@grpc/grpc-js';
import { newToken } from '../../src/access/bearer-tokens.js';
import { BudgetServiceClient } from '../../src/gen/budgetarbiter/v1/budget_service.js';
import { untilTrue } from '../end-to-end/support/until.js';
import { freePort } from '../polyglot/support/free-port.js';
import { issue, makeAuthority } from '../support/certificates.js';
import { LoadedClients } from '../support/loaded-client.js';
import { type Service, startService } from '../support/service.js';
import { SessionClient } from '../support/session-client.js';

export const PROXY_FOLDER = fileURLToPath(new URL('../../deploy/proxy/', import.meta.url));
/** How the examples name the replicas, and what callers know. */
const INTERNAL = 'budget-arbiter.internal';
const PUBLIC = 'budget-arbiter.example.org';
export const BUDGETS = Array.from({ length: 16 }, (_, index) => `budget-${index}`);
const SOON_MS = 20_000;

/** Two real replicas, and a proxy of an example before them. */
export class BehindProxy {
  readonly folder = mkdtempSync(join(tmpdir(), 'behind-proxy-'));
  readonly token = newToken();
  private readonly outside = makeAuthority('authority of the proxy');
  private readonly inside = makeAuthority('authority of the replicas');
  readonly replicas: Service[] = [];
  grpcPort = 0;
  httpPort = 0;
  private proxy: ChildProcess | undefined;
  private said = '';
  private readonly clients: { close(): void }[] = [];

  /** Replicas that trust a proxy on 127.0.0.1, and files that the example names. */
  async start(): Promise<void> {
    const replica = issue(this.inside, { commonName: 'replica', dns: [INTERNAL] });
    const proxy = issue(this.outside, { commonName: 'proxy', dns: [PUBLIC] });
    const files = {
      ...{ 'server.pem': replica.cert, 'server.key': replica.key, 'replicas-ca.pem': this.inside.cert },
      ...{ 'proxy.pem': proxy.cert, 'proxy.key': proxy.key },
      'config.yaml': `tls: {cert: server.pem, key: server.key}
credentials: {tokens: [{name: all, sha256: ${this.token.sha256}, roles: [{role: operator, budgets: '*'}]}]}
budgets: {${BUDGETS.map((budget) => `${budget}: {}`).join(', ')}}
`,
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(this.folder, name), content);
    const env = { CONFIG_FILE: join(this.folder, 'config.yaml'), TRUSTED_PROXIES: '127.0.0.1' };
    for (const number of [1, 2]) {
      const data = join(this.folder, `data-${number}`);
      this.replicas.push(await startService({ env: { ...env, DATA_DIR: data } }));
    }
    [this.grpcPort, this.httpPort] = [await freePort(), await freePort()];
  }

  /** Writes the example as it is used here. */
  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Starts the proxy. Resolves when calls get through. */
  async serve(command: string, args: readonly string[]): Promise<void> {
    const proxy = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.proxy = proxy;
    for (const stream of [proxy.stdout, proxy.stderr])
      stream.on('data', (bytes: Buffer) => {
        this.said = (this.said + bytes.toString()).slice(-4_000);
      });
    const client = this.through();
    const answers = () => this.call(client, 'ListBudgets', {}).then(() => true);
    await untilTrue('calls get through', answers, SOON_MS).catch((error: unknown) => {
      throw new Error(`${command} said: ${this.said}`, { cause: error });
    });
  }

  through(): LoadedClients {
    return this.client(this.grpcPort, PUBLIC, this.outside.cert);
  }

  direct(replica: Service): LoadedClients {
    return this.client(Number(replica.grpcAddress.split(':').at(-1)), INTERNAL, this.inside.cert);
  }

  private client(port: number, name: string, authority: Buffer): LoadedClients {
    const named = { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
    const client = new LoadedClients(`127.0.0.1:${port}`, named, authority);
    this.clients.push(client);
    return client;
  }

  /** A session through the proxy, as the client packages have it. */
  async session(budgetId: string): Promise<SessionClient> {
    const named = { 'grpc.ssl_target_name_override': PUBLIC, 'grpc.default_authority': PUBLIC };
    const channel = credentials.createSsl(this.outside.cert);
    const client = new BudgetServiceClient(`127.0.0.1:${this.grpcPort}`, channel, named);
    this.clients.push(client);
    const session = new SessionClient(client, { token: this.token.token });
    await session.open({ budgetId });
    return session;
  }

  call<Answer>(client: LoadedClients, method: string, request: object, budget = ''): Promise<Answer> {
    const own = ['RecordUsage', 'GetDistribution'].includes(method);
    const headers = { authorization: `Bearer ${this.token.token}`, ...(budget && { 'budget-id': budget }) };
    return own
      ? client.call<Answer>(method, request, { headers })
      : client.admin<Answer>(method, request, { headers });
  }

  /** Calls of a budget that each replica has booked. */
  async booked(budget: string): Promise<number[]> {
    return Promise.all(
      this.replicas.map(async (replica) => {
        const client = this.direct(replica);
        const { distribution_stats: stats } = await this.call<{ distribution_stats: { calls: number } }>(
          client,
          'GetDistribution',
          { budget_id: budget },
        );
        client.close();
        return stats.calls;
      }),
    );
  }

  /** Shows a wrong token over gRPC, from another address of this machine, with a header that claims yet another. */
  async failOverGrpc(localAddress: string, claimed: string): Promise<void> {
    const ca = this.outside.cert;
    const socket = connectTls({
      ...{ host: '127.0.0.1', port: this.grpcPort, localAddress },
      ...{ ca, servername: PUBLIC, ALPNProtocols: ['h2'] },
    });
    const session = connectHttp2(`https://${PUBLIC}`, { createConnection: () => socket });
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/budgetarbiter.v1.BudgetAdminService/ListBudgets' },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
      ...{ authorization: 'Bearer wrong', 'x-forwarded-for': claimed },
    });
    stream.end(Buffer.alloc(5));
    stream.resume();
    await once(stream, 'close');
    session.close();
  }

  /** The status of a request over HTTP. */
  status(path: string, localAddress: string, headers: Record<string, string> = {}): Promise<number> {
    const options = {
      ...{ host: '127.0.0.1', port: this.httpPort, path, localAddress },
      ...{ ca: this.outside.cert, servername: PUBLIC, headers },
    };
    return new Promise((resolve, reject) => {
      request(options, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  }

  /** Addresses that replicas say of that they keep failing to authenticate. */
  failingPeers(): unknown[] {
    return this.replicas.flatMap(({ logs }) =>
      logs.filter(({ msg }) => String(msg).includes('keeps failing')).map(({ peer }) => peer),
    );
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    if (this.proxy !== undefined && this.proxy.exitCode === null) {
      this.proxy.kill('SIGTERM');
      await once(this.proxy, 'close');
    }
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function portOf(address: string): number {
  return Number(address.split(':').at(-1));
}

export function isThere(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}
