import { logVerbosity, Server, ServerCredentials, setLogVerbosity } from '@grpc/grpc-js';
import { listenFailure } from '../platform/listen-failure.js';
import { BUDGET_ADMIN_SERVICE } from './budget-admin-service.js';
import { BUDGET_SERVICE } from './budget-service.js';
import { Health } from './health.js';
import { OpenStreams } from './open-streams.js';
import { REFLECTION_SERVICES } from './reflection.js';
import { registerReflection, registerService } from './register.js';
import type { Services } from './service.js';

export interface GrpcServerOptions extends Services {
  /** `host:port`; port 0 takes a free one. */
  readonly address: string;
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

const OWN_SERVICES = ['budget.v1.BudgetService', 'budget.v1.BudgetAdminService'];
const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** Headers are bounded by Node's HTTP/2: 64 KiB and 128 of them. */
const LIMITS = {
  // The largest legal request is a policy that names 1,000 AIs and 500 models.
  'grpc.max_receive_message_length': 256 * 1024,
  // Of one connection. A waiting AcquireSlot is one of them.
  'grpc.max_concurrent_streams': 1_000,
  // A waiter whose machine has vanished leaves the queue within this time.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Its books cost about 10 us a call, and nobody reads them.
  'grpc.enable_channelz': 0,
};

export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  const server = new Server(LIMITS);
  const open = new OpenStreams();
  const health = new Health(OWN_SERVICES);
  registerService(server, BUDGET_SERVICE, options, open);
  registerService(server, BUDGET_ADMIN_SERVICE, options, open);
  registerService(server, health.methods(), options, open);
  registerReflection(server, [...OWN_SERVICES, HEALTH_SERVICE, ...REFLECTION_SERVICES], options, open);
  let bound: string | undefined;
  return {
    async start() {
      const port = await listen(server, options.address);
      bound = options.address.replace(/:0$/, `:${port}`);
      return port;
    },
    setServing: (serving) => health.setServing(serving),
    async drain(timeoutMs) {
      health.setServing(false);
      open.endAll();
      await shutDown(server, bound, timeoutMs);
    },
    stopNow() {
      cutOff(server, bound, 0);
      server.forceShutdown();
    },
  };
}

function listen(server: Server, address: string): Promise<number> {
  // What grpc-js would print about a failed bind is in the error, too.
  setLogVerbosity(logVerbosity.NONE);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, port) => {
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
