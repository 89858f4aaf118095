import { credentials, type ServiceError } from '@grpc/grpc-js';
import { BudgetAdminServiceClient } from '../../../src/gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceClient } from '../../../src/gen/budgetarbiter/v1/budget_service.js';
import { BadRequest, ErrorInfo, RetryInfo } from '../../../src/gen/google/rpc/error_details.js';
import { Status } from '../../../src/gen/google/rpc/status.js';
import { HealthClient } from '../../../src/gen/grpc/health/v1/health.js';
import { createGrpcServer, type GrpcServer, type GrpcServerOptions } from '../../../src/grpc/server.js';
import { collectedLog, type LogEntry } from '../../support/collected-log.js';
import { FakePort } from '../../support/fake-port.js';
import { READY_ANSWERS } from '../../support/ready-answers.js';

export interface Harness {
  readonly servicePort: FakePort;
  readonly server: GrpcServer;
  readonly port: number;
  readonly logged: LogEntry[];
  readonly budgets: BudgetServiceClient;
  readonly admin: BudgetAdminServiceClient;
  readonly health: HealthClient;
  stop(): void;
}

/** A real server with a fake service port behind it, and real clients. */
export async function startHarness(options: Partial<GrpcServerOptions> = {}): Promise<Harness> {
  const servicePort = new FakePort();
  const log = collectedLog();
  const server = createGrpcServer({
    address: '127.0.0.1:0',
    servicePort,
    log,
    ...READY_ANSWERS,
    ...options,
  });
  const port = await server.start();
  server.setServing(true);
  const target = [`127.0.0.1:${port}`, credentials.createInsecure()] as const;
  const clients = {
    budgets: new BudgetServiceClient(...target),
    admin: new BudgetAdminServiceClient(...target),
    health: new HealthClient(...target),
  };
  const stop = (): void => {
    for (const client of Object.values(clients)) client.close();
    server.stopNow();
  };
  return { servicePort, server, port, logged: log.entries, ...clients, stop };
}

/** What a call came to: its answer, or its error taken apart. */
export type Result<A> =
  | { readonly answer: A; readonly error?: never }
  | { readonly answer?: never; readonly error: Failed };

export interface Failed {
  readonly code: number;
  readonly message: string;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  readonly metadata: Record<string, string>;
  readonly violations: readonly { field: string; description: string }[];
  readonly retryAfterSeconds: number | undefined;
}

/** What is generated for a unary method. */
interface Generated<Q, A> {
  readonly path: string;
  readonly requestSerialize: (request: Q) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => A;
}

export function ask<Q, A>({ budgets }: Harness, method: Generated<Q, A>, request: Q): Promise<Result<A>> {
  return new Promise((resolve) => {
    budgets.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      (error, answer) => {
        if (error !== null) resolve({ error: failed(error) });
        else resolve({ answer: answer as A });
      },
    );
  });
}

/** The answer of a call that must succeed. */
export async function answerOf<Q, A>(harness: Harness, method: Generated<Q, A>, request: Q): Promise<A> {
  const { answer, error } = await ask(harness, method, request);
  if (error !== undefined) throw new Error(`the call failed: ${JSON.stringify(error)}`);
  return answer;
}

/** How a call fails that must fail. */
export async function failureOf<Q, A>(
  harness: Harness,
  method: Generated<Q, A>,
  request: Q,
): Promise<Failed> {
  const { answer, error } = await ask(harness, method, request);
  if (error === undefined) throw new Error(`the call succeeded: ${JSON.stringify(answer)}`);
  return error;
}

const asIs = (value: Buffer): Buffer => value;

/** Sends bytes of the test's own making. */
export function askBytes(harness: Harness, path: string, bytes: Uint8Array): Promise<Result<Buffer>> {
  return ask(harness, { path, requestSerialize: asIs, responseDeserialize: asIs }, Buffer.from(bytes));
}

export function failed(error: ServiceError): Failed {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const status = bytes === undefined ? undefined : Status.decode(bytes as Buffer);
  const detail = (type: string) =>
    status?.details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${type}`)?.value;
  const info = optionally(detail('ErrorInfo'), (value) => ErrorInfo.decode(value));
  return {
    code: error.code,
    message: error.details,
    reason: info?.reason,
    domain: info?.domain,
    metadata: info?.metadata ?? {},
    violations: optionally(detail('BadRequest'), (value) => BadRequest.decode(value))?.fieldViolations ?? [],
    retryAfterSeconds: optionally(detail('RetryInfo'), (value) => RetryInfo.decode(value))?.retryDelay
      ?.seconds,
  };
}

function optionally<T>(value: Buffer | undefined, decode: (value: Buffer) => T): T | undefined {
  return value === undefined ? undefined : decode(value);
}
