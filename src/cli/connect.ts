import { type ChannelCredentials, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Environment } from '../config/config.js';
import { BudgetAdminServiceClient } from '../gen/budgetarbiter/v1/budget_admin_service.js';
import { BudgetServiceClient } from '../gen/budgetarbiter/v1/budget_service.js';
import { StartError } from '../platform/start-error.js';
import type { ConnectionOptions } from './connection-options.js';
import { type ServiceAddress, serviceAddress } from './service-address.js';

const PATIENCE_MS = 10_000;

/** A connection to the running service. */
export interface Service {
  readonly target: string;
  readonly admin: BudgetAdminServiceClient;
  readonly metadata: Metadata;
  /** One call, which fails with a `StartError` for an operator. */
  call<Request, Response>(method: Unary<Request, Response>, request: Request): Promise<Response>;
  readonly budgets: BudgetServiceClient;
  close(): void;
}

type Unary<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** `wallMs` reads the time, for deadlines. */
export function connect(options: ConnectionOptions, environment: Environment, wallMs: () => number): Service {
  // grpc-js names the server by its address where it has no name, and Node warns an operator of that.
  process.noDeprecation = true;
  const address = serviceAddress(options, environment);
  const channel = channelCredentials(address);
  const name = address.tls?.serverName;
  const settings = {
    // A service that is started again is soon found again.
    'grpc.max_reconnect_backoff_ms': 2_000,
    ...(name && { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name }),
  };
  const admin = new BudgetAdminServiceClient(address.target, channel, settings);
  const budgets = new BudgetServiceClient(address.target, channel, settings);
  const metadata = new Metadata();
  if (address.token !== undefined) metadata.set('authorization', `Bearer ${address.token}`);
  return {
    ...{ target: address.target, admin, budgets, metadata },
    call: (method, request) =>
      new Promise((resolve, reject) => {
        method(request, metadata, { deadline: wallMs() + PATIENCE_MS }, (error, response) =>
          error === null ? resolve(response) : reject(failureOf(error, address.target)),
        );
      }),
    close: () => {
      admin.close();
      budgets.close();
    },
  };
}

function channelCredentials({ tls }: ServiceAddress): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { context, checkServerIdentity } = tls;
  return credentials.createFromSecureContext(context, checkServerIdentity ? { checkServerIdentity } : {});
}

/** What went wrong, and what to do. gRPC's message begins with the number and the name of its code. */
export function failureOf(error: ServiceError, target: string): StartError {
  const [, name = ''] = /^\d+ (\w+):/.exec(error.message) ?? [];
  return new StartError(`${adviceOf(name, target)}${error.details || name}`, 1, { cause: error });
}

function adviceOf(name: string, target: string): string {
  switch (name) {
    case 'UNAVAILABLE':
    case 'DEADLINE_EXCEEDED':
      return `the service at ${target} does not answer; is it running there, with or without TLS as asked (--address, --ca)? `;
    case 'UNAUTHENTICATED':
      return `the service at ${target} wants to know who asks (--token-file, or --cert and --key): `;
    default:
      return '';
  }
}
