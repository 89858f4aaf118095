import { type experimental, logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { PERMISSIONS } from '../access/permissions.js';
import { BUDGET_ADMIN_SERVICE } from '../api/budget-admin-service.js';
import { BUDGET_SERVICE } from '../api/budget-service.js';
import { audited } from '../api/entrance.js';
import type { Services } from '../api/service.js';
import { listenFailure } from '../platform/start-error.js';
import type { TlsFiles, TlsMaterial } from '../platform/tls-files.js';
import { Gate, type GateOptions } from './gate/gate.js';
import { credentialsBy, http2ServersOf } from './grpc-js-internals.js';
import { Health } from './health.js';
import { OpenStreams } from './open-streams.js';
import { REFLECTION_SERVICES } from './reflection/reflection.js';
import { registerReflection, registerService } from './register.js';
import { MOST_MESSAGE_BYTES } from './session/session-messages.js';

export interface GrpcServerOptions extends Services {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
  /** Absent: without TLS. */
  readonly tls?: TlsFiles | undefined;
  /** How long a connection lasts, a tenth more or less; absent or 0: as long as its client likes. */
  readonly maxConnectionAgeMs?: number | undefined;
  /** Other bounds and another time than those of production, for tests. */
  readonly gate?: Pick<GateOptions, 'limits' | 'scheduler'>;
}

export interface GrpcServer {
  /** Listens. Resolves to the port; rejects with an error that names the address. */
  start(): Promise<number>;
  /** What health checks answer. Not serving at first. */
  setServing(serving: boolean): void;
  /** Takes no new calls, ends the streams, lets the calls under way be answered, and cuts off what is left after the time. */
  drain(timeoutMs: number): Promise<void>;
  /** Cuts off every call. In the middle of a drain it leaves what is under way to the drain's time. */
  stopNow(): void;
}

const OWN_SERVICES = ['budgetarbiter.v1.BudgetService', 'budgetarbiter.v1.BudgetAdminService'];
const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** Calls and connections are bounded by the gate; headers by it and by Node's HTTP/2, which takes 128 of them. */
const LIMITS = {
  // The largest legal request is a policy that names 250 AIs and 100 models.
  'grpc.max_receive_message_length': MOST_MESSAGE_BYTES,
  // A machine that has vanished is found within 10 s, the sum of them and a little: its session breaks, its waiters leave.
  'grpc.keepalive_time_ms': 4_000,
  'grpc.keepalive_timeout_ms': 4_000,
  // Its books cost about 10 us a call, and nobody reads them.
  'grpc.enable_channelz': 0,
};

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const server = new Server(LIMITS);
  const open = new OpenStreams();
  const health = new Health(OWN_SERVICES);
  registerService(server, BUDGET_SERVICE, PERMISSIONS.BudgetService, options, open);
  registerService(server, BUDGET_ADMIN_SERVICE, PERMISSIONS.BudgetAdminService, audited(options), open);
  // Probes come every few seconds: their traces would be most of all traces.
  registerService(server, health.methods(), 'open', { ...options, tracing: undefined }, open);
  registerReflection(server, [...OWN_SERVICES, HEALTH_SERVICE, ...REFLECTION_SERVICES], options, open);
  const reflection = REFLECTION_SERVICES.map((service) => `/${service}/ServerReflectionInfo`);
  const conversations = [...reflection, BUDGET_SERVICE.session.path];
  const { addresses, log, maxConnectionAgeMs = 0 } = options;
  const gate = new Gate({
    ...{ ...options.gate, conversations, addresses, log, onRefused: () => options.observer?.refused() },
    limits: { ageSeconds: maxConnectionAgeMs / 1_000, ...options.gate?.limits },
  });
  let bound: string | undefined;
  return {
    async start() {
      const port = await listen(server, options.address, serverCredentials(options.tls));
      for (const http2Server of http2ServersOf(server)) gate.guard(http2Server);
      bound = options.address.replace(/:0$/, `:${port}`);
      return port;
    },
    setServing: (serving) => health.setServing(serving),
    async drain(timeoutMs) {
      health.setServing(false);
      open.endAll();
      await shutDown(server, bound, timeoutMs);
      gate.stop();
    },
    stopNow() {
      gate.stop();
      cutOff(server, bound, 0);
      server.forceShutdown();
    },
  };
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  // What grpc-js would print about a failed bind is in the error, too.
  setLogVerbosity(logVerbosity.NONE);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (cause, port) => {
      if (cause === null) resolve(port);
      else reject(listenFailure('GRPC_ADDRESS', address, withCode(cause)));
    });
  });
}

/** grpc-js passes on the system's error as text only. */
function withCode(cause: Error): Error & { code?: string } {
  const [code] = /\bE[A-Z_]{4,}\b/.exec(cause.message) ?? [];
  return code === undefined ? cause : Object.assign(cause, { code });
}

/** Resolves when the last connection has closed. */
function shutDown(server: Server, bound: string | undefined, timeoutMs: number): Promise<void> {
  cutOff(server, bound, timeoutMs);
  return new Promise((resolve) => server.tryShutdown(() => resolve()));
}

/** Says goodbye to every connection, and breaks it after the time. `forceShutdown` knows of none while channelz is off. */
function cutOff(server: Server, bound: string | undefined, graceMs: number): void {
  if (bound !== undefined) server.drain(bound, graceMs);
}

type Provider = experimental.CertificateProvider;

/** How the server shows itself and what it asks of clients: nothing without TLS files. */
function serverCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const provider = new FileProvider(tls);
  // A client may show a certificate, or a token instead: who shows neither is turned away by the entrance.
  return credentialsBy(provider, tls.asksClients);
}

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/** Hands the current files to grpc-js, and new ones when they change; connections that are open stay as they are. */
class FileProvider implements Provider {
  private readonly stops = new Map<CaListener | IdentityListener, () => void>();

  constructor(private readonly tls: TlsFiles) {}

  addCaCertificateListener(listener: CaListener): void {
    this.add(listener, ({ clientCa }) =>
      listener(clientCa === undefined ? null : { caCertificate: clientCa }),
    );
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.add(listener, ({ cert, key }) => listener({ certificate: cert, privateKey: key }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.stops.get(listener)?.();
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.stops.get(listener)?.();
  }

  /** Not at once: grpc-js puts its server on the list only after this returns. */
  private add(listener: CaListener | IdentityListener, tell: (material: TlsMaterial) => void): void {
    this.stops.set(listener, this.tls.onChange(tell));
    queueMicrotask(() => tell(this.tls.current));
  }
}
