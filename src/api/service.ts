import type { ServerUnaryCall } from '@grpc/grpc-js';
import type { Access } from '../access/access.js';
import type { ActionName } from '../access/audit-fields.js';
import type {
  Caller,
  DenialQuery,
  Denials,
  DistributionQuery,
  ServicePort,
  UsageQuery,
  UsageRows,
} from '../arbiter/service-port.js';
import type { Refused } from '../domain/model/outcomes.js';
import type { SessionRef } from '../domain/model/session-ref.js';
import type { DistributionStats } from '../domain/statistics/distribution.js';
import type { Ids } from '../platform/ids.js';
import type { Log } from '../platform/log.js';
import type { Scheduler } from '../platform/scheduler.js';
import type { SimulatePolicy } from '../replay/simulate-policy.js';
import type { DecodedMethod } from './codec/decode.js';
import type { Codec } from './codec/wire.js';
import type { Observing } from './observed-call.js';

/** What the handlers reach: the service port, and the questions that take more than one step behind it. */
export interface Services extends Observing {
  readonly servicePort: ServicePort;
  readonly getDistribution: (
    servicePort: ServicePort,
    budgetId: string,
    query: DistributionQuery,
    caller: Caller,
  ) => Promise<{ readonly stats: DistributionStats } | Refused>;
  readonly listUsage: (
    servicePort: ServicePort,
    budgetId: string,
    query: UsageQuery,
    caller: Caller,
  ) => Promise<UsageRows | Refused>;
  readonly listDenials: (
    servicePort: ServicePort,
    budgetId: string,
    query: DenialQuery,
    caller: Caller,
  ) => Promise<Denials | Refused>;
  readonly simulatePolicy: SimulatePolicy;
  readonly ids: Ids;
  readonly log: Log;
  /** Who may do what. Absent: no credentials are configured, and everybody may do everything. */
  readonly access?: Access | undefined;
  /** How the log names the caller. Absent: nobody is known by name. */
  readonly who?: string | undefined;
  /** How long what the caller showed is still good; 0 or less when it is not. Absent where it has no end. */
  readonly validForMs?: (() => number) | undefined;
  /** The session that a call belongs to; absent for a call of its own. */
  readonly session?: SessionRef | undefined;
  /** Another time than that of production, for tests. */
  readonly scheduler?: Scheduler | undefined;
}

/** What every kind of call can tell of its caller. */
export type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getAuthContext' | 'getPeer'>;

/** What a call finds behind the entrance: the services as its principal may use them. */
export type Entrance = (call: AnyCall) => Services | Promise<Services>;

export type UnaryHandler<Q, A> = (request: Q, caller: Caller, services: Services) => Promise<A>;

/** A call whose answers are many. */
export interface AnswerStream<A> extends Caller {
  /** Sends one answer; `sent` is called when the client's connection has taken it. */
  send(answer: A, sent: () => void): void;
  /** Ends the stream with an error, after what was sent before. */
  fail(error: unknown): void;
}

/** Starts the answers; they go on until the caller goes. */
export type StreamHandler<Q, A> = (request: Q, stream: AnswerStream<A>, services: Services) => Promise<void>;

export interface UnaryMethod<Q, A> extends DecodedMethod<Q> {
  readonly response: Codec<A>;
  readonly answer: UnaryHandler<Q, A>;
  /** An operator changes something by it: what the audit calls that. */
  readonly action?: ActionName;
}

export interface StreamMethod<Q, A> extends DecodedMethod<Q> {
  readonly response: Codec<A>;
  readonly stream: StreamHandler<Q, A>;
}

/** The method whose client and server both send many messages: who serves the protocol does the reading and writing. */
export interface SessionMethod {
  readonly path: string;
  readonly session: true;
}

/** A method whose types no longer matter: it is only registered. */
// biome-ignore lint/suspicious/noExplicitAny: methods of different types stand in one table
export type Method = UnaryMethod<any, any> | StreamMethod<any, any> | SessionMethod;

/** Part of what is generated for a method. */
interface Generated {
  readonly path: string;
}

export function unary<Q, A>(
  { path }: Generated,
  request: Codec<Q>,
  response: Codec<A>,
  answer: UnaryHandler<Q, A>,
  action?: ActionName,
): UnaryMethod<Q, A> {
  return { path, request, response, answer, ...(action === undefined ? {} : { action }) };
}

export function serverStream<Q, A>(
  { path }: Generated,
  request: Codec<Q>,
  response: Codec<A>,
  stream: StreamHandler<Q, A>,
): StreamMethod<Q, A> {
  return { path, request, response, stream };
}
